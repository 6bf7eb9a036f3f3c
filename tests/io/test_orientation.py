"""Images that are stored turned or mirrored are read upright; Pillow, which turns them its own way, is the judge."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from dirv_tf import io
from dirv_tf.io.image_regions import image_size, read_region

ORIENTATIONS = range(1, 9)
# A bright corner and a bright edge, which no turning and no mirroring leaves as they are.
SCENE = np.zeros((24, 40), np.uint8)
SCENE[:8, :8], SCENE[:, 36:] = 255, 120


def exif(orientation):
    data = Image.Exif()
    data[0x0112] = orientation
    return data


def stored_as(upright, orientation):
    """What a camera stores that is held in a certain way: found by trying all eight with Pillow."""
    for sides in (upright.shape, upright.shape[::-1]):
        for flips in ((), (0,), (1,), (0, 1)):
            candidate = np.flip(upright if sides == upright.shape else upright.T, flips)
            image = Image.fromarray(np.ascontiguousarray(candidate))
            image.getexif()[0x0112] = orientation
            if np.array_equal(np.asarray(ImageOps.exif_transpose(image)), upright):
                return np.ascontiguousarray(candidate)
    raise AssertionError


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("name, options", [("a.png", {}), ("a.webp", {"lossless": True}), ("a.jpg", {"quality": 100})])
def test_a_picture_is_read_upright(tmp_path, name, options, orientation):
    Image.fromarray(stored_as(SCENE, orientation)).save(tmp_path / name, exif=exif(orientation), **options)
    image = io.load_image(tmp_path / name)
    pixels = image.pixels[..., 0] if image.is_color else image.pixels
    np.testing.assert_allclose(pixels.astype(int), SCENE, atol=3)
    noted = f"turned upright by its EXIF orientation ({orientation})"
    assert image.notes == ((noted,) if orientation > 1 else ())
    assert image_size(tmp_path / name) == SCENE.shape
    part, _ = read_region(tmp_path / name, (3, 30), (5, 9))
    np.testing.assert_array_equal(part, image.pixels[3:8, 30:39])


def test_a_photograph_in_color_stands_as_pillow_turns_it(tmp_path, rng):
    colors = np.kron(rng.integers(0, 255, (3, 5, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    Image.fromarray(colors).save(tmp_path / "a.jpg", exif=exif(6))
    with Image.open(tmp_path / "a.jpg") as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert expected.shape == (40, 24, 3)
    np.testing.assert_array_equal(io.read_image(tmp_path / "a.jpg"), expected)


LAYOUTS = [{}, {"tile": (16, 16), "compression": "zlib"}, {"rowsperstrip": 5, "compression": "lzw"}]


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_tiff_is_read_upright_whole_and_in_parts(tmp_path, orientation):
    path = tmp_path / "a.tif"
    for layout in LAYOUTS:
        tifffile.imwrite(
            path, stored_as(SCENE, orientation), extratags=[(274, 3, 1, orientation, True)], resolution=(100, 50),
            resolutionunit="CENTIMETER", **layout,
        )
        image = io.load_image(path)
        np.testing.assert_array_equal(image.pixels, SCENE)
        if layout:  # what is not compressed, Pillow 13 maps into memory before it turns it
            with Image.open(path) as judge:
                judge.load()
                np.testing.assert_array_equal(np.asarray(judge), SCENE)
        # Stored columns are 0.1 mm apart, stored rows 0.2 mm.
        assert image.geometry.pixel_size == pytest.approx((0.2, 0.1) if orientation < 5 else (0.1, 0.2))
        noted = f"turned upright by its TIFF orientation tag ({orientation})"
        assert image.notes == ((noted,) if orientation > 1 else ())
        assert image_size(path) == SCENE.shape
        for start, size in (((0, 0), (24, 40)), ((3, 30), (5, 9)), ((17, 0), (7, 2))):
            part, _ = read_region(path, start, size)
            np.testing.assert_array_equal(part, SCENE[start[0] : start[0] + size[0], start[1] : start[1] + size[1]])


@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_colors_and_pages_are_turned_alike(tmp_path, rng, planes):
    colors = rng.integers(0, 255, (6, 9, 3)).astype(np.uint8)
    stored = colors if planes == "contig" else np.moveaxis(colors, -1, 0)
    tag = [(274, 3, 1, 8, True)]
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planes, extratags=tag)
    expected = np.rot90(colors)
    np.testing.assert_array_equal(io.read_image(tmp_path / "a.tif"), expected)
    np.testing.assert_array_equal(read_region(tmp_path / "a.tif", (2, 1), (4, 5))[0], expected[2:6, 1:6])
    volume = rng.integers(0, 255, (4, 6, 9)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "b.tif", volume, photometric="minisblack", extratags=tag)
    np.testing.assert_array_equal(io.read_image(tmp_path / "b.tif"), np.rot90(volume, axes=(1, 2)))
