import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry

SIZES = {2: (16, 12), 3: (8, 12, 4)}


@pytest.mark.parametrize("rank", [2, 3])
def test_every_coarse_pixel_is_the_mean_of_its_cell(rank, rng):
    values = rng.random((2, *SIZES[rank], 3))
    pooled = geometry.average_pool(values, 4)
    cells = values.reshape(2, *(part for n in SIZES[rank] for part in (n // 4, 4)), 3)
    np.testing.assert_allclose(pooled, cells.mean(axis=tuple(range(2, 2 * rank + 1, 2))), atol=1e-12)
    np.testing.assert_allclose(pooled, geometry.average_pool(geometry.average_pool(values, 2), 2), atol=1e-12)


def test_one_factor_per_axis(rng):
    values = rng.random((1, 4, 6, 1))
    expected = values.reshape(1, 2, 2, 2, 3, 1).mean(axis=(2, 4))
    np.testing.assert_allclose(geometry.average_pool(values, (2, 3)), expected, atol=1e-12)


@pytest.mark.parametrize("rank", [2, 3])
def test_gradient(rank, rng, check_gradients):
    check_gradients(lambda values: geometry.average_pool(values, 2), rng.random((1, *(4,) * rank, 2)))


def test_an_unknown_size_is_taken():
    pool = tf.function(
        lambda values: geometry.average_pool(values, 2), input_signature=[tf.TensorSpec([None, None, None, 1])]
    )
    assert pool(tf.ones([1, 4, 6, 1])).shape == (1, 2, 3, 1)


def test_a_side_that_is_no_multiple_is_refused():
    with pytest.raises(ValueError, match=r"multiple of the factor \(4, 4\). Received: values.shape=\(1, 8, 6, 1\)"):
        geometry.average_pool(tf.zeros([1, 8, 6, 1]), 4)
