import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import losses


@pytest.mark.parametrize("rank", [2, 3])
def test_correlation_agrees_with_numpy(rank, rng):
    fixed, registered = rng.random((2, 3, *(6,) * rank, 1))
    expected = [np.corrcoef(f.ravel(), w.ravel())[0, 1] for f, w in zip(fixed, registered)]
    np.testing.assert_allclose(losses.global_correlation(fixed, registered), expected, atol=1e-8)


@pytest.mark.parametrize("scale", [1.0, 0.3, -2.0])
def test_linear_intensities_give_the_sign(scale, rng):
    fixed = rng.random((2, 16, 16, 1))
    np.testing.assert_allclose(losses.global_correlation(fixed, scale * fixed + 0.4), np.sign(scale), atol=1e-8)


@pytest.mark.parametrize("rank", [2, 3])
def test_gradients(rank, rng, check_gradients):
    check_gradients(losses.global_correlation, *rng.random((2, 2, *(5,) * rank, 1)))


def test_a_flat_image_gives_zero_and_a_finite_gradient(rng):
    flat = tf.fill([1, 8, 8, 1], 0.5)
    with tf.GradientTape() as tape:
        tape.watch(flat)
        correlation = losses.global_correlation(rng.random((1, 8, 8, 1)).astype("float32"), flat)
    assert abs(float(correlation[0])) < 1e-3
    assert np.all(np.isfinite(tape.gradient(correlation, flat)))
