import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry

SIZES = {2: (14, 11), 3: (9, 12, 10)}


def brute_force(values, side, stride, dilation):
    for axis in range(1, values.ndim - 1):
        count = (values.shape[axis] - (side - 1) * dilation - 1) // stride + 1
        windows = [stride * k + dilation * np.arange(side) for k in range(count)]
        values = np.stack([values.take(window, axis=axis).sum(axis=axis) for window in windows], axis=axis)
    return values


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("side, stride, dilation", [(3, 1, 1), (4, 2, 2), (2, 3, 4)])
def test_sums_agree_with_brute_force(rank, side, stride, dilation, rng):
    values = rng.random((2, *SIZES[rank], 3))
    expected = brute_force(values, side, stride, dilation)
    np.testing.assert_allclose(geometry.window_sums(values, side, stride, dilation), expected, atol=1e-10)


def test_numbers_of_positions():
    image = tf.ones([1, 64, 64, 1])
    sums = geometry.window_sums(image, 16, stride=4, dilation=2)
    assert sums.shape == (1, 9, 9, 1)
    np.testing.assert_array_equal(sums, np.full(sums.shape, 256.0))
    assert geometry.window_sums(image, 32, stride=8, dilation=2).shape == (1, 1, 1, 1)


@pytest.mark.parametrize("rank", [2, 3])
def test_gradient(rank, rng, check_gradients):
    check_gradients(lambda values: geometry.window_sums(values, 2, 2, 2), rng.random((1, *(6,) * rank, 1)))


def test_an_unknown_size_is_taken(rng):
    values = rng.random((1, 9, 8, 1))
    signature = [tf.TensorSpec([None, None, None, 1], tf.float64)]
    sums = tf.function(lambda values: geometry.window_sums(values, 3, 2), input_signature=signature)
    np.testing.assert_allclose(sums(values), brute_force(values, 3, 2, 1), atol=1e-12)


def test_a_window_larger_than_the_array_is_refused():
    with pytest.raises(ValueError, match=r"at least the extent \(9, 9\).*values.shape=\(1, 8, 16, 1\)"):
        geometry.window_sums(tf.zeros([1, 8, 16, 1]), 5, dilation=2)
