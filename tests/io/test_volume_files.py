from __future__ import annotations

import sys

import numpy as np
import pytest

from dirv_tf import io

SUFFIXES = (".nii", ".nii.gz", ".mha", ".nrrd")
DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64")


@pytest.fixture(scope="module")
def simpleitk():
    return pytest.importorskip("SimpleITK")


def oblique(rank):
    directions = np.linalg.qr(np.random.default_rng(rank).normal(size=(rank, rank)))[0]
    pixel_size = np.array([0.4, 1.3, 2.7])[:rank]
    return io.ImageGeometry((-7.25, 100.5, 31.0)[:rank], directions * pixel_size)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_comes_back(tmp_path, simpleitk, rng, suffix, dtype):
    pixels = (100 * rng.random((4, 5, 6))).astype(dtype)
    io.write_image(tmp_path / f"a{suffix}", pixels)
    image = io.load_image(tmp_path / f"a{suffix}")
    assert image.pixels.dtype == dtype and not image.is_color
    np.testing.assert_array_equal(image.pixels, pixels)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("rank", [2, 3])
def test_the_geometry_comes_back_and_is_that_of_simpleitk(tmp_path, simpleitk, rng, suffix, rank):
    pixels, geometry = rng.random((4, 5, 6)[:rank]), oblique(rank)
    io.write_image(tmp_path / f"a{suffix}", pixels, geometry)
    read = io.load_image(tmp_path / f"a{suffix}").geometry
    np.testing.assert_allclose(read.axes, geometry.axes, atol=1e-5)
    np.testing.assert_allclose(read.origin, geometry.origin, atol=1e-5)
    image = simpleitk.ReadImage(str(tmp_path / f"a{suffix}"))
    index = [3, 1, 2][:rank]
    np.testing.assert_allclose(image.TransformIndexToPhysicalPoint(index[::-1]), geometry.to_world(index), atol=1e-4)
    assert image[index[::-1]] == pixels[tuple(index)]


def test_headers_with_pixels_in_another_file_are_read_and_not_written(tmp_path, simpleitk, rng):
    pixels = rng.random((4, 5, 6))
    for suffix in (".mhd", ".nhdr"):
        simpleitk.WriteImage(simpleitk.GetImageFromArray(pixels), str(tmp_path / f"a{suffix}"))
        np.testing.assert_array_equal(io.read_image(tmp_path / f"a{suffix}"), pixels)
        with pytest.raises(ValueError, match="Expected a format of one file; choose .mha or .nrrd"):
            io.write_image(tmp_path / f"b{suffix}", pixels)


def test_upper_case_suffixes_are_read(tmp_path, simpleitk, rng):
    pixels = rng.random((4, 5, 6))
    for suffix in SUFFIXES:
        io.write_image(tmp_path / f"a{suffix}", pixels)
        (tmp_path / f"a{suffix}").rename(tmp_path / f"b{suffix.upper()}")
        np.testing.assert_array_equal(io.read_image(tmp_path / f"b{suffix.upper()}"), pixels)


def test_neighbors_of_the_same_name_are_not_mixed_up(tmp_path, simpleitk, rng):
    # ITK alone takes the pixels of a.nii when asked for a.nii.gz.
    volumes = {suffix: rng.random((4, 5, 6)) for suffix in (".nii", ".nii.gz")}
    for suffix, pixels in volumes.items():
        io.write_image(tmp_path / f"a{suffix}", pixels)
    for suffix, pixels in volumes.items():
        np.testing.assert_array_equal(io.read_image(tmp_path / f"a{suffix}"), pixels)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_single_slices_and_displacements_are_refused(tmp_path, simpleitk, suffix):
    slice_, vectors = np.zeros((1, 5, 6), np.float32), np.zeros((4, 5, 6, 3), np.float32)
    simpleitk.WriteImage(simpleitk.GetImageFromArray(slice_), str(tmp_path / f"slice{suffix}"))
    simpleitk.WriteImage(simpleitk.GetImageFromArray(vectors, isVector=True), str(tmp_path / f"vectors{suffix}"))
    with pytest.raises(ValueError, match=r"write a single slice as a 2D image.*\(1, 5, 6\)"):
        io.load_image(tmp_path / f"slice{suffix}")
    with pytest.raises(ValueError, match="choice of one channel.*: 0, 1, 2.*vectors.*read by dirv_tf.io.read_flow_field"):
        io.load_image(tmp_path / f"vectors{suffix}")


def test_what_the_formats_cannot_hold_is_refused(tmp_path, simpleitk):
    for pixels in (np.zeros((4, 5), bool), np.zeros((4, 5), np.float16), np.zeros((4, 5, 3), np.uint8)):
        with pytest.raises(ValueError, match="Expected gray pixels of uint8.*TIFF takes the others.*pixels.dtype="):
            io.write_image(tmp_path / "a.mha", pixels)
    skewed = io.ImageGeometry((0, 0), ((1, 0.2), (0, 1)))
    with pytest.raises(ValueError, match="right angles.*NIfTI"):
        io.write_image(tmp_path / "a.nii.gz", np.zeros((4, 5)), skewed)
    assert not any(tmp_path.iterdir())
    for suffix in (".mha", ".nrrd"):
        io.write_image(tmp_path / f"a{suffix}", np.zeros((4, 5)), skewed)
        assert io.load_image(tmp_path / f"a{suffix}").geometry.is_close(skewed, 1e-9)


def test_a_missing_simpleitk_is_said_with_its_cure(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "SimpleITK", None)
    (tmp_path / "a.nii.gz").write_text("x")
    for action in (io.load_image, io.read_flow_field, lambda path: io.write_image(path, np.eye(4), overwrite=True)):
        with pytest.raises(ImportError, match=r"pip install 'dirv_tf\[volumes\]'"):
            action(tmp_path / "a.nii.gz")
