"""Slides are written by blocks as if they had been written whole."""

import numpy as np
import pytest
import tifffile

from dirv_tf import io
from dirv_tf.io.slide_blocks import SlideLayout
from dirv_tf.io.slide_files import write_slide

TILE = 16


def written(path, pixels, compression="deflate", **options):
    layout = SlideLayout(pixels.shape[:2], pixels.dtype, pixels.shape[2] if pixels.ndim > 2 else 0, compression, TILE)

    def make(start, size):
        assert max(size) <= layout.block
        return pixels[start[0] : start[0] + size[0], start[1] : start[1] + size[1]]

    return write_slide(path, layout, make, {"by": "test"}, **options)


def levels_of(path):
    with tifffile.TiffFile(path) as tiff:
        assert len(tiff.series) == 1 and all(level.keyframe.is_tiled for level in tiff.series[0].levels)
        return [level.asarray() for level in tiff.series[0].levels]


def mean_of_four(pixels):
    """By sums over the image, its last row and column doubled where a side is odd."""
    odd = [(0, side % 2) for side in pixels.shape[:2]] + [(0, 0)] * (pixels.ndim - 2)
    doubled = np.pad(pixels.astype(np.float64), odd, mode="edge")
    summed = np.add.reduceat(np.add.reduceat(doubled, np.arange(0, doubled.shape[0], 2), 0),
                             np.arange(0, doubled.shape[1], 2), 1)  # fmt: skip
    return summed / 4


@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif"])
@pytest.mark.parametrize(
    "shape, dtype",
    [((200, 131, 3), "u1"), ((129, 64), "u2"), ((65, 193, 4), "u1"), ((130, 129), "f4"), ((97, 70), "i2")],
)
def test_pixels_levels_and_pixel_size(tmp_path, rng, name, shape, dtype):
    pixels = (rng.random(shape) * 250 - (100 if dtype == "i2" else 0)).astype(dtype)
    geometry = io.ImageGeometry.from_pixel_size((2.5e-4, 5e-4))
    said = written(tmp_path / name, pixels, geometry=geometry)
    levels = levels_of(tmp_path / name)
    assert [level.shape[:2] for level in levels] == list(said.sizes) and max(said.sizes[-1]) <= 2 * TILE
    np.testing.assert_array_equal(levels[0], pixels)
    for finer, coarser in zip(levels, levels[1:]):
        assert coarser.dtype == pixels.dtype
        np.testing.assert_allclose(coarser, mean_of_four(finer), atol=0.5 if dtype[0] in "ui" else 1e-4)
    image = io.load_image(tmp_path / name)
    np.testing.assert_array_equal(image.pixels, pixels)
    assert image.geometry.pixel_size == pytest.approx((2.5e-4, 5e-4), rel=1e-6) and image.notes == ()
    assert [level.step for level in io.slide_levels(tmp_path / name)] == [(2**n, 2**n) for n in range(len(levels))]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_levels_of_labels_have_no_other_labels(tmp_path, rng):
    labels = (100 * rng.integers(0, 3, (90, 77))).astype(np.uint16)
    written(tmp_path / "a.tif", labels, labels=True)
    for number, level in enumerate(levels_of(tmp_path / "a.tif")):
        np.testing.assert_array_equal(level, labels[:: 2**number, :: 2**number])


@pytest.mark.parametrize("shape", [(150, 133, 3), (150, 133)])
def test_jpeg_is_near_and_smaller(tmp_path, shape):
    rows, columns = np.indices(shape[:2])
    pixels = (120 + 60 * np.sin(rows / 20) + 50 * np.cos(columns / 15)).astype(np.uint8)
    pixels = pixels if len(shape) == 2 else np.stack([pixels, pixels // 2, 255 - pixels], axis=-1)
    written(tmp_path / "a.tif", pixels, "jpeg")
    written(tmp_path / "b.tif", pixels)
    levels = levels_of(tmp_path / "a.tif")
    assert np.abs(levels[0].astype(int) - pixels).mean() < 3 and levels[0].shape == shape
    assert np.abs(levels[1].astype(int) - mean_of_four(pixels)).mean() < 4
    np.testing.assert_array_equal(io.load_image(tmp_path / "a.tif").pixels, levels[0])


@pytest.mark.parametrize(
    "name, dtype, channels, compression, tile, message",
    [
        ("a.png", "u1", 0, "deflate", 16, "ends with .tif, .tiff"),
        ("a.tif", "u2", 0, "jpeg", 16, 'Expected pixels of 8 bits.*choose "deflate". Received: dtype=uint16'),
        ("a.tif", "u1", 4, "jpeg", 16, 'Expected pixels of 8 bits.*choose "deflate". Received: dtype=uint8, channels=4'),
        ("a.tif", "u1", 0, "zip", 16, "`compression` must be .*deflate"),
        ("a.tif", "u1", 0, "deflate", 100, "`tile` must be a multiple of 16 from 16 to 2048. Received: tile=100"),
        ("a.ome.tif", "f2", 0, "deflate", 16, "in an OME-TIFF; choose a name without .ome. Received: dtype=float16"),
    ],
)
def test_what_cannot_be_written_is_an_error(tmp_path, name, dtype, channels, compression, tile, message):
    layout = SlideLayout((40, 40), np.dtype(dtype), channels, compression, tile)
    with pytest.raises(ValueError, match=message):
        write_slide(tmp_path / name, layout, None, {})
    assert not list(tmp_path.iterdir())
