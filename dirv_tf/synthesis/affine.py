"""Random affine flow fields."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from dirv_tf.geometry import rotation_matrices
from dirv_tf.synthesis import random_keys


class AffineRange(NamedTuple):
    """How far random affine transformations go; the defaults are those of thesis Section 5.4.

    Attributes
    ----------
    translation, center : float or sequence of float, length r
        Largest translation, and offset of the center from that of the image, along an axis; pixels.
    angle : float
        Largest rotation in a coordinate plane; radians.
    shear : float
        Largest off-diagonal entry.
    scales : pair of pairs of float
        Two intervals, of which a transformation takes one by chance.
    """

    translation: float | Sequence[float] = 2.0
    center: float | Sequence[float] = 2.0
    angle: float = math.radians(1.5)
    shear: float = 0.04
    scales: tuple[tuple[float, float], tuple[float, float]] = ((0.98, 1.04), (0.96, 1.02))


SMALL_RANGE = AffineRange()
# What a network has to turn, not only to shift.
LARGE_RANGE = AffineRange(translation=8.0, angle=math.radians(20), shear=0.1, scales=((0.8, 1.25), (0.8, 1.25)))


def affine_parameters(
    rank: int, seed: int, indices: tf.Tensor, epoch: int | tf.Tensor = 0, limits: AffineRange = SMALL_RANGE
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Draw random affine transformations (thesis Section 5.4).

    A transformation maps ``x`` to ``matrix (x - center) + center + translation``. The matrix is the product of a
    rotation (one angle in 2D, one per coordinate plane in 3D), a shear and a scaling of every axis, multiplied in
    random order, all within the limits. The scales of an image come from one of two intervals, with equal chances.

    Parameters
    ----------
    rank : int
        Number of axes r.
    seed : int
        From 0 to 2^64 - 1.
    indices : tf.Tensor, shape (B,), integer
        Numbers of the images.
    epoch : int or tf.Tensor, shape (), integer
        Number of the epoch.
    limits : AffineRange
        How far they go.

    Returns
    -------
    matrices : tf.Tensor, shape (B, r, r), float32
    translations : tf.Tensor, shape (B, r), float32
        Pixels.
    center_offsets : tf.Tensor, shape (B, r), float32
        Center of the transformation minus center of the image, pixels.
    """
    between = random_keys.between
    keys = random_keys.fold(random_keys.stream_key(seed, random_keys.AFFINE, epoch), indices)
    planes, shears = rank * (rank - 1) // 2, rank * (rank - 1)
    counts = [rank, planes, shears, rank, 1, rank, 1]
    translation, angle, shear, scale, interval, center, order = tf.split(
        random_keys.uniform(keys, sum(counts)), counts, axis=1
    )
    rotations = rotation_matrices(between(angle, -float(limits.angle), float(limits.angle)), rank)

    off_diagonal = np.zeros((shears, rank * rank), np.float32)
    off_diagonal[range(shears), np.flatnonzero(1 - np.eye(rank))] = 1.0
    shear = tf.matmul(between(shear, -limits.shear, limits.shear), off_diagonal)
    shears = tf.eye(rank) + tf.reshape(shear, [-1, rank, rank])

    low, high = tf.unstack(tf.where(interval[..., None] < 0.5, *np.array(limits.scales, np.float32)), axis=-1)
    scalings = tf.linalg.diag(between(scale, low, high))

    orders = tf.constant(list(itertools.permutations(range(3))))
    chosen = tf.gather(orders, random_keys.integers(order[:, 0], 0, 6))
    factors = tf.gather(tf.stack([rotations, shears, scalings], axis=1), chosen, batch_dims=1)
    matrices = tf.matmul(tf.matmul(factors[:, 0], factors[:, 1]), factors[:, 2])
    farthest, center_farthest = (np.array(each, np.float32) for each in (limits.translation, limits.center))
    return matrices, between(translation, -farthest, farthest), between(center, -center_farthest, center_farthest)


def affine_fields(
    size: Sequence[int],
    seed: int,
    indices: tf.Tensor,
    epoch: int | tf.Tensor = 0,
    limits: AffineRange = SMALL_RANGE,
) -> tf.Tensor:
    """Draw flow fields of random affine transformations (thesis Section 5.4).

    The field is the inverse of the transformation of `affine_parameters` minus the identity. Its parameters do not
    depend on the image size, so larger images have larger displacements at their borders.

    Parameters
    ----------
    size : sequence of int, length r
        Image sides in pixels.
    seed : int
        From 0 to 2^64 - 1.
    indices : tf.Tensor, shape (B,), integer
        Numbers of the images.
    epoch : int or tf.Tensor, shape (), integer
        Number of the epoch.
    limits : AffineRange
        How far the transformations go.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, r), float32
        Flow fields in pixels.
    """
    return linear_fields(size, *affine_parameters(len(size), seed, indices, epoch, limits))


def linear_fields(
    size: Sequence[int], matrices: tf.Tensor, translations: tf.Tensor, center_offsets: tf.Tensor
) -> tf.Tensor:
    """Return the flow fields of affine transformations: their inverses minus the identity.

    Parameters
    ----------
    size : sequence of int, length r
        Image sides in pixels.
    matrices, translations, center_offsets : tf.Tensor
        As `affine_parameters` returns them.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, r), float32
        Flow fields in pixels.
    """
    rank = len(size)
    inverses = tf.linalg.inv(matrices)
    gradients = inverses - tf.eye(rank)
    constants = -tf.linalg.matvec(inverses, translations)
    # A linear function is a sum over the axes: no product with every pixel needed.
    fields = tf.reshape(constants, [-1] + [1] * rank + [rank])
    for axis, side in enumerate(size):
        positions = tf.range(side, dtype=tf.float32) - (side - 1) / 2 - center_offsets[:, axis, None]
        terms = positions[:, :, None] * gradients[:, None, :, axis]
        shape = [-1] + [1] * axis + [side] + [1] * (rank - 1 - axis) + [rank]
        fields += tf.reshape(terms, shape)
    return fields
