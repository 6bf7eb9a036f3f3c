import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import gaussian_filter

from dirv_tf import geometry, losses


@pytest.mark.parametrize("rank", [2, 3])
def test_an_image_and_its_negative_do_not_differ(rank, rng):
    image = rng.random((2, *(9,) * rank, 1))
    np.testing.assert_allclose(losses.self_similarity_difference(image, 1 - image), 0, atol=1e-12)


def test_a_shifted_image_differs(rng):
    image = gaussian_filter(rng.random((24, 24)), 1)[None, ..., None]
    assert float(losses.self_similarity_difference(image, np.roll(image, 1, axis=1))[0]) > 1e-3


def test_it_is_the_mean_squared_difference_of_the_features(rng):
    fixed, registered = rng.random((2, 2, 12, 10, 1))
    difference = geometry.self_similarity(fixed).numpy() - geometry.self_similarity(registered).numpy()
    expected = (difference**2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(losses.self_similarity_difference(fixed, registered), expected, atol=1e-12)


@pytest.mark.parametrize("rank", [2, 3])
def test_gradients(rank, rng, check_gradients):
    check_gradients(losses.self_similarity_difference, *rng.random((2, 1, *(6,) * rank, 1)), tolerance=1e-5)


def test_a_constant_image_has_a_finite_gradient(rng):
    flat = tf.fill([1, 8, 8, 1], 0.5)
    with tf.GradientTape() as tape:
        tape.watch(flat)
        loss = losses.self_similarity_difference(rng.random((1, 8, 8, 1)).astype("float32"), flat)
    assert np.all(np.isfinite(tape.gradient(loss, flat)))
