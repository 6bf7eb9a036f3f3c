import numpy as np
import pytest
import scipy.ndimage

from experiments.classical.bspline import bspline_flow_field


@pytest.fixture
def moving():
    image = scipy.ndimage.gaussian_filter(np.random.default_rng(1).normal(size=(64, 48)), 3).astype(np.float32)
    return (image - image.min()) / (image.max() - image.min())


@pytest.mark.parametrize("shift", [(2, 0), (0, 2), (-1.5, 1)])
def test_a_shift_is_found_with_its_sign_on_its_axis(shift, moving):
    pytest.importorskip("SimpleITK")
    fixed = scipy.ndimage.shift(moving, -np.asarray(shift), order=1, mode="nearest").astype(np.float32)
    field = bspline_flow_field(fixed, moving, levels=2, iterations=20)
    assert field.shape == (64, 48, 2)
    np.testing.assert_allclose(field[12:-12, 12:-12].mean(axis=(0, 1)), shift, atol=0.1)


def test_a_local_bulge_is_found_beyond_the_affine_part(moving):
    pytest.importorskip("SimpleITK")
    rows, columns = np.mgrid[:64, :48].astype(np.float32)
    bulge = 2 * np.exp(-((rows - 32) ** 2 + (columns - 24) ** 2) / 200)
    fixed = scipy.ndimage.map_coordinates(moving, [rows + bulge, columns], order=1, mode="nearest")
    field = bspline_flow_field(fixed, moving, levels=2, iterations=50)
    error = np.hypot(field[..., 0] - bulge, field[..., 1])[8:-8, 8:-8]
    assert error.mean() < 0.15 * bulge[8:-8, 8:-8].mean()


def test_a_side_that_the_grid_does_not_fit_is_refused():
    pytest.importorskip("SimpleITK")
    with pytest.raises(ValueError, match=r"multiples of 8. Received: fixed.shape=\(60, 64\)"):
        bspline_flow_field(*np.zeros((2, 60, 64), np.float32))
