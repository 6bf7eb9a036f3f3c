import itertools

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.synthesis import LARGE_RANGE, AffineRange, affine_fields
from dirv_tf.synthesis.affine import affine_parameters


@pytest.mark.parametrize("size", [(40, 56), (16, 24, 20)])
def test_fields_invert_the_transformation(size):
    indices = tf.range(12)
    fields = affine_fields(size, 42, indices, epoch=3).numpy().astype(np.float64)
    matrices, translations, offsets = (
        x.numpy().astype(np.float64) for x in affine_parameters(len(size), 42, indices, epoch=3)
    )
    random = np.random.default_rng(0)
    for field, matrix, translation, offset in zip(fields, matrices, translations, offsets):
        center = (np.array(size) - 1) / 2 + offset
        for pixel in random.integers(0, size, (20, len(size))):
            expected = np.linalg.inv(matrix) @ (pixel - translation - center) + center - pixel
            np.testing.assert_allclose(field[tuple(pixel)], expected, atol=1e-5)


@pytest.mark.parametrize("rank", [2, 3])
def test_parameters_stay_within_their_limits(rank):
    matrices, translations, offsets = (x.numpy() for x in affine_parameters(rank, 42, tf.range(4000)))
    assert matrices.shape == (4000, rank, rank)
    for vectors in (translations, offsets):
        assert vectors.shape == (4000, rank)
        np.testing.assert_allclose(vectors.min(0), -2, atol=0.01)
        np.testing.assert_allclose(vectors.max(0), 2, atol=0.01)
    # Shear adds at most 0.04 (r - 1) and a rotation sin(1.5 degrees) per plane off the diagonal, before the scaling.
    off_diagonal = matrices[:, ~np.eye(rank, dtype=bool)]
    bound = 1.04 * (0.04 + np.sin(np.deg2rad(1.5))) if rank == 2 else 0.08
    assert 0.055 < np.abs(off_diagonal).max() <= bound
    # The two intervals of the scales overlap in [0.98, 1.02] and their mean is 1.
    diagonal = np.diagonal(matrices, axis1=1, axis2=2)
    assert abs(diagonal.mean() - 1) < 0.002
    assert 0.955 < diagonal.min() < 0.965 and 1.035 < diagonal.max() < 1.045


def _products(rotation, shear, scaling):
    return [a @ b @ c for a, b, c in itertools.permutations((rotation, shear, scaling))]


def test_factors_are_multiplied_in_every_order(monkeypatch):
    from dirv_tf.synthesis import random_keys

    draws = [0.3, 0.7, 0.9, 0.8, 0.1, 0.2, 0.9, 0.3, 0.5, 0.5]

    def same_draws(keys, count):
        count_orders = tf.shape(keys)[0]
        orders = (tf.range(6, dtype=tf.float32)[:, None] + 0.5) / 6
        return tf.concat([tf.tile(tf.constant([draws]), [count_orders, 1]), orders], axis=1)[:, :count]

    monkeypatch.setattr(random_keys, "uniform", same_draws)
    matrices = affine_parameters(2, 0, tf.range(6))[0].numpy()
    angle = np.deg2rad(-1.5 + 3 * 0.9)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1, -0.04 + 0.08 * 0.8], [-0.04 + 0.08 * 0.1, 1]])
    scaling = np.diag([0.98 + 0.06 * 0.2, 0.98 + 0.06 * 0.9])
    np.testing.assert_allclose(matrices, _products(rotation, shear, scaling), atol=1e-6)


def test_a_field_does_not_depend_on_its_batch():
    together = affine_fields((16, 16, 16), 42, tf.range(5), epoch=1).numpy()
    alone = affine_fields((16, 16, 16), 42, tf.constant([3]), epoch=1).numpy()
    np.testing.assert_array_equal(alone, together[3:4])
    assert (affine_fields((16, 16, 16), 42, tf.range(5), epoch=2).numpy() != together).any(axis=(1, 2, 3, 4)).all()


@pytest.mark.parametrize("rank", [2, 3])
def test_a_wider_range_reaches_its_limits_and_no_farther(rank):
    matrices, translations, offsets = (
        x.numpy() for x in affine_parameters(rank, 42, tf.range(4000), limits=LARGE_RANGE)
    )
    assert 7.9 < np.abs(translations).max() <= 8 and 1.9 < np.abs(offsets).max() <= 2
    # Shears multiply volumes by little: scales between 0.8 and 1.25 per axis, uniformly drawn.
    determinants = np.linalg.det(matrices)
    assert 0.8**rank * 0.97 < determinants.min() and determinants.max() < 1.25**rank * 1.03
    assert abs(determinants.mean() - 1.025**rank) < 0.02
    if rank == 2:
        # The angle of the nearest rotation: at most that of the rotation and what a shear turns by.
        angles = np.rad2deg(np.arctan2(matrices[:, 1, 0] - matrices[:, 0, 1], matrices[:, 0, 0] + matrices[:, 1, 1]))
        assert 19 < np.abs(angles).max() < 27


def test_the_range_is_the_only_difference():
    small = affine_parameters(2, 42, tf.range(50))
    for one, two in zip(small, affine_parameters(2, 42, tf.range(50), limits=AffineRange())):
        np.testing.assert_array_equal(one, two)
    wide = affine_parameters(2, 42, tf.range(50), limits=AffineRange(translation=8.0))
    np.testing.assert_allclose(wide[1], 4 * small[1], rtol=1e-5)
    np.testing.assert_array_equal(wide[0], small[0])
