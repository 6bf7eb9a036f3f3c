import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import gaussian_filter, uniform_filter

from dirv_tf import geometry

SIZES = {2: (18, 15), 3: (10, 12, 9)}


def brute_force(image, radius, dilation):
    """The features of a single-channel image (n_1, ..., n_r), pixel for pixel."""

    def neighbor(axis, step):
        position = np.clip(np.arange(image.shape[axis]) + step, 0, image.shape[axis] - 1)
        return image.take(position, axis=axis)

    ends = [(axis, neighbor(axis, sign * dilation)) for axis in range(image.ndim) for sign in (-1, 1)]
    distances = np.stack(
        [
            uniform_filter((first - second) ** 2, 2 * radius + 1, mode="nearest")
            for (axis, first), (other, second) in itertools.combinations(ends, 2)
            if axis != other
        ],
        axis=-1,
    )
    distances -= distances.min(axis=-1, keepdims=True)
    variance = distances.mean(axis=-1, keepdims=True)
    variance = np.clip(variance, 1e-3 * variance.mean(), 1e3 * variance.mean())
    return np.exp(-distances / (variance + 1e-8))


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("radius, dilation", [(1, 2), (0, 1), (2, 3)])
def test_features_agree_with_brute_force(rank, radius, dilation, rng):
    image = rng.random(SIZES[rank])
    features = geometry.self_similarity(image[None, ..., None], radius, dilation)
    assert features.shape == (1, *SIZES[rank], {2: 4, 3: 12}[rank])
    np.testing.assert_allclose(features[0], brute_force(image, radius, dilation), atol=1e-10)
    np.testing.assert_allclose(tf.reduce_max(features, axis=-1), 1, atol=1e-12)


@pytest.mark.parametrize("scale, offset", [(0.5, 0.3), (-1.0, 1.0), (-3.0, 0.2)])
def test_scaled_and_inverted_contrast_changes_nothing(scale, offset, rng):
    image = rng.random((1, *SIZES[3], 1))
    features = geometry.self_similarity(image)
    np.testing.assert_allclose(geometry.self_similarity(scale * image + offset), features, atol=1e-5)


def test_features_move_with_the_image(rng):
    image = gaussian_filter(rng.random((40, 40)), 1)[None, ..., None]
    features = geometry.self_similarity(image).numpy()
    moved = geometry.self_similarity(np.roll(image, (3, -2), axis=(1, 2))).numpy()
    np.testing.assert_allclose(moved[:, 9:-9, 9:-9], np.roll(features, (3, -2), (1, 2))[:, 9:-9, 9:-9], atol=1e-6)


def test_a_quarter_turn_permutes_the_channels(rng):
    image = rng.random((1, 16, 16, 1))
    turned = np.rot90(geometry.self_similarity(image), axes=(1, 2))
    features = geometry.self_similarity(np.rot90(image, axes=(1, 2)).copy()).numpy()
    matches = [[np.allclose(features[..., i], turned[..., j], atol=1e-8) for j in range(4)] for i in range(4)]
    assert np.sum(matches, axis=0).tolist() == np.sum(matches, axis=1).tolist() == [1, 1, 1, 1]


def test_gradient(rng, check_gradients):
    check_gradients(geometry.self_similarity, rng.random((1, 7, 6, 1)), tolerance=1e-5)


def test_a_flat_image_has_a_finite_gradient():
    image = tf.Variable(tf.fill([1, 8, 8, 1], 0.4))
    with tf.GradientTape() as tape:
        features = geometry.self_similarity(image)
    np.testing.assert_array_equal(features, np.ones(features.shape))
    assert np.all(np.isfinite(tape.gradient(features, image)))


def test_settings_are_checked():
    with pytest.raises(ValueError, match="Received: radius=-1, dilation=2"):
        geometry.self_similarity(tf.zeros([1, 8, 8, 1]), radius=-1)
