import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.layers import ConvGRU


def unit_and_inputs(rank, rng):
    unit = ConvGRU(hidden=3)
    hidden, values = (rng.uniform(-1, 1, (2, *(6, 5, 4)[:rank], c)).astype("float32") for c in (3, 2))
    unit((hidden, values))
    return unit, hidden, values


@pytest.mark.parametrize("rank", [2, 3])
def test_without_weights_the_state_is_halved(rank, rng):
    unit, hidden, values = unit_and_inputs(rank, rng)
    unit.set_weights([np.zeros_like(each) for each in unit.get_weights()])
    np.testing.assert_array_equal(unit((hidden, values)), hidden / 2)
    # A gate that is shut keeps the state, one that is open takes the candidate, here zero.
    for bias, expected in ((-40.0, hidden), (40.0, 0 * hidden)):
        unit.update.bias.assign([bias] * 3)
        np.testing.assert_allclose(unit((hidden, values)), expected, atol=1e-16)


def test_the_equations(rng):
    unit, hidden, values = unit_and_inputs(2, rng)
    for layer in (unit.update, unit.reset, unit.candidate):
        layer.bias.assign(rng.normal(size=3))

    def convolve(x, layer):
        return tf.nn.conv2d(x, layer.kernel, 1, "SAME").numpy() + np.array(layer.bias)

    def logistic(x):
        return 1 / (1 + np.exp(-x))

    both = np.concatenate([hidden, values], axis=-1)
    update, reset = logistic(convolve(both, unit.update)), logistic(convolve(both, unit.reset))
    candidate = np.tanh(convolve(np.concatenate([reset * hidden, values], axis=-1), unit.candidate))
    np.testing.assert_allclose(unit((hidden, values)), (1 - update) * hidden + update * candidate, atol=1e-6)


def test_a_state_of_other_channels_is_refused():
    with pytest.raises(ValueError, match=r"shape \(B, n_1, ..., n_r, 8\).*Received: input_shape=\(\(None, 8, 8, 4\)"):
        ConvGRU(hidden=8).build(((None, 8, 8, 4), (None, 8, 8, 2)))
