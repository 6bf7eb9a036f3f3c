import numpy as np
import tensorflow as tf

from dirv_tf import metrics


def test_the_share_of_the_error_that_was_removed():
    before, after = np.array([4.0, 2.0, 0.0, 0.0]), np.array([1.0, 3.0, 0.0, 5.0])
    np.testing.assert_array_equal(metrics.reduction(before, after), [75.0, -50.0, 0.0, 0.0])


def test_numbers_are_taken_in_double_precision_and_tensors_in_their_own():
    assert float(metrics.reduction(3.0, 1.0)) == 100 * (1 - 1.0 / 3.0)
    assert metrics.reduction(4, 1).dtype == tf.float64 and float(metrics.reduction(4, 1)) == 75
    assert metrics.reduction(tf.constant(3.0), tf.constant(1.0)).dtype == tf.float32
