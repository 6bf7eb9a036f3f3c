"""Images as NumPy arrays in files."""

from __future__ import annotations

import numpy as np
import pytest

from dirv_tf import io


@pytest.mark.parametrize("dtype", ["uint8", ">u2", "int32", "float64", "bool"])
@pytest.mark.parametrize(
    "shape, rank, is_color",
    [((6, 5), 2, False), ((4, 6, 5), 3, False), ((6, 5, 3), 2, True), ((6, 5, 1), 2, False), ((4, 6, 5, 4), 3, True)],
)
def test_arrays_are_read_as_numpy_saves_them(tmp_path, rng, dtype, shape, rank, is_color):
    array = (200 * rng.random(shape)).astype(dtype)
    np.save(tmp_path / "a.npy", array)
    image = io.load_image(tmp_path / "a.npy")
    assert image.is_color == is_color and image.geometry == io.ImageGeometry.unit(rank) and image.pixels.dtype.isnative
    np.testing.assert_array_equal(image.pixels, array[..., 0] if shape[-1] == 1 else array)


def test_arrays_are_written_for_numpy(tmp_path, rng):
    volume = rng.random((4, 6, 5))
    io.write_image(tmp_path / "a.npy", volume)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), volume)
    with pytest.raises(ValueError, match="no pixel size, origin or directions in a .npy file.*choose .tif"):
        io.write_image(tmp_path / "b.npy", volume, io.ImageGeometry.from_pixel_size((2, 1, 1)))
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]


@pytest.mark.parametrize(
    "array, message",
    [
        (np.zeros(5), r"2 or 3 axes.*of shape \(5,\)"),
        (np.zeros((2, 3, 4, 5)), "save one channel and one time"),
        (np.zeros((0, 5)), r"of shape \(0, 5\)"),
        (np.zeros((4, 5), complex), "real numbers.*dtype=complex128"),
        (np.array([[{}, 1]]), "an image that can be read.*allow_pickle"),
    ],
)
def test_other_arrays_are_refused(tmp_path, array, message):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(ValueError, match=message):
        io.load_image(tmp_path / "a.npy")
