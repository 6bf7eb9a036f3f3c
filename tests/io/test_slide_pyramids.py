"""Levels of slides: which there are, how their pixels lie on those of full resolution, and reading one."""

import random
import re

import numpy as np
import pytest
import tifffile
from PIL import Image

from dirv_tf import io
from dirv_tf.io import reduced_reading, slide_pyramids
from dirv_tf.io.image_regions import read_region
from dirv_tf.io.slide_pyramids import full_geometry, level_step
from dirv_tf.io.tiff_regions import tiff_size

CENTIMETER = {"resolution": (20000, 10000), "resolutionunit": "CENTIMETER"}  # 0.5 and 1 micrometers per pixel


@pytest.fixture
def pixels(rng):
    return rng.integers(0, 255, (150, 101, 3)).astype(np.uint8)


@pytest.mark.parametrize("subifds", [True, False])
def test_the_levels_of_a_slide(tmp_path, write_pyramid, pixels, subifds):
    levels = io.slide_levels(write_pyramid(tmp_path / "a.tif", pixels, subifds=subifds))
    assert [level.number for level in levels] == [0, 1, 2]
    assert [level.size for level in levels] == [(150, 101), (75, 51), (38, 26)]
    assert [level.step for level in levels] == [(1, 1), (2, 2), (4, 4)]
    assert {level.full_size for level in levels} == {(150, 101)}


def test_a_level_is_read_with_its_place_in_the_world(tmp_path, write_pyramid, pixels):
    path = write_pyramid(tmp_path / "a.tif", pixels, **CENTIMETER)
    full, coarse = io.load_image(path), io.load_image(path, level=2)
    assert (full.level, coarse.level) == io.slide_levels(path)[::2]
    np.testing.assert_array_equal(coarse.pixels, pixels[::4, ::4])
    assert coarse.geometry.pixel_size == pytest.approx((0.004, 0.002))
    # The first pixel of the level covers the first four of full resolution.
    np.testing.assert_allclose(coarse.geometry.to_world((0, 0)), full.geometry.to_world((1.5, 1.5)), atol=1e-12)
    assert full_geometry(coarse.geometry, coarse.level).is_close(full.geometry, 1e-9)
    assert io.slide_geometry(path).is_close(full.geometry, 1e-9)


def test_a_channel_of_a_level(tmp_path, rng):
    planes = rng.integers(0, 60000, (3, 64, 48)).astype(np.uint16)
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as writer:
        options = {"tile": (16, 16), "photometric": "minisblack"}
        writer.write(planes, subifds=1, metadata={"axes": "CYX", "Channel": {"Name": ["a", "b", "c"]}}, **options)
        writer.write(np.ascontiguousarray(planes[:, ::2, ::2]), subfiletype=1, **options)
    image = io.load_image(tmp_path / "a.ome.tif", channel="b", level=1)
    np.testing.assert_array_equal(image.pixels, planes[1, ::2, ::2])
    assert image.notes == ("channel 1 (b) of 3 was taken",) and image.level.step == (2, 2)


def test_a_slide_that_is_stored_sideways(tmp_path, write_pyramid, pixels):
    path = write_pyramid(tmp_path / "a.tif", pixels, extratags=[(274, 3, 1, 6, True)], **CENTIMETER)
    assert [level.size for level in io.slide_levels(path)] == [(101, 150), (51, 75), (26, 38)]
    assert io.slide_geometry(path).pixel_size == pytest.approx(io.load_image(path).geometry.pixel_size)
    assert io.load_image(path, level=1).pixels.shape == (51, 75, 3)


def test_points_go_to_full_resolution_and_back():
    level = io.SlideLevel(2, (50, 40), (200, 200), (4.0, 5.0))
    # The mean of pixels 8 to 11 along the rows, and 15 to 19 along the columns.
    np.testing.assert_allclose(level.to_full([2.0, 3.0]), [9.5, 17.0])
    np.testing.assert_allclose(level.from_full(level.to_full([[2.25, 3.5], [0, 0]])), [[2.25, 3.5], [0, 0]])


