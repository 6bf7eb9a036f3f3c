"""Random non-rigid flow fields: smoothed noise on a coarse grid, per batch."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf.synthesis import random_keys

# Pixels: lower end of the interval of the maximum, and what is cropped off every border, where zero padding shows.
LOWEST_MAXIMUM = 0.1
CROP = 5
COARSE_POINTS = (30, 34)
# Size and standard deviation in coarse grid points, in the order of application.
GAUSSIANS = ((9, 3.0), (5, 2.0))


def _gaussian_matrix(points, size, deviation):
    """Return the Gaussian smoothing with zero padding as a matrix (points, points)."""
    taps = tf.range(size, dtype=tf.float32) - (size - 1) / 2
    total = tf.reduce_sum(tf.exp(-0.5 * (taps / deviation) ** 2))
    positions = tf.range(points, dtype=tf.float32)
    distances = positions[:, None] - positions[None]
    weights = tf.exp(-0.5 * (distances / deviation) ** 2) / total
    return tf.where(tf.abs(distances) <= (size - 1) / 2, weights, 0.0)


def _resize_matrix(points, side):
    """Return the linear resize to `side` + 2 CROP pixels, cropped, as a matrix (side, points)."""
    scale = tf.cast(points, tf.float32) / (side + 2 * CROP)
    centers = (tf.range(side, dtype=tf.float32) + CROP + 0.5) * scale - 0.5
    last = tf.cast(points, tf.float32) - 1.0
    centers = tf.clip_by_value(centers, 0.0, last)
    distances = centers[:, None] - tf.range(points, dtype=tf.float32)[None]
    return tf.maximum(1.0 - tf.abs(distances), 0.0)


def _apply_along_axes(matrices, values):
    """Multiply every axis but the first of `values` (L, c_1, ..., c_r) by its matrix (n_i, c_i)."""
    leading = tf.shape(values)[0]
    sides = [matrix.shape[0] for matrix in matrices]
    after = 1
    for axis in reversed(range(len(matrices))):
        matrix, points = matrices[axis], tf.shape(matrices[axis])[1]
        if after == 1:
            values = tf.reshape(values, [-1, points])
            values = tf.matmul(values, matrix, transpose_b=True)
        else:
            values = tf.matmul(matrix, tf.reshape(values, [-1, points, after]))
        after *= sides[axis]
    return tf.reshape(values, [leading, *sides])


def nonrigid_fields(
    size: Sequence[int],
    seed: int,
    batch_index: int | tf.Tensor,
    batch_size: int | tf.Tensor,
    epoch: int | tf.Tensor = 0,
    max_displacement: float = 6.0,
    coarse_points: Sequence[int] = COARSE_POINTS,
) -> tf.Tensor:
    """Draw smooth random flow fields, one batch at a time (thesis Section 5.4).

    Uniform noise on a coarse grid, within a maximum drawn once per batch from [0.1, `max_displacement`), is smoothed
    by two Gaussians with zero padding, resized linearly to the image plus 5 pixels at every border and cropped. The
    batch is then rescaled so that its largest absolute component is again the largest before smoothing.

    Parameters
    ----------
    size : sequence of int, length r
        Image sides in pixels.
    seed : int
        From 0 to 2^64 - 1.
    batch_index : int or tf.Tensor, shape (), integer
        Number of the batch.
    batch_size : int or tf.Tensor, shape (), integer
        Number of fields B.
    epoch : int or tf.Tensor, shape (), integer
        Number of the epoch.
    max_displacement : float
        Upper limit of the displacement components in pixels.
    coarse_points : sequence of int, length 2
        Fewest and most points of the coarse grid, both included, drawn for every axis. More points give more
        complex fields.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, r), float32
        Flow fields in pixels.
    """
    rank = len(size)
    key = random_keys.fold(random_keys.stream_key(seed, random_keys.NONRIGID, epoch), batch_index)
    draws = random_keys.uniform(key[None], 1 + rank)[0]
    largest = random_keys.between(draws[0], LOWEST_MAXIMUM, float(max_displacement))
    fewest, most = coarse_points
    points = random_keys.integers(draws[1:], fewest, most + 1)

    matrices = []
    for axis, side in enumerate(size):
        matrix = _resize_matrix(points[axis], side)
        for gaussian in reversed(GAUSSIANS):
            matrix = tf.matmul(matrix, _gaussian_matrix(points[axis], *gaussian))
        matrices.append(matrix)
    # Components lead, so that every product below is one over whole grid lines.
    noise = tf.random.stateless_uniform(
        tf.concat([[rank * batch_size], points], axis=0),
        random_keys.stateless_seed(key),
        minval=-largest,
        maxval=largest,
    )
    fields = _apply_along_axes(matrices, noise)
    fields *= tf.reduce_max(tf.abs(noise)) / tf.reduce_max(tf.abs(fields))
    fields = tf.reshape(fields, [rank, batch_size, *size])
    return tf.stack(tf.unstack(fields, rank, axis=0), axis=-1)
