import numpy as np
import pytest

from dirv_tf.geometry import interpolate_control_points
from dirv_tf.registration.optimization.control_grid import ControlGrid

SIZES = {2: (17, 13), 3: (9, 13, 5)}


@pytest.mark.parametrize("rank", [2, 3])
def test_interpolation_agrees_with_that_of_the_networks(rank, rng):
    # On sizes with a control point on the last pixel, where both grids agree.
    grid = ControlGrid(SIZES[rank], (4,) * rank)
    points = rng.normal(size=(3, *grid.shape)).astype("float32")
    dense = interpolate_control_points(np.moveaxis(points, 0, -1)[None][..., :rank], 4)[0].numpy()
    inside = tuple(slice(None, n) for n in SIZES[rank])
    np.testing.assert_allclose(grid.interpolate(points)[:rank], np.moveaxis(dense[inside], -1, 0), atol=1e-5)


@pytest.mark.parametrize("rank", [2, 3])
def test_gathering_is_the_adjoint(rank, rng):
    grid = ControlGrid([n + 2 for n in SIZES[rank]], (4,) * rank)
    points, pixels = rng.normal(size=(2, *grid.shape)), rng.normal(size=(2, *grid.size))
    forth = np.vdot(grid.interpolate(points), pixels)
    assert forth == pytest.approx(np.vdot(points, grid.gather(pixels)), rel=1e-4)


@pytest.mark.parametrize("size", [(17, 13), (18, 15), (9, 10, 12)])
def test_a_linear_field_is_fitted(size):
    grid = ControlGrid(size, (4,) * len(size))
    field = sum(0.2 * (axis + 1) * values for axis, values in enumerate(np.indices(size)))[None]
    np.testing.assert_allclose(grid.interpolate(grid.fit(field)), field, atol=5e-3)
