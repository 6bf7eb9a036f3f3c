"""Images in other intensities: every change is met, none moves a structure, and each image is its own."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import gaussian_filter

from dirv_tf.datasets import ChessboardPairs, ImagePairs
from dirv_tf.synthesis import AppearanceRange, change_appearance
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
    found = _blurred(tf.constant(given), tf.reshape(deviations, [3, 1, 1, 1]), 1.5).numpy()
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


NONE = {f"{change}_chance": 0 for change in ("inversion", "gamma", "bias", "blur", "contrast", "noise")}


def changed_by(given, indices=None, **limits):
    indices = tf.range(len(given)) if indices is None else indices
    return change_appearance(given, 3, indices, appearance=AppearanceRange(**{**NONE, **limits})).numpy()


def test_the_usual_limits_are_those_of_no_limits():
    given = images(6, (16, 20))
    np.testing.assert_array_equal(
        change_appearance(given, 3, tf.range(6), appearance=AppearanceRange()), change_appearance(given, 3, tf.range(6))
    )


def test_every_change_has_a_chance_and_a_limit_of_its_own():
    given = images(200, (12, 12)).numpy()
    np.testing.assert_allclose(changed_by(given), given, atol=1e-6)
    np.testing.assert_allclose(changed_by(given, inversion_chance=1), 1 - given, atol=1e-6)
    power = np.log(np.median(changed_by(given, gamma=4, gamma_chance=1), axis=(1, 2, 3)))
    power /= np.log(np.median(given, axis=(1, 2, 3)))
    assert 0.25 <= power.min() < 0.3 and 3.4 < power.max() <= 4.1
    gray = np.full_like(given, 0.5)
    bias = changed_by(gray, bias=0.8, bias_chance=1) / gray
    assert 0.199 < bias.min() < 0.35 and 1.65 < bias.max() < 1.801
    contrast = np.std(changed_by(given, contrast=0.1, contrast_chance=1), axis=(1, 2, 3)) / given.std(axis=(1, 2, 3))
    assert 0.1 <= contrast.min() < 0.15 and contrast.max() <= 1
    noise = changed_by(gray, noise=0.2, noise_chance=0.25).std(axis=(1, 2, 3))
    assert 0.17 < (noise > 1e-6).mean() < 0.33 and 0.14 < noise.max() < 0.21
    blurred = changed_by(given, blur=4, blur_chance=1).std(axis=(1, 2, 3))
    assert blurred.min() < 0.05 < 0.25 < blurred.max()


@pytest.mark.parametrize(
    ("name", "value"),
    [("gamma", 0.5), ("bias", 1.0), ("blur", -1), ("blur", 100), ("contrast", 0), ("noise", 2), ("noise_chance", 1.5)],
)
def test_limits_out_of_their_range_are_refused(name, value):
    with pytest.raises(ValueError, match=rf"`{name}` must be a finite number.* Received: {name}={value}"):
        AppearanceRange(**{name: value})


def test_pairs_take_limits_and_leave_field_and_other_image_alone():
    arguments = {"size": (24, 24), "count": 20, "batch_size": 20, "cell_range": (4, 7)}
    (fixed, moving), field = ChessboardPairs(**arguments).frozen_batch()
    pairs = ChessboardPairs(**arguments, change_appearance=True, appearance={**NONE, "inversion_chance": 1.0})
    (other_fixed, other_moving), other_field = pairs.frozen_batch()
    np.testing.assert_array_equal(other_field, field)
    is_fixed = np.abs(other_fixed - fixed).reshape(20, -1).max(axis=1) > 1e-6
    assert 4 < is_fixed.sum() < 16
    for image, other, changed in ((fixed, other_fixed, is_fixed), (moving, other_moving, ~is_fixed)):
        image, other = image.numpy(), other.numpy()
        np.testing.assert_array_equal(other[~changed], image[~changed])
        np.testing.assert_allclose(other[changed], 1 - image[changed], atol=1e-6)


def test_limits_do_not_depend_on_batches_or_workers(rng):
    given = rng.random((8, 16, 16, 1))
    arguments = {"change_appearance": True, "transform": "affine", "appearance": {"gamma": 3.0, "noise": 0.2}}
    whole = ImagePairs(given, batch_size=8, frozen_last_batch=False, **arguments)
    halves = ImagePairs(given, batch_size=4, frozen_last_batch=False, **arguments)
    (one,) = whole.training(1, parallel_calls=1)
    two = list(halves.training(1, parallel_calls=4))
    for all_of_them, parts in zip(tf.nest.flatten(one), zip(*(tf.nest.flatten(each) for each in two))):
        np.testing.assert_allclose(np.concatenate(parts), all_of_them, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"change_appearance": True, "appearance": {"colour": 1}}, "`appearance` must be a mapping of any of"),
        ({"change_appearance": True, "appearance": [1]}, "`appearance` must be a mapping of any of"),
        ({"appearance": {"gamma": 3}}, "`appearance` needs `change_appearance=True`. Received: change_appearance=False"),
        ({"change_appearance": True, "appearance": {"gamma": 0.1}}, "`gamma` must be a finite number of at least 1"),
    ],
)
def test_datasets_say_what_is_wrong_with_limits(arguments, message):
    with pytest.raises(ValueError, match=message):
        ChessboardPairs((16, 16), 4, 2, **arguments)