@pytest.mark.parametrize(
    "full, size, step",
    [
        ((1501, 1480), (751, 740), (2, 2)),
        ((1501, 1480), (750, 740), (2, 2)),
        ((1501, 1480), (93, 92), (16, 16)),
        ((1000, 900), (400, 360), (2.5, 2.5)),
        ((1000, 1000), (250, 500), (4, 2)),
    ],
)
def test_steps_of_halved_and_other_sizes(full, size, step):
    assert level_step(full, size) == step


@pytest.mark.parametrize("changes", [{"size": (60, 40)}, {"step": (4.0, 0.0)}, {"number": -1}, {"size": (50, 40, 1)}])
def test_a_level_that_cannot_be(changes):
    values = {"number": 2, "size": (50, 40), "full_size": (200, 200), "step": (4.0, 5.0), **changes}
    with pytest.raises(ValueError, match="whose size times its step is the full size. Received: SlideLevel"):
        io.SlideLevel(**values)


def test_other_images_have_no_levels_but_their_own(tmp_path, rng):
    io.write_image(tmp_path / "a.png", rng.integers(0, 255, (20, 30)).astype(np.uint8))
    io.write_image(tmp_path / "a.tif", rng.integers(0, 255, (20, 30)).astype(np.uint8))
    io.write_image(tmp_path / "volume.tif", rng.integers(0, 255, (4, 20, 30)).astype(np.uint8))
    assert io.slide_levels(tmp_path / "a.png") == io.slide_levels(tmp_path / "volume.tif") == ()
    assert [level.size for level in io.slide_levels(tmp_path / "a.tif")] == [(20, 30)]
    assert all(io.load_image(tmp_path / name).level is None for name in ("a.png", "a.tif", "volume.tif"))
    for name, level in (("a.png", 1), ("a.tif", 1), ("volume.tif", 2)):
        with pytest.raises(ValueError, match=rf"Expected a level of the image, by level= or --level: 0.*level={level}"):
            io.load_image(tmp_path / name, level=level)
    with pytest.raises(FileNotFoundError, match="Expected an image file"):
        io.slide_levels(tmp_path / "none.tif")


@pytest.mark.parametrize("level", [3, -1, 1.5, True, "1"])
def test_a_level_that_is_not_there(tmp_path, write_pyramid, pixels, level):
    path = write_pyramid(tmp_path / "a.tif", pixels)
    with pytest.raises(ValueError, match=r"0 \(150 x 101\); 1 \(75 x 51\); 2 \(38 x 26\). Received: level="):
        io.load_image(path, level=level)


def test_a_field_keeps_its_levels(tmp_path):
    level = io.SlideLevel(2, (50, 40), (200, 200), (4.0, 5.0))
    io.write_flow_field(tmp_path / "a.npz", np.zeros((50, 40, 2)), moving_size=(6, 5), levels=(level, None))
    assert io.read_flow_field(tmp_path / "a.npz").levels == (level, None)
    io.write_flow_field(tmp_path / "b.npz", np.zeros((50, 40, 2)))
    assert io.read_flow_field(tmp_path / "b.npz").levels == (None, None)
    with pytest.raises(ValueError, match="Expected a level of the moving image's size"):
        io.write_flow_field(tmp_path / "c.npz", np.zeros((50, 40, 2)), moving_size=(6, 5), levels=(level, level))


def test_a_field_with_levels_that_cannot_be_is_an_error(tmp_path):
    level = io.SlideLevel(2, (50, 40), (200, 200), (4.0, 5.0))
    io.write_flow_field(tmp_path / "a.npz", np.zeros((50, 40, 2)), levels=(level, level))
    arrays = dict(np.load(tmp_path / "a.npz"))
    for change in ({"fixed_full_size": [10, 10]}, {"moving_level_step": [np.nan, 1.0]}, {"moving_full_size": [200]}):
        np.savez(tmp_path / "b.npz", **{**arrays, **change})
        with pytest.raises(io.UnreadableFileError, match="b.npz"):
            io.read_flow_field(tmp_path / "b.npz")
    del arrays["fixed_level_step"]
    np.savez(tmp_path / "b.npz", **arrays)
    with pytest.raises(io.UnreadableFileError, match="b.npz"):
        io.read_flow_field(tmp_path / "b.npz")


