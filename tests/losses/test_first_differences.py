import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import losses


@pytest.mark.parametrize("size", [(8, 9), (5, 6, 7)])
@pytest.mark.parametrize("power", [1, 2])
def test_a_slope_along_one_axis(size, power):
    rank, slope = len(size), -0.4
    field = np.zeros((1, *size, rank))
    field[0, ..., 0] = slope * np.arange(size[0]).reshape(-1, *[1] * (rank - 1))
    np.testing.assert_allclose(losses.first_differences(field, power), abs(slope) ** power / rank**2, rtol=1e-10)


@pytest.mark.parametrize("power, measure", [(1, np.abs), (2, np.square)])
def test_it_agrees_with_numpy(power, measure, rng):
    field = rng.normal(size=(2, 5, 6, 7, 3))
    means = [measure(np.diff(field, axis=axis)).mean(axis=(1, 2, 3, 4)) for axis in (1, 2, 3)]
    np.testing.assert_allclose(losses.first_differences(field, power), np.mean(means, axis=0), rtol=1e-10)


def test_a_constant_field_has_none():
    np.testing.assert_array_equal(losses.first_differences(tf.ones([2, 4, 4, 2])), [0, 0])


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("power", [1, 2])
def test_gradient(rank, power, rng, check_gradients):
    field = rng.normal(size=(2, *(4,) * rank, rank))
    check_gradients(lambda field: losses.first_differences(field, power), field)


def test_the_power_is_checked():
    with pytest.raises(ValueError, match="Received: power=3"):
        losses.first_differences(tf.zeros([1, 4, 4, 2]), 3)
