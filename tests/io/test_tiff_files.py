from __future__ import annotations

import os

import numpy as np
import pytest
import tifffile

from dirv_tf import io

DTYPES = ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"]


def stored(path, pixels, **options):
    tifffile.imwrite(path, pixels, **options)
    return io.load_image(path)


@pytest.mark.parametrize("dtype", [*DTYPES, "int64", "uint64", "float16"])
@pytest.mark.parametrize("shape", [(6, 5), (4, 6, 5), (3, 2, 2)])
def test_every_dtype_comes_back(tmp_path, rng, dtype, shape):
    pixels = (100 * rng.random(shape)).astype(dtype)
    io.write_image(tmp_path / "a.tiff", pixels)
    image = io.load_image(tmp_path / "a.tiff")
    assert image.pixels.dtype == dtype and not image.is_color and image.geometry == io.ImageGeometry.unit(len(shape))
    np.testing.assert_array_equal(image.pixels, pixels)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("pixel_size", [(0.25, 0.000497), (3.0, 0.25, 0.1)])
def test_pixel_size_comes_back_exactly(tmp_path, rng, dtype, pixel_size):
    pixels = (100 * rng.random((4, 6, 5)[-len(pixel_size) :])).astype(dtype)
    io.write_image(tmp_path / "a.tif", pixels, io.ImageGeometry.from_pixel_size(pixel_size))
    image = io.load_image(tmp_path / "a.tif")
    assert image.geometry == io.ImageGeometry.from_pixel_size(pixel_size) and image.pixels.dtype == dtype
    np.testing.assert_array_equal(image.pixels, pixels)


@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif"])
@pytest.mark.parametrize("shape", [(6, 5, 3), (6, 5, 4), (2, 6, 5, 3)])
def test_color_comes_back(tmp_path, rng, name, shape):
    pixels = rng.integers(0, 256, shape, dtype=np.uint8)
    for geometry in (io.ImageGeometry.unit(len(shape) - 1), io.ImageGeometry.from_pixel_size((0.5,) * (len(shape) - 1))):
        io.write_image(tmp_path / name, pixels, geometry, overwrite=True)
        image = io.load_image(tmp_path / name)
        assert image.is_color and image.geometry == geometry
        np.testing.assert_array_equal(image.pixels, pixels)


def test_color_planes_go_to_the_last_axis(tmp_path, rng):
    planes = rng.integers(0, 256, (3, 6, 5), dtype=np.uint8)
    image = stored(tmp_path / "a.tif", planes, photometric="rgb", planarconfig="separate")
    assert image.is_color
    np.testing.assert_array_equal(image.pixels, np.moveaxis(planes, 0, -1))


def test_the_finest_level_of_a_tiled_pyramid_is_read(tmp_path, rng):
    fine = rng.integers(0, 256, (96, 80), dtype=np.uint8)
    with tifffile.TiffWriter(tmp_path / "slide.tif") as writer:
        writer.write(fine, subifds=1, tile=(32, 32), compression="zlib", metadata=None)
        writer.write(fine[::2, ::2], subfiletype=1, tile=(32, 32), metadata=None)
        writer.write(fine[:9, :9], metadata=None)
    np.testing.assert_array_equal(io.read_image(tmp_path / "slide.tif"), fine)


@pytest.mark.parametrize(
    "options, pixel_size",
    [
        ({"imagej": True, "spacing": 2.5, "unit": "um"}, (2.5e-3, 2.5e-4, 5e-4)),
        ({"imagej": True, "unit": "\\u00B5m"}, (1e-3, 2.5e-4, 5e-4)),
        ({"imagej": True, "unit": "pixel"}, None),
        ({"imagej": True, "spacing": 2.0}, None),
        ({"ome": True, "PhysicalSizeX": 1, "PhysicalSizeY": 2, "PhysicalSizeZ": 3}, (3e-3, 2e-3, 1e-3)),
        ({"ome": True, "PhysicalSizeX": 1, "PhysicalSizeY": 2}, None),
        ({"resolutionunit": "CENTIMETER"}, None),
    ],
)
def test_stated_pixel_size_of_volumes(tmp_path, options, pixel_size):
    metadata = {"axes": "ZYX", **options}
    kind = {key: metadata.pop(key) for key in ("imagej", "ome", "resolutionunit") if key in metadata}
    pixels = np.zeros((5, 6, 7), np.uint16)
    image = stored(
        tmp_path / "a.tif", pixels, photometric="minisblack", resolution=(2, 4), metadata=metadata, **kind
    )
    assert image.pixels.shape == (5, 6, 7)
    assert image.geometry.pixel_size == pytest.approx(pixel_size or (1, 1, 1), rel=1e-6)


@pytest.mark.parametrize("unit, pixel_size", [("CENTIMETER", (0.2, 0.1)), ("INCH", (1, 1)), ("NONE", (1, 1))])
def test_stated_pixel_size_of_pages(tmp_path, unit, pixel_size):
    image = stored(tmp_path / "a.tif", np.zeros((6, 7), np.uint8), resolution=(100, 50), resolutionunit=unit)
    assert image.geometry.pixel_size == pytest.approx(pixel_size)


def test_geometries_that_tiff_cannot_hold_are_refused(tmp_path):
    shifted = io.ImageGeometry((1, 0), io.ImageGeometry.unit(2).axes)
    with pytest.raises(ValueError, match=r"nothing but a pixel size.*\.mha"):
        io.write_image(tmp_path / "a.tif", np.zeros((4, 4)), shifted)
    with pytest.raises(ValueError, match="float32, float64 in an OME-TIFF.*dtype=int64"):
        io.write_image(tmp_path / "a.tif", np.zeros((4, 4), np.int64), io.ImageGeometry.from_pixel_size((2, 2)))
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("compression, tolerance", [("lzw", 0), ("deflate", 0), ("jpeg2000", 0), ("jpeg", 4)])
@pytest.mark.parametrize("shape", [(96, 80), (96, 80, 3)])
def test_tiled_and_compressed_as_slides_are(tmp_path, shape, compression, tolerance):
    # Smooth, because JPEG keeps nothing else.
    ramp = np.linspace(0, 255, 80).astype(np.uint8)
    pixels = np.broadcast_to(ramp[:, None] if len(shape) == 3 else ramp, shape)
    photometric = "rgb" if len(shape) == 3 else "minisblack"
    image = stored(tmp_path / "a.tif", pixels, tile=(32, 32), compression=compression, photometric=photometric)
    assert image.pixels.shape == shape and image.is_color == (len(shape) == 3)
    np.testing.assert_allclose(image.pixels.astype(int), pixels, atol=tolerance)

@pytest.mark.parametrize("data", [b"II*\x00 broken", b"II*\x00\x08\x00\x00\x00", b"no TIFF"])
def test_a_tiff_without_pages_is_closed(data, tmp_path):
    path = tmp_path / "broken.tif"
    path.write_bytes(data)
    opened = len(os.listdir("/proc/self/fd"))
    with pytest.raises(io.UnreadableFileError) as caught:
        io.load_image(path)
    # The traceback keeps what was opened alive, unless it was closed.
    assert caught.traceback and len(os.listdir("/proc/self/fd")) == opened
