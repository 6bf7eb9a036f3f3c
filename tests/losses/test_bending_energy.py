import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import losses


def positions(size):
    return np.stack(np.meshgrid(*[np.arange(n, dtype=float) for n in size], indexing="ij"), axis=-1)


@pytest.mark.parametrize("size", [(8, 9), (5, 6, 7)])
def test_an_affine_field_does_not_bend(size, rng):
    rank = len(size)
    field = positions(size) @ rng.normal(size=(rank, rank)) + rng.normal(size=rank)
    np.testing.assert_allclose(losses.bending_energy(field[None]), 0, atol=1e-20)


@pytest.mark.parametrize("size", [(8, 9), (5, 6, 7)])
def test_quadratic_fields(size):
    grid, k = positions(size), 0.3
    for axis in range(len(size)):
        field = np.zeros((1, *size, len(size)))
        field[0, ..., 0] = k * grid[..., axis] ** 2
        np.testing.assert_allclose(losses.bending_energy(field), 4 * k**2, rtol=1e-10)
    field = np.zeros((1, *size, len(size)))
    field[0, ..., 1] = k * grid[..., 0] * grid[..., 1]
    np.testing.assert_allclose(losses.bending_energy(field), 2 * k**2, rtol=1e-10)


def test_it_grows_with_the_square_of_the_field(rng):
    field = rng.normal(size=(2, 7, 6, 2))
    np.testing.assert_allclose(losses.bending_energy(3 * field), 9 * losses.bending_energy(field), rtol=1e-10)


@pytest.mark.parametrize("rank", [2, 3])
def test_gradient(rank, rng, check_gradients):
    check_gradients(losses.bending_energy, rng.normal(size=(2, *(5,) * rank, rank)))


def test_a_short_side_is_refused():
    with pytest.raises(ValueError, match=r"at least 3 pixels. Received: field.shape=\(1, 2, 8, 2\)"):
        losses.bending_energy(tf.zeros([1, 2, 8, 2]))