def test_a_slide_of_aperio(tmp_path, pixels):
    path = tmp_path / "a.svs"
    about = "Aperio Image Library v11\r\n101x150 (32x32) JPEG Q=90|AppMag = 40|MPP = 0.2520|Filename = 7"
    options = {"photometric": "rgb", "metadata": None, "compression": "jpeg"}
    with tifffile.TiffWriter(path) as writer:
        writer.write(pixels, description=about, tile=(32, 32), **options)
        writer.write(pixels[::8, ::8].copy(), description="Aperio thumbnail", rowsperstrip=8, **options)
        writer.write(pixels[::4, ::4].copy(), description="Aperio level", tile=(32, 32), **options)
        writer.write(pixels[:50, :40].copy(), description="Aperio label", subfiletype=1, rowsperstrip=8, **options)
    assert [(level.size, level.step) for level in io.slide_levels(path)] == [((150, 101), (1, 1)), ((38, 26), (4, 4))]
    assert io.slide_geometry(path).pixel_size == pytest.approx((2.52e-4, 2.52e-4))
    coarse = io.load_image(path, level=1)
    assert coarse.pixels.shape == (38, 26, 3) and coarse.geometry.pixel_size == pytest.approx((1.008e-3, 1.008e-3))
    part, _ = read_region(path, (60, 40), (50, 30))
    np.testing.assert_array_equal(part, io.load_image(path).pixels[60:110, 40:70])
    with pytest.raises(ValueError, match="ends with .tif, .tiff"):
        io.write_image(tmp_path / "b.svs", pixels)


@pytest.mark.parametrize("dtype, channels", [("u1", 3), ("u2", 0), ("f4", 0), ("?", 0)])
def test_levels_of_a_very_large_image_are_made_as_they_are_read(tmp_path, rng, monkeypatch, dtype, channels):
    monkeypatch.setattr(slide_pyramids, "VERY_LARGE", 10_000)
    monkeypatch.setattr(slide_pyramids, "_COARSEST", 40)
    monkeypatch.setattr(reduced_reading, "_BAND_PIXELS", 1500)
    pixels = rng.integers(0, 2 if dtype == "?" else 250, (150, 101, *[channels] * (channels > 0))).astype(dtype)
    options = {"photometric": "rgb" if channels else "minisblack", "tile": (16, 16), "compression": "zlib"}
    tifffile.imwrite(tmp_path / "a.tif", pixels, metadata=None, **options, **CENTIMETER)
    levels = io.slide_levels(tmp_path / "a.tif")
    assert [level.size for level in levels] == [(150, 101), (75, 51), (38, 26)]
    assert [level.is_stored for level in levels] == [True, False, False]
    image = io.load_image(tmp_path / "a.tif", level=2)
    # Of whole blocks; those at the border are of fewer pixels.
    values = pixels.astype(float) * (255 if dtype == "?" else 1)
    blocks = values[:148, :100].reshape(37, 4, 25, 4, *values.shape[2:]).mean((1, 3))
    np.testing.assert_allclose(image.pixels[:37, :25], blocks, atol=1e-3 if dtype == "f4" else 0.5)
    np.testing.assert_allclose(image.pixels[37, 25], values[148:, 100:].mean((0, 1)), atol=0.5)
    assert image.pixels.dtype == ("u1" if dtype == "?" else dtype) and image.is_color == (channels > 0)
    assert image.geometry.is_close(levels[2].geometry(io.load_image(tmp_path / "a.tif").geometry), 1e-9)
    if channels:
        green = io.load_image(tmp_path / "a.tif", channel="green", level=2)
        np.testing.assert_array_equal(green.pixels, image.pixels[..., 1])
        assert green.notes == ("channel 1 (green) of 3 was taken",)


@pytest.fixture
def large(monkeypatch):
    """Images of more than 5000 pixels count as very large."""
    monkeypatch.setattr(slide_pyramids, "VERY_LARGE", 5000)
    monkeypatch.setattr(slide_pyramids, "_COARSEST", 40)


