from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from dirv_tf import io


@pytest.fixture
def gray(rng):
    return rng.integers(0, 256, (6, 5), dtype=np.uint8)


@pytest.mark.parametrize(
    "shape, dtype", [((6, 5), "uint8"), ((6, 5), "uint16"), ((6, 5, 3), "uint8"), ((6, 5, 4), "uint8")]
)
def test_png_keeps_every_pixel(tmp_path, rng, shape, dtype):
    pixels = rng.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)
    io.write_image(tmp_path / "a.PNG", pixels)
    image = io.load_image(tmp_path / "a.PNG")
    np.testing.assert_array_equal(image.pixels, pixels)
    assert image.pixels.dtype == dtype and image.is_color == (len(shape) == 3)
    assert image.geometry == io.ImageGeometry.unit(2) and image.path == tmp_path / "a.PNG"


def test_jpeg_keeps_pixels_nearly(tmp_path):
    pixels = np.add.outer(np.arange(16), np.arange(24)).astype(np.uint8) * 4
    io.write_image(tmp_path / "a.jpg", pixels)
    read = io.read_image(tmp_path / "a.jpg")
    assert read.dtype == np.uint8
    np.testing.assert_allclose(read.astype(int), pixels, atol=4)


def test_palettes_become_color_and_one_bit_becomes_bool(tmp_path, gray):
    Image.fromarray(gray).convert("RGB").quantize(200).save(tmp_path / "palette.png")
    palette = io.load_image(tmp_path / "palette.png")
    assert palette.is_color and palette.pixels.shape == (6, 5, 3)
    np.testing.assert_array_equal(palette.pixels[..., 0], gray)
    Image.fromarray(gray > 100).save(tmp_path / "bit.png")
    bit = io.load_image(tmp_path / "bit.png")
    assert bit.pixels.dtype == bool and not bit.is_color
    np.testing.assert_array_equal(bit.pixels, gray > 100)


@pytest.mark.parametrize("name, options", [("a.bmp", {}), ("a.webp", {"lossless": True}), ("a.WEBP", {"quality": 90})])
def test_bmp_and_webp_are_read(tmp_path, name, options):
    colors = np.add.outer(np.arange(16), np.arange(24)).astype(np.uint8)[..., np.newaxis] * np.uint8([4, 5, 6])
    Image.fromarray(colors).save(tmp_path / name, **options)
    image = io.load_image(tmp_path / name)
    assert image.is_color
    np.testing.assert_allclose(image.pixels.astype(int), colors, atol=25 if "quality" in options else 0)


def test_gray_and_one_bit_bitmaps(tmp_path, gray):
    Image.fromarray(gray).save(tmp_path / "gray.bmp")
    np.testing.assert_array_equal(io.read_image(tmp_path / "gray.bmp"), gray)
    Image.fromarray(gray > 100).save(tmp_path / "bit.bmp")
    np.testing.assert_array_equal(io.read_image(tmp_path / "bit.bmp"), gray > 100)


def test_alpha_beside_gray_is_left_aside_and_noted(tmp_path, gray):
    Image.fromarray(gray).convert("LA").save(tmp_path / "a.png")
    image = io.load_image(tmp_path / "a.png")
    np.testing.assert_array_equal(image.pixels, gray)
    assert image.notes == ("its alpha channel was left aside",) and not image.is_color


def test_inks_become_color_and_noted(tmp_path):
    colors = np.zeros((16, 16, 3), np.uint8)
    colors[:, 8:] = 255, 128, 0
    Image.fromarray(colors).convert("CMYK").save(tmp_path / "a.jpg", quality=100)
    image = io.load_image(tmp_path / "a.jpg")
    assert image.notes == ("its ink colors (CMYK) were turned into RGB",) and image.is_color
    np.testing.assert_allclose(image.pixels.astype(int), colors, atol=6)


@pytest.mark.parametrize("name", ["a.png", "a.webp"])
def test_animations_are_refused(tmp_path, gray, name):
    frames = [Image.fromarray(np.kron(each, np.ones((4, 4), np.uint8))) for each in (gray, gray[::-1])]
    frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    with pytest.raises(ValueError, match=f"Expected a single picture.*{name} with 2 frames"):
        io.load_image(tmp_path / name)


def test_sixteen_bit_color_is_not_cut_to_eight(tmp_path):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 3, 2, 16, 2, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(2 * (b"\0" + bytes(18))))
    (tmp_path / "deep.png").write_bytes(b"\x89PNG\r\n\x1a\n" + header + rows + chunk(b"IEND", b""))
    with pytest.raises(ValueError, match="8 bits per channel.*convert it to TIFF.*deep.png with 16 bits"):
        io.load_image(tmp_path / "deep.png")


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
@pytest.mark.parametrize(
    "shape, dtype", [((6, 5), "float64"), ((6, 5), "bool"), ((6, 5, 3), "uint16"), ((6, 5, 7), "uint8")]
)
def test_what_a_picture_cannot_hold_is_refused_with_a_format_that_can(tmp_path, name, shape, dtype):
    with pytest.raises(ValueError, match=r"Expected a 2D image of uint8.*TIFF.*\.nii\.gz.*pixels.dtype"):
        io.write_image(tmp_path / name, np.zeros(shape, dtype))
    assert not any(tmp_path.iterdir())


def test_a_geometry_is_not_dropped_silently(tmp_path, gray):
    with pytest.raises(ValueError, match=r"Expected no pixel size.*\.tif"):
        io.write_image(tmp_path / "a.png", gray, io.ImageGeometry.from_pixel_size((0.5, 0.5)))
