import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry, losses


def test_a_constant_momentum():
    momentum = np.broadcast_to([0.05, -0.02], (1, 16, 12, 2)).astype("float32")
    velocity = geometry.multi_gaussian_smoothing(momentum, (0.1, 0.2), (0.4, 0.6))
    assert 10 * float(losses.momentum_energy(momentum, velocity)[0]) == pytest.approx(0.029, abs=1e-6)


@pytest.mark.parametrize("rank", [2, 3])
def test_the_mean_product(rank, rng):
    momentum, velocity = rng.normal(size=(2, 3, *(5,) * rank, rank))
    expected = (momentum * velocity).sum(-1).reshape(3, -1).mean(-1)
    np.testing.assert_allclose(losses.momentum_energy(momentum, velocity), expected, atol=1e-12)
    with pytest.raises(ValueError, match="`momentum` and `velocity` must have the same shape"):
        losses.momentum_energy(momentum, tf.zeros([3, *(4,) * rank, rank]))
