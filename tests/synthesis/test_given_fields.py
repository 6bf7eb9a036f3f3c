"""Fields that are wrong in known ways."""

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.synthesis import given_fields, random_keys

KEY = random_keys.stream_key(3, random_keys.GIVEN_FIELDS)


def test_a_roughened_field_has_lost_detail_and_has_fine_noise_on_it(rng):
    even = tf.ones([64, 24, 24, 2])
    errors = (given_fields(even, "roughened", KEY) - even).numpy()
    strengths = np.sqrt((errors**2).mean(axis=(1, 2, 3)))
    assert 0.005 < strengths.min() < 0.03 and 0.3 < strengths.max() < 1.5
    # Finer than the noise of "perturbed" fields: neighbors differ more.
    smooth = (given_fields(even, "perturbed", KEY) - even).numpy()
    steps = [np.square(np.diff(each, axis=1)).mean() / np.square(each).mean() for each in (errors, smooth)]
    assert steps[0] > 2 * steps[1]
    # Of a field of single pixels, little is left.
    detail = tf.constant(rng.normal(size=(64, 24, 24, 2)), tf.float32)
    kept = (given_fields(detail, "roughened", KEY) - given_fields(0 * detail, "roughened", KEY)).numpy()
    assert 0.02 < kept.std() < 0.7 and np.corrcoef(kept.ravel(), detail.numpy().ravel())[0, 1] > 0.1


def test_the_numbers_are_those_of_the_key():
    true = tf.ones([4, 16, 16, 2])
    again = given_fields(true, "roughened", KEY)
    np.testing.assert_array_equal(given_fields(true, "roughened", KEY), again)
    assert np.abs(given_fields(true, "roughened", random_keys.fold(KEY, 1)) - again).max() > 0.01
    with pytest.raises(ValueError, match="roughened.*Received: kind='other'"):
        given_fields(true, "other", KEY)
