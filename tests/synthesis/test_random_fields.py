import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.synthesis import affine_fields, nonrigid_fields, random_fields


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
