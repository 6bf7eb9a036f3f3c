"""Bending energy of control points."""

import numpy as np
import pytest

from dirv_tf.registration.optimization.control_grid import bending_diagonal, bending_force, bending_matrix


@pytest.mark.parametrize("shape", [(2, 6, 7), (3, 5, 4, 6)])
def test_the_force_is_half_the_gradient_of_the_energy(shape, rng):
    spacing = (4, 3, 2)[: len(shape) - 1]
    points, direction = rng.normal(size=(2, *shape))

    def energy(values):
        total = 0.0
        for one, step in enumerate(spacing, start=1):
            for two, other in enumerate(spacing, start=1):
                second = np.diff(np.diff(values, axis=one), axis=two) / (step * other)
                total += np.sum(second**2)
        return total

    assert np.vdot(points, bending_force(points, spacing)) == pytest.approx(energy(points), rel=1e-5)
    slope = (energy(points + 1e-4 * direction) - energy(points - 1e-4 * direction)) / 2e-4
    assert 2 * np.vdot(direction, bending_force(points, spacing)) == pytest.approx(slope, rel=1e-4)


@pytest.mark.parametrize("rank", [2, 3])
def test_affine_maps_cost_nothing(rank, rng):
    places = np.stack(np.meshgrid(*[np.arange(5.0)] * rank, indexing="ij"))
    affine = np.tensordot(rng.normal(size=(rank, rank)), places, 1) + 3
    assert np.abs(bending_force(affine, (4,) * rank)).max() < 1e-5


def test_the_diagonal_is_that_of_the_matrix_inside():
    unit = np.zeros((2, 9, 9))
    unit[0, 4, 4] = 1
    assert bending_force(unit, (4, 3))[0, 4, 4] == pytest.approx(bending_diagonal((4, 3)), rel=1e-5)


def test_two_points_have_no_second_difference():
    assert not bending_force(np.arange(4.0).reshape(1, 2, 2) ** 0, (4, 4)).any()


@pytest.mark.parametrize("shape", [(6, 5), (4, 3, 5), (2, 7)])
def test_the_matrix_does_what_the_force_does(shape, rng):
    points = rng.normal(size=(1, *shape))
    force = bending_force(points, (1,) * len(shape))
    np.testing.assert_allclose(bending_matrix(shape) @ points.ravel(), force.ravel(), atol=1e-4)
