import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import losses


def test_the_measures_are_those_of_their_names(rng):
    fixed, registered = (tf.constant(rng.random((2, 64, 80, 1)), tf.float32) for _ in range(2))
    expected = {
        "mse": tf.reduce_mean(tf.square(fixed - registered), axis=[1, 2, 3]),
        "ncc": -losses.global_correlation(fixed, registered),
        "lncc": 1 - losses.local_correlation(fixed, registered),
        "mk_lncc": losses.multi_kernel_correlation(fixed, registered, [(0.3, 16, 4, 2), (0.7, 32, 8, 2)]),
        "mind": losses.self_similarity_difference(fixed, registered),
    }
    for name, value in expected.items():
        np.testing.assert_array_equal(losses.image_dissimilarity(fixed, registered, name), value, name)


def test_an_unknown_measure_is_named():
    with pytest.raises(ValueError, match="`similarity` must be one of mse, ncc, lncc, mk_lncc, mind. Received: .*'ssd'"):
        losses.image_dissimilarity(tf.zeros([1, 8, 8, 1]), tf.zeros([1, 8, 8, 1]), "ssd")
