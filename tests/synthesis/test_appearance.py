"""Images in other intensities: every change is met, none moves a structure, and each image is its own."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import gaussian_filter

from dirv_tf.datasets import ChessboardPairs, ImagePairs
from dirv_tf.synthesis import change_appearance
from dirv_tf.synthesis.appearance import _blurred

SIZES = [(24, 32), (12, 10, 14)]


def images(count, size):
    return tf.random.stateless_uniform([count, *size, 1], [1, 2])


@pytest.mark.parametrize("size", SIZES)
def test_images_are_changed_one_by_one_within_the_range(size):
    given = images(12, size)
    changed = change_appearance(given, 42, tf.range(12), epoch=3).numpy()
    assert changed.shape == given.shape and 0 <= changed.min() and changed.max() <= 1
    np.testing.assert_allclose(change_appearance(given[5:7], 42, [5, 6], 3), changed[5:7], atol=1e-6)
    for other in (change_appearance(given, 43, tf.range(12), 3), change_appearance(given, 42, tf.range(12), 4)):
        assert np.abs(other - changed).max() > 0.1
    # One in 2^6 is left as it was; every other is another image.
    moved = np.abs(changed - given).reshape(12, -1).max(axis=1)
    assert (moved > 0.01).sum() >= 10


def test_half_of_the_images_are_inverted_and_edges_stay_where_they_were():
    step = np.zeros((1, 32, 32, 1), np.float32)
    step[:, :, 16:] = 1.0
    changed = change_appearance(tf.repeat(step, 400, axis=0), 7, tf.range(400)).numpy()[..., 0]
    profile = changed.mean(axis=1)
    slope = np.diff(profile, axis=1)
    inverted = profile[:, 20:].mean(axis=1) < profile[:, :12].mean(axis=1)
    assert 0.42 < inverted.mean() < 0.58
    np.testing.assert_array_equal(np.abs(slope).argmax(axis=1), 15)


def test_blurs_are_gaussians_of_a_width_per_image(rng):
    given = rng.random((3, 20, 24, 1)).astype(np.float32)
    deviations = np.array([0.0, 0.7, 1.5], np.float32)
    found = _blurred(tf.constant(given), tf.reshape(deviations, [3, 1, 1, 1])).numpy()
    for image, blurred, deviation in zip(given[..., 0], found[..., 0], deviations):
        expected = gaussian_filter(image, deviation, mode="nearest", truncate=5 / max(deviation, 0.1)) if deviation else image
        np.testing.assert_allclose(blurred, expected, atol=2e-4)


@pytest.mark.parametrize("whole", [True, False])
def test_one_image_of_each_pair_changes_and_fields_stay(whole):
    patches = {} if whole else {"patch_size": (24, 24), "patches_per_image": 4, "deform_first": True}
    arguments = {"size": (32, 32), "count": 40, "batch_size": 40, **patches}
    (fixed, moving), field = ChessboardPairs(**arguments).frozen_batch()
    pairs = ChessboardPairs(**arguments, change_appearance=True)
    (other_fixed, other_moving), other_field = pairs.frozen_batch()
    np.testing.assert_array_equal(other_field, field)
    changed = [
        np.abs(other - one).reshape(40, -1).max(axis=1) > 1e-6
        for one, other in ((fixed, other_fixed), (moving, other_moving))
    ]
    assert not (changed[0] & changed[1]).any() and (changed[0] | changed[1]).sum() >= 36
    assert 8 < changed[0].sum() < 32


def test_pipelines_repeat_them(rng):
    pairs = ImagePairs(rng.random((6, 16, 16, 1)), batch_size=3, change_appearance=True)
    first, again = (list(pairs.training(1)) for _ in range(2))
    for one, other in zip(first, again):
        for left, right in zip(tf.nest.flatten(one), tf.nest.flatten(other)):
            np.testing.assert_array_equal(left, right)
