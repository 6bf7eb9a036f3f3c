"""What the stored numbers of a TIFF mean: white as zero, color tables, inks, alpha."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from dirv_tf import io
from dirv_tf.io.image_regions import read_region

PART = ((3, 2), (10, 9))


def check(path, expected, is_color, note=None):
    """The whole image and a part of it are as expected."""
    image = io.load_image(path)
    assert image.is_color == is_color and image.pixels.dtype == expected.dtype
    np.testing.assert_array_equal(image.pixels, expected)
    assert image.notes == (() if note is None else (note,))
    part, part_is_color = read_region(path, *PART)
    assert part_is_color == is_color
    np.testing.assert_array_equal(part, expected[3:13, 2:11])


INVERTED = "inverted, since it is stored with white as 0 (MinIsWhite)"


@pytest.mark.parametrize("dtype, largest", [("uint8", 255), ("uint16", 65535), ("bool", 1)])
@pytest.mark.parametrize("layout", [{}, {"tile": (16, 16), "compression": "zlib"}])
def test_white_stored_as_zero_becomes_white(tmp_path, rng, dtype, largest, layout):
    stored = rng.integers(0, largest, (20, 21), endpoint=True).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="miniswhite", **layout)
    check(tmp_path / "a.tif", (largest - stored.astype(int)).astype(dtype), False, INVERTED)


@pytest.mark.parametrize("white_as_zero", [False, True])
def test_a_fax_of_one_bit_is_what_pillow_stored(tmp_path, rng, white_as_zero):
    pixels = rng.random((20, 21)) > 0.5
    tags = {262: 0} if white_as_zero else {}
    Image.fromarray(pixels).save(tmp_path / "a.tif", compression="group4", tiffinfo=tags)
    image = io.load_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.pixels, pixels)
    assert image.notes == ((INVERTED,) if white_as_zero else ())
    with pytest.raises(ValueError, match="fax .CCITT. cannot be read in parts.*a.tif"):
        read_region(tmp_path / "a.tif", *PART)
    Image.fromarray(pixels).save(
        tmp_path / "b.tif", compression="group4", save_all=True, append_images=[Image.fromarray(pixels)]
    )
    with pytest.raises(ValueError, match="of one page. Received: path=.*b.tif of 2 pages"):
        io.load_image(tmp_path / "b.tif")


def test_white_as_zero_has_no_meaning_for_other_numbers(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((20, 21), np.float32), photometric="miniswhite")
    with pytest.raises(ValueError, match="unsigned integers where white is stored as 0.*a.tif with dtype=float32"):
        io.load_image(tmp_path / "a.tif")


def test_palettes_become_color(tmp_path, rng):
    picture = Image.fromarray(rng.integers(0, 256, (20, 21, 3), dtype=np.uint8)).quantize(40)
    picture.save(tmp_path / "a.tif")
    expected = np.asarray(picture.convert("RGB"))
    check(tmp_path / "a.tif", expected, True)
    np.testing.assert_array_equal(io.load_image(tmp_path / "a.tif", channel="green").pixels, expected[..., 1])
    tifffile.imwrite(
        tmp_path / "b.tif", np.asarray(picture), photometric="palette", tile=(16, 16),
        colormap=np.pad(np.reshape(picture.getpalette(), (-1, 3)).T, ((0, 0), (0, 256)))[:, :256].astype(np.uint16) * 257,
    )
    check(tmp_path / "b.tif", expected, True)


def test_the_color_table_of_imagej_is_for_display(tmp_path, rng):
    stored = rng.integers(0, 256, (20, 21), dtype=np.uint8)
    table = np.stack([np.arange(256), np.zeros(256), np.arange(256)[::-1]]).astype(np.uint16) * 256
    tifffile.imwrite(
        tmp_path / "a.tif", stored, photometric="palette", colormap=table, description="ImageJ=1.54f\nmin=0\nmax=255\n",
        metadata=None,
    )
    check(tmp_path / "a.tif", stored, False, "its table of colors (LUT), which ImageJ displays it with, was left aside")


def test_alpha_beside_gray_is_left_aside(tmp_path, rng):
    gray = rng.integers(0, 256, (20, 21), dtype=np.uint8)
    Image.fromarray(gray).convert("LA").save(tmp_path / "a.tif")
    check(tmp_path / "a.tif", gray, False, "its alpha channel was left aside")


@pytest.mark.parametrize("mode, kind", [("CMYK", "SEPARATED"), ("LAB", "CIELAB")])
def test_other_colors_are_refused(tmp_path, mode, kind):
    Image.new(mode, (21, 20)).save(tmp_path / "a.tif")
    for read in (io.load_image, lambda path: read_region(path, *PART)):
        with pytest.raises(ValueError, match=f"Expected a gray image, RGB, RGBA or a palette.*a.tif with.*{kind}"):
            read(tmp_path / "a.tif")
