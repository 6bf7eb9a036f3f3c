import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry, losses


@pytest.mark.parametrize(("rank", "expected"), [(2, 0.02), (3, 0.03)])
def test_deviation_of_a_scaling(rank, expected):
    assert float(losses.affine_deviation(1.1 * tf.eye(rank)[None], tf.zeros([1, rank]))[0]) == pytest.approx(expected)


def test_deviation_of_a_rotation_and_a_translation():
    rotation = geometry.rotation_matrices(tf.constant([[np.pi / 6]], tf.float64), 2)
    found = losses.affine_deviation(rotation, tf.constant([[0.3, -0.4]], tf.float64))
    assert float(found[0]) == pytest.approx(0.5359 + 0.25, abs=1e-4)


def test_inverse_consistency_of_maps(rng):
    scaling = 1.1 * tf.eye(2)[None], tf.zeros([1, 2])
    assert 10 * float(losses.affine_inverse_consistency(scaling, scaling)[0]) == pytest.approx(0.882)
    matrix, translation = np.eye(3) + 0.2 * rng.normal(size=(2, 3, 3)), rng.normal(size=(2, 3))
    inverse = np.linalg.inv(matrix)
    back = inverse, -np.einsum("bij,bj->bi", inverse, translation)
    np.testing.assert_allclose(losses.affine_inverse_consistency((matrix, translation), back), 0, atol=1e-12)
    moved = losses.affine_inverse_consistency((matrix, translation), (inverse, back[1] + [0.3, 0.0, 0.4]))
    np.testing.assert_allclose(moved, 0.25, atol=1e-12)
