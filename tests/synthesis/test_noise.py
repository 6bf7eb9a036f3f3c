import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.synthesis import desensitize

SIZES = [(6, 8, 2), (4, 6, 5, 3)]


def _fields(count, size):
    return tf.random.stateless_uniform([count, *size], [1, 2], 0.5, 1.0)


@pytest.mark.parametrize("size", SIZES)
def test_most_fields_pass_unchanged_and_the_others_as_often_as_asked(size):
    fields = _fields(4000, size)
    warping, target = (x.numpy() for x in desensitize(fields, 42, tf.range(4000), 0, 0.005, 0.01, 0.05))
    fields = fields.numpy()
    axes = tuple(range(1, fields.ndim))
    replaced = (np.abs(warping) <= 0.005).all(axes)
    changed = (warping != fields).any(axes)
    assert 0.005 < replaced.mean() < 0.015
    assert 0.035 < (changed & ~replaced).mean() < 0.065
    assert np.abs(warping - fields)[~replaced].max() <= 0.005 + 1e-6
    np.testing.assert_array_equal(target[~replaced], fields[~replaced])
    assert (target[replaced] == 0).all()


def test_noise_is_white_and_differs_between_images():
    warping, _ = desensitize(_fields(50, (16, 16, 2)), 42, tf.range(50), replace_probability=1.0)
    noise = warping.numpy().reshape(50, -1)
    # The standard deviation of a normal number truncated at two deviations is 0.8796 of the whole.
    np.testing.assert_allclose(noise.std(), 0.8796 * 0.0025, rtol=0.02)
    assert np.abs(np.corrcoef(noise) - np.eye(50)).max() < 0.2
    assert abs(np.corrcoef(noise[:, :-2].ravel(), noise[:, 2:].ravel())[0, 1]) < 0.02


def test_invisible_fields_count_as_zero():
    fields = 0.004 * _fields(3, (8, 8, 2)).numpy()
    fields[1, 2, 3, 1] = -0.006
    _, target = desensitize(tf.constant(fields), 42, tf.range(3), 0, 0.005, 0.0, 0.0)
    np.testing.assert_array_equal(target[1], fields[1])
    assert (target.numpy()[[0, 2]] == 0).all()


def test_noise_does_not_depend_on_the_batch():
    fields = _fields(6, (8, 8, 2))
    together, _ = desensitize(fields, 42, tf.range(6), 1, add_probability=1.0)
    alone, _ = desensitize(fields[4:5], 42, tf.constant([4]), 1, add_probability=1.0)
    other_epoch, _ = desensitize(fields, 42, tf.range(6), 2, add_probability=1.0)
    np.testing.assert_array_equal(alone[0], together[4])
    assert (other_epoch.numpy() != together.numpy()).any()
