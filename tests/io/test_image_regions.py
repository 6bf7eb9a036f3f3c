"""A part of an image read alone is the same part of the whole image."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from dirv_tf.io.image_files import read_image
from dirv_tf.io.image_regions import image_size, read_region

# Layouts as slides come in: tiles and strips of all compressions, plain, and several levels.
LAYOUTS = {
    "plain": {},
    "big endian": {"byteorder": ">"},
    "strips": {"rowsperstrip": 7, "compression": "zlib"},
    "one strip": {"compression": "lzw"},
    "tiles": {"tile": (32, 16), "compression": "deflate", "predictor": True},
    "tiles, not compressed": {"tile": (16, 32)},
}
PARTS = [((0, 0), (75, 61)), ((33, 17), (20, 30)), ((74, 60), (1, 1)), ((16, 32), (32, 16)), ((70, 0), (5, 61))]


def _check(path, is_color):
    whole = read_image(path)
    assert image_size(path) == whole.shape[:2]
    for start, size in PARTS:
        part, part_is_color = read_region(path, start, size)
        expected = whole[start[0] : start[0] + size[0], start[1] : start[1] + size[1]]
        assert part.dtype == whole.dtype and part_is_color == is_color
        np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_part_of_a_gray_tiff(tmp_path, rng, layout, dtype):
    pixels = rng.integers(0, 255, (75, 61)).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", pixels, **LAYOUTS[layout])
    _check(tmp_path / "a.tif", False)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_a_part_of_a_color_tiff(tmp_path, rng, layout, planes):
    pixels = rng.integers(0, 255, (75, 61, 3)).astype(np.uint8)
    pixels = pixels if planes == "contig" else np.moveaxis(pixels, -1, 0)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", planarconfig=planes, **LAYOUTS[layout])
    _check(tmp_path / "a.tif", True)


def test_a_part_of_the_finest_level_of_a_slide_in_jpeg(tmp_path, rng):
    pixels = np.kron(rng.integers(0, 255, (10, 9, 3)), np.ones((8, 8, 1))).astype(np.uint8)[:75, :61]
    options = {"photometric": "rgb", "tile": (32, 32), "compression": "jpeg"}
    with tifffile.TiffWriter(tmp_path / "slide.tif") as writer:
        writer.write(pixels, subifds=1, **options)
        writer.write(pixels[::2, ::2], subfiletype=1, **options)
    _check(tmp_path / "slide.tif", True)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "deep.png"])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_a_part_of_a_picture(tmp_path, rng, name, channels):
    dtype = np.uint16 if name == "deep.png" and not channels else np.uint8
    Image.fromarray(rng.integers(0, 255, (75, 61, *channels)).astype(dtype)).save(tmp_path / name)
    _check(tmp_path / name, bool(channels))


def test_only_the_tiles_that_the_part_touches_are_read(tmp_path, rng):
    path = tmp_path / "a.tif"
    pixels = rng.integers(0, 255, (64, 64)).astype(np.uint8)
    tifffile.imwrite(path, pixels, tile=(16, 16), compression="zlib")
    with tifffile.TiffFile(path) as tiff:
        offset = tiff.pages[0].dataoffsets[15]
    content = bytearray(path.read_bytes())
    content[offset : offset + 8] = b"\xff" * 8
    path.write_bytes(content)
    part, _ = read_region(path, (0, 0), (64, 48))
    np.testing.assert_array_equal(part, pixels[:, :48])
    with pytest.raises(ValueError, match="Expected an image that can be read.*Received: path="):
        read_region(path, (40, 40), (24, 24))


def test_tiles_that_were_never_written_are_black(tmp_path):
    tiles = (np.full((16, 16), 9, np.uint8) if number < 3 else None for number in range(4))
    tifffile.imwrite(tmp_path / "a.tif", tiles, shape=(32, 32), dtype=np.uint8, tile=(16, 16), compression="zlib")
    part, _ = read_region(tmp_path / "a.tif", (8, 8), (24, 24))
    np.testing.assert_array_equal(part, np.kron([[9, 9], [9, 0]], np.ones((16, 16)))[8:, 8:])


@pytest.mark.parametrize("options", [{}, {"tile": (16, 16)}, {"compression": "zlib", "rowsperstrip": 8}])
def test_a_truncated_tiff_is_an_error(tmp_path, rng, options):
    path = tmp_path / "cut.tif"
    tifffile.imwrite(path, rng.integers(0, 255, (64, 64)).astype(np.uint8), **options)
    path.write_bytes(path.read_bytes()[:-1500])
    with pytest.raises(ValueError, match="Received: path=.*cut.tif"):
        read_region(path, (0, 0), (64, 64))


def test_a_strip_that_is_too_large_to_decode_is_an_error(tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((64, 64), np.uint8), compression="zlib", rowsperstrip=64)
    monkeypatch.setattr("dirv_tf.io.tiff_regions.MOST_BYTES_AT_ONCE", 64 * 64 - 1)
    with pytest.raises(ValueError, match="strips of 64 x 64 pixels are too large.*store it in tiles.*Received: path="):
        read_region(tmp_path / "a.tif", (0, 0), (4, 4))


def test_a_picture_that_is_too_large_to_decode_is_an_error(tmp_path, monkeypatch):
    Image.fromarray(np.zeros((30, 30), np.uint8)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400)
    with pytest.raises(ValueError, match="at most 800 pixels.*TIFF with tiles.*Received: path=.*a.png"):
        image_size(tmp_path / "a.png")


@pytest.mark.parametrize("start, size", [((-1, 0), (4, 4)), ((0, 0), (0, 4)), ((61, 0), (4, 4)), ((0, 61), (4, 4))])
def test_a_part_that_leaves_the_image_is_an_error(tmp_path, start, size):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((64, 64), np.uint8))
    with pytest.raises(ValueError, match="Expected a part within the image of 64 x 64 pixels. Received: start="):
        read_region(tmp_path / "a.tif", start, size)


@pytest.mark.parametrize("pixels", [np.zeros((5, 20, 20), np.uint8), np.zeros((20, 20, 2), np.uint8)])
def test_a_volume_and_other_channels_are_errors(tmp_path, pixels):
    options = {"planarconfig": "contig", "photometric": "minisblack"} if pixels.shape[-1] == 2 else {}
    tifffile.imwrite(tmp_path / "a.tif", pixels, **options)
    with pytest.raises(ValueError, match="not one page, gray or in color.*Received: path="):
        image_size(tmp_path / "a.tif")


def test_other_formats_and_missing_files_are_errors(tmp_path):
    (tmp_path / "a.nii").write_bytes(b"x")
    with pytest.raises(ValueError, match="ends with .tif, .tiff, .svs, .png, .jpg, .jpeg"):
        image_size(tmp_path / "a.nii")
    with pytest.raises(FileNotFoundError, match="Expected an image file"):
        image_size(tmp_path / "a.tif")
