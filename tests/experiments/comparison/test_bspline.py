import numpy as np
import pytest
import scipy.ndimage

from experiments.comparison.bspline import bspline_flow_field


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


@pytest.mark.parametrize("order", [2, 3])
def test_the_spline_begins_as_the_affine_map(order, moving):
    pytest.importorskip("SimpleITK")
    grid = np.stack(np.mgrid[:64, :48].astype(np.float32), axis=-1)
    affine = (grid - [32, 24]) @ np.array([[0.03, -0.05], [0.06, -0.02]]) + [1.5, -0.8]
    fixed = scipy.ndimage.map_coordinates(moving, np.moveaxis(grid + affine, -1, 0), order=1, mode="nearest")
    # A single iteration of the splines alone would not come near.
    field = bspline_flow_field(fixed, moving, levels=2, iterations=1, order=order)
    assert np.linalg.norm(field - affine, axis=-1)[8:-8, 8:-8].mean() < 0.1


def test_coarse_levels_carry_over_to_the_finest():
    pytest.importorskip("SimpleITK")
    rng = np.random.default_rng(3)
    texture, ground = (scipy.ndimage.gaussian_filter(rng.normal(size=(96, 96)), sigma) for sigma in (1, 6))
    moving = texture / np.ptp(texture) + ground / np.ptp(ground)
    moving = ((moving - moving.min()) / np.ptp(moving)).astype(np.float32)
    rows, columns = np.mgrid[:96, :96].astype(np.float32)
    # Longer than the texture's waves, so that from nothing it is matched with the wrong ones.
    bulge = 10 * np.exp(-((rows - 48) ** 2 + (columns - 48) ** 2) / 300)
    fixed = scipy.ndimage.map_coordinates(moving, [rows + bulge, columns], order=1, mode="nearest")

    def error(levels):
        field = bspline_flow_field(fixed, moving, levels=levels, iterations=15)
        return np.hypot(field[..., 0] - bulge, field[..., 1])[8:-8, 8:-8].mean()

    alone, coarse_to_fine = error(1), error(3)
    assert alone > 0.3, "the pair should need coarse levels"
    assert coarse_to_fine < 0.1 * alone