def test_a_channel_of_a_very_large_image(tmp_path, rng, large):
    planes = rng.integers(0, 60000, (3, 80, 96)).astype(np.uint16)
    metadata = {"axes": "CYX", "Channel": {"Name": ["a", "b", "c"]}}
    tifffile.imwrite(tmp_path / "a.ome.tif", planes, photometric="minisblack", metadata=metadata)
    assert [level.size for level in io.slide_levels(tmp_path / "a.ome.tif")] == [(80, 96), (40, 48), (20, 24)]
    image = io.load_image(tmp_path / "a.ome.tif", channel="b", level=1)
    np.testing.assert_allclose(image.pixels, planes[1].reshape(40, 2, 48, 2).mean((1, 3)), atol=0.5)
    assert image.notes == ("channel 1 (b) of 3 was taken",)
    with pytest.raises(io.UnreadableFileError, match=r"one channel.*0 \(a\), 1 \(b\), 2 \(c\). Received: no channel"):
        io.load_image(tmp_path / "a.ome.tif", level=1)


def test_notes_on_the_pixels_of_a_very_large_image(tmp_path, rng, large):
    pixels = rng.integers(0, 256, (80, 96)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="miniswhite", metadata=None)
    whole, coarse = (io.load_image(tmp_path / "a.tif", level=level) for level in (0, 1))
    assert coarse.notes == whole.notes == ("inverted, since it is stored with white as 0 (MinIsWhite)",)
    np.testing.assert_allclose(coarse.pixels, whole.pixels.reshape(40, 2, 48, 2).mean((1, 3)), atol=0.5)
    for wrong in ({"channel": 7}, {"time": 1}):
        with pytest.raises(io.UnreadableFileError, match="Received: (channel|time)="):
            io.load_image(tmp_path / "a.tif", level=1, **wrong)


def test_what_cannot_be_read_in_parts_has_no_levels_that_are_made(tmp_path, rng, large, monkeypatch):
    pixels = rng.integers(0, 2, (2, 80, 96)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "times.ome.tif", pixels, photometric="minisblack", metadata={"axes": "TYX"})
    Image.fromarray(pixels[0].astype(bool)).save(tmp_path / "fax.tif", compression="group4")
    tifffile.imwrite(tmp_path / "strip.tif", pixels[0], compression="zlib", rowsperstrip=80)
    monkeypatch.setattr("dirv_tf.io.tiff_regions.MOST_BYTES_AT_ONCE", 80 * 96 - 1)
    for name, time in (("times.ome.tif", 1), ("fax.tif", None), ("strip.tif", None)):
        assert [level.size for level in io.slide_levels(tmp_path / name)] == [(80, 96)]
        np.testing.assert_array_equal(io.load_image(tmp_path / name, time=time).pixels, pixels[int(time or 0)])


@pytest.mark.parametrize("side", [0, 1000])
def test_a_level_that_does_not_fit_is_left_out(tmp_path, write_pyramid, pixels, side):
    path = write_pyramid(tmp_path / "a.ome.tif", pixels, metadata={"axes": "YXS"})
    with tifffile.TiffFile(path) as tiff:
        entry = tiff.series[0].levels[2].keyframe.tags["ImageLength"]
        place, order = entry.valueoffset, tiff.byteorder
    content = bytearray(path.read_bytes())
    content[place : place + 2] = side.to_bytes(2, "little" if order == "<" else "big")
    path.write_bytes(content)
    assert [level.size for level in io.slide_levels(path)] == [(150, 101), (75, 51)]
    np.testing.assert_array_equal(io.load_image(path).pixels, pixels)


def test_a_damaged_slide_is_an_error_that_is_documented(tmp_path, write_pyramid, pixels):
    content = write_pyramid(tmp_path / "a.tif", pixels, subifds=False).read_bytes()
    chance, refused = random.Random(5), 0
    # Bits per sample stand in the middle of what most depends on, in the directory of every level.
    places = [match.start() for match in re.finditer(rb"\x02\x01\x03\x00", content)]
    for _ in range(60):
        damaged = bytearray(content)
        damaged[chance.choice(places) + chance.randrange(-24, 72)] = chance.randrange(256)
        (tmp_path / "b.tif").write_bytes(damaged)
        for read in (io.slide_levels, io.slide_geometry, lambda path: io.load_image(path, level=1), tiff_size):
            try:
                read(tmp_path / "b.tif")
            except ValueError:
                refused += 1
    assert refused > 20
