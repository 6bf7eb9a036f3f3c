from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest
import skimage.io
import tifffile

from dirv_tf import io
from dirv_tf.io.dicom_files import DICOM_SUFFIXES
from dirv_tf.io.image_files import read_image
from dirv_tf.io.volume_files import VOLUME_SUFFIXES

PIXELS = np.arange(35, dtype=np.uint16).reshape(5, 7) * 1000


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(5, 7), (4, 5, 7)])
def test_tiff_comes_back_as_written(tmp_path, dtype, shape):
    image = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)
    tifffile.imwrite(tmp_path / "image.TIF", image, photometric="minisblack", compression="zlib")
    read = read_image(tmp_path / "image.TIF")
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, image)


def test_png_comes_back_as_written(tmp_path):
    skimage.io.imsave(tmp_path / "image.png", PIXELS, check_contrast=False)
    np.testing.assert_array_equal(read_image(str(tmp_path / "image.png")), PIXELS)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="Expected an image file.*nothing.png"):
        read_image(tmp_path / "nothing.png")


@pytest.mark.parametrize("suffix", io.IMAGE_SUFFIXES)
def test_file_that_is_no_image_is_named(tmp_path, suffix):
    if suffix in (*VOLUME_SUFFIXES, *DICOM_SUFFIXES):
        pytest.importorskip("SimpleITK")
    (tmp_path / f"text{suffix}").write_text("not an image")
    with pytest.raises(ValueError, match=f"Expected an image that can be read.*text{suffix}"):
        read_image(tmp_path / f"text{suffix}")


def test_empty_files_and_unknown_suffixes_are_named(tmp_path):
    (tmp_path / "empty.tif").touch()
    (tmp_path / "image.gif").write_text("x")
    with pytest.raises(ValueError, match="empty.tif, which is empty"):
        io.load_image(tmp_path / "empty.tif")
    with pytest.raises(ValueError, match=r"ends with \.tif, .*\.nii\.gz.*image\.gif"):
        io.load_image(tmp_path / "image.gif")
    for suffix in ("gif", "webp", "bmp", "dcm"):
        with pytest.raises(ValueError, match=rf"ends with \.tif, .*\.nii\.gz.*image\.{suffix}"):
            io.write_image(tmp_path / f"image.{suffix}", PIXELS)


@pytest.mark.parametrize(
    "suffix, shape",
    [
        *itertools.product([".tif", ".png", ".jpg", ".npy", ".nii", ".nii.gz", ".mha", ".nrrd"], [(21, 18)]),
        *itertools.product([".tif", ".ome.tif", ".npy", ".nii", ".nii.gz", ".mha", ".nrrd"], [(8, 9, 10)]),
    ],
)
def test_no_part_of_a_truncated_file_passes_for_an_image(tmp_path, suffix, shape, rng):
    if suffix in VOLUME_SUFFIXES:
        pytest.importorskip("SimpleITK")
    pixels = rng.integers(0, 256, shape, dtype=np.uint8)
    io.write_image(tmp_path / f"whole{suffix}", pixels)
    pixels, content = io.read_image(tmp_path / f"whole{suffix}"), (tmp_path / f"whole{suffix}").read_bytes()
    path = tmp_path / f"part{suffix}"
    for length in np.linspace(1, len(content) - 1, 20).astype(int):
        path.write_bytes(content[:length])
        # What ends a file (a checksum, the end of a PNG) may be cut off without loss.
        try:
            np.testing.assert_array_equal(io.read_image(path), pixels)
        except ValueError as error:
            assert f"Received: path={path}" in str(error)


def test_foreign_byte_orders_become_native(tmp_path):
    tifffile.imwrite(tmp_path / "image.tif", PIXELS, byteorder=">")
    assert io.load_image(tmp_path / "image.tif").pixels.dtype == np.uint16
    io.write_image(tmp_path / "image.png", PIXELS.astype(">u2"))
    np.testing.assert_array_equal(io.read_image(tmp_path / "image.png"), PIXELS)


def test_older_files_are_kept_unless_told_otherwise(tmp_path):
    path = tmp_path / "new folder" / "image.tif"
    io.write_image(path, PIXELS)
    with pytest.raises(FileExistsError, match="overwrite=True.*image.tif"):
        io.write_image(path, PIXELS + 1)
    np.testing.assert_array_equal(io.read_image(path), PIXELS)
    io.write_image(path, PIXELS + 1, overwrite=True)
    np.testing.assert_array_equal(io.read_image(path), PIXELS + 1)
    with pytest.raises(ValueError, match="dtype=complex"):
        io.write_image(path.with_suffix(".png"), PIXELS * 1j)
    assert list(path.parent.iterdir()) == [path]


def test_color_is_told_from_volumes_by_the_geometry(tmp_path, rng):
    pixels = rng.integers(0, 256, (6, 5, 3), dtype=np.uint8)
    io.write_image(tmp_path / "color.tif", pixels)
    io.write_image(tmp_path / "volume.tif", pixels, io.ImageGeometry.unit(3))
    color, volume = (io.load_image(tmp_path / name) for name in ("color.tif", "volume.tif"))
    assert (color.is_color, color.geometry.rank) == (True, 2)
    assert (volume.is_color, volume.geometry.rank) == (False, 3)
    np.testing.assert_array_equal(color.pixels, volume.pixels)


@pytest.mark.parametrize(
    "shape, rank",
    [((5,), 0), ((2, 5, 6, 7), 0), ((5, 6), 3), ((5, 6, 2), 2), ((0, 5), 0), ((1, 5, 6), 0), ((5, 1), 0)],
)
def test_other_shapes_are_refused(tmp_path, shape, rank):
    with pytest.raises(ValueError, match="Expected (a 2D or 3D image|more than one pixel).*Received: pixels.shape="):
        io.write_image(tmp_path / "a.tif", np.zeros(shape, np.uint8), io.ImageGeometry.unit(rank) if rank else None)
    assert not any(tmp_path.iterdir())


def test_image_libraries_are_loaded_where_used():
    code = (
        "import sys, dirv_tf.io.atomic_write, dirv_tf.io.landmark_files, dirv_tf.io.flow_field_files; "
        "print(sorted({'PIL', 'skimage', 'tifffile', 'SimpleITK', 'tensorflow'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_names_of_the_part_resolve():
    assert all(getattr(io, name) is not None for name in io.__all__)
    with pytest.raises(AttributeError, match="load_picture"):
        io.load_picture  # noqa: B018
