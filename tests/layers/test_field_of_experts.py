import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import convolve, correlate

from dirv_tf.layers import FieldOfExperts, PiecewiseLinearPotential


@pytest.mark.parametrize("size", [(9, 8), (5, 6, 4)])
def test_agrees_with_equation_22(size, rng):
    """Brute force: filter, look the potential up, filter with the turned kernel, sum over the experts."""
    rank = len(size)
    layer = FieldOfExperts(3, kernel_size=3, knots=9)
    values = rng.uniform(-1, 1, (1, *size, 2)).astype("float32")
    layer.build(values.shape)
    layer.kernels.assign(rng.normal(0, 0.5, layer.kernels.shape).astype("float32"))
    layer.potential.knot_values.assign(rng.normal(size=layer.potential.knot_values.shape).astype("float32"))
    kernels, knots = np.array(layer.kernels), np.array(layer.potential.knot_values)
    assert kernels.shape == (3,) * rank + (2, 3) and knots.shape == (6, 9)
    for component in range(2):
        expected = np.zeros(size)
        for expert in range(3):
            kernel = kernels[..., component, expert]
            response = correlate(values[0, ..., component], kernel, mode="constant")
            potential = np.interp(response, np.linspace(-1, 1, 9), knots[component * 3 + expert])
            expected += convolve(potential, kernel, mode="constant")
        np.testing.assert_allclose(layer(values)[0, ..., component], expected, atol=1e-4)


def test_filter_responses_are_what_the_potentials_see(rng):
    layer = FieldOfExperts(4, kernel_size=3)
    values = rng.normal(size=(1, 6, 6, 2)).astype("float32")
    layer(values)
    responses = layer.filter_responses(values).numpy()
    assert responses.shape == (1, 6, 6, 8)
    expected = correlate(values[0, ..., 1], np.array(layer.kernels)[..., 1, 2], mode="constant")
    np.testing.assert_allclose(responses[0, ..., 6], expected, atol=1e-5)


def test_the_start_follows_the_thesis():
    tf.keras.utils.set_random_seed(3)
    layer = FieldOfExperts(64, kernel_size=7)
    layer.build((None, None, None, 2))
    assert np.std(np.array(layer.kernels)) == pytest.approx((2 / 64) ** 0.5 / 7, rel=0.05)
    knots = np.array(layer.potential.knot_values)
    # Truncated at two standard deviations, which Keras 2 and 3 both draw with a standard deviation of 0.88 of the name.
    assert np.abs(knots).max() <= 0.02 and np.std(knots) == pytest.approx(0.0088, rel=0.05)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"experts": 0}, "experts=0"),
        ({"experts": 2.5}, "experts=2.5"),
        ({"experts": 2, "kernel_size": 4}, "odd"),
        ({"experts": 2, "knots": 1}, "knots=1"),
        ({"experts": 2, "knot_range": (1, -1)}, "low < high"),
    ],
)
def test_impossible_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        FieldOfExperts(**arguments)


def test_impossible_shapes():
    with pytest.raises(ValueError, match="known C"):
        FieldOfExperts(2).build((None, None, None, None))
    with pytest.raises(ValueError, match="a list of 2 entries.*kernel_size="):
        FieldOfExperts(2, kernel_size=(3, 3, 3)).build((None, 8, 8, 1))


@pytest.mark.parametrize("knot_range", [(-1.0, 1.0), (-0.3, 1.0), (0.2, 0.9)])
def test_centered_potentials_vanish_at_zero(knot_range, rng):
    free = PiecewiseLinearPotential(7, knot_range, initializer="random_normal")
    centered = PiecewiseLinearPotential(7, knot_range, centered=True, initializer="random_normal")
    values = np.concatenate([np.zeros((1, 1, 4)), rng.uniform(-1, 1, (1, 9, 4))], axis=1).astype("float32")
    expected = free(values).numpy()
    centered(values)
    centered.set_weights(free.get_weights())
    np.testing.assert_allclose(centered(values), expected - expected[:, :1], atol=1e-6)
    np.testing.assert_allclose(centered.function_values, np.array(free.knot_values) - expected[0, :1].T, atol=1e-6)
