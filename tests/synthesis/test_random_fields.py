import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.synthesis import LARGE_RANGE, affine_fields, nonrigid_fields, random_fields


@pytest.mark.parametrize("size", [(16, 24), (8, 12, 16)])
def test_both_is_the_sum_of_the_parts(size):
    indices = tf.range(6, 9)
    affine = affine_fields(size, 42, indices, 1).numpy()
    nonrigid = nonrigid_fields(size, 42, 2, 3, 1, max_displacement=2.0).numpy()
    for kind, expected in [("affine", affine), ("nonrigid", nonrigid), ("both", affine + nonrigid)]:
        fields = random_fields(size, 42, indices, batch_index=2, epoch=1, kind=kind, max_displacement=2.0)
        np.testing.assert_allclose(fields, expected, atol=1e-6)


def test_an_unknown_kind_is_an_error():
    with pytest.raises(ValueError, match="affine, nonrigid, both.*Received: kind='rigid'"):
        random_fields((16, 16), 42, tf.range(1), 0, kind="rigid")


def test_how_far_the_parts_go_can_be_asked_for():
    size, indices = (16, 24), tf.range(6, 9)
    affine = affine_fields(size, 42, indices, 1, LARGE_RANGE).numpy()
    nonrigid = nonrigid_fields(size, 42, 2, 3, 1, 5.0, (6, 8)).numpy()
    wide = {"affine_range": "large", "coarse_points": (6, 8)}
    fields = random_fields(size, 42, indices, 2, 1, "both", 5.0, **wide).numpy()
    np.testing.assert_allclose(fields, affine + nonrigid, atol=1e-5)
    assert np.abs(fields - random_fields(size, 42, indices, 2, 1, "both", 5.0)).max() > 1
    # A part of a batch has the fields of the whole.
    share = random_fields(size, 42, indices[1:2], 2, 1, "both", 5.0, (1, 3), **wide)
    np.testing.assert_allclose(share, fields[1:2], atol=1e-6)
    with pytest.raises(ValueError, match="small, large.*Received: affine_range='huge'"):
        random_fields(size, 42, indices, 2, affine_range="huge")
