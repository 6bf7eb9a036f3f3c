import numpy as np
import pytest

from dirv_tf import geometry, losses


@pytest.mark.parametrize("translation", [(1.5, -0.5), (0.5, 1.0, -2.0)])
def test_translations(translation):
    rank = len(translation)
    field = np.broadcast_to(np.array(translation, "float32"), (1, *(8,) * rank, rank))
    np.testing.assert_allclose(losses.inverse_consistency(field, -field), 0, atol=1e-10)
    np.testing.assert_allclose(losses.inverse_consistency(field, field), 4 * np.sum(np.square(translation)), rtol=1e-6)


def test_the_backward_field_lives_on_the_moving_grid(rng):
    forward = rng.normal(size=(1, 6, 8, 2)).astype("float32")
    backward = rng.normal(size=(1, 9, 7, 2)).astype("float32")
    left = forward + geometry.warp_image(backward, forward).numpy()
    expected = np.square(left).sum(-1).mean(axis=(1, 2))
    np.testing.assert_allclose(losses.inverse_consistency(forward, backward), expected, rtol=1e-6)


@pytest.mark.parametrize("rank", [2, 3])
def test_gradients(rank, rng, check_gradients):
    # Away from the border and from pixel positions, where linear interpolation has kinks.
    forward = rng.uniform(0.2, 0.8, (1, *(4,) * rank, rank))
    check_gradients(losses.inverse_consistency, forward, rng.normal(size=(1, *(6,) * rank, rank)), tolerance=1e-5)


def test_in_units_of_the_sides():
    field = np.broadcast_to(np.array([0.8, 1.2], "float32"), (1, 9, 7, 2))
    units = 0.1**2 + 0.2**2
    np.testing.assert_allclose(losses.inverse_consistency(field, -field, normalized=True), 0, atol=1e-10)
    np.testing.assert_allclose(losses.inverse_consistency(field, field, normalized=True), 4 * units, rtol=1e-5)
