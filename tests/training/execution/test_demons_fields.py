"""The classical method whose fields are judged in trainings: it registers, and not always equally well."""

import numpy as np
import tensorflow as tf

from dirv_tf.datasets import ShapePairs
from dirv_tf.metrics import endpoint_error
from dirv_tf.training.execution.demons_fields import demons_fields


def test_it_removes_most_of_the_error_and_the_seed_says_how_well():
    (fixed, moving), true = ShapePairs((48, 40), count=6, batch_size=6).frozen_batch()
    before = endpoint_error(true, tf.zeros_like(true)).numpy().mean()
    left = []
    for number in range(3):
        fields = demons_fields(fixed, moving, tf.constant([number, 3]))
        assert fields.shape == true.shape and np.isfinite(fields).all()
        left.append(endpoint_error(true, fields).numpy().mean() / before)
    assert max(left) < 0.7 and max(left) - min(left) > 0.01
    np.testing.assert_allclose(demons_fields(fixed[:2], moving[:2], tf.constant([2, 3])), fields[:2], atol=1e-3)


def test_equal_images_stay_where_they_are_and_volumes_are_registered():
    (fixed, moving), true = ShapePairs((16, 16, 16), count=1, batch_size=1).frozen_batch()
    seed = tf.constant([1, 2])
    assert not demons_fields(fixed, fixed, seed).numpy().any()
    left = endpoint_error(true, demons_fields(fixed, moving, seed)).numpy().mean()
    assert left < endpoint_error(true, tf.zeros_like(true)).numpy().mean()
