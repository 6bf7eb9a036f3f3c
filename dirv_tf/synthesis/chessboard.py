"""Gradient chessboards: images made of square cells in two shaded colors."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf.synthesis import random_keys

# Rounding of the interpolated shade must not cost a gray level in the floor below.
_ROUNDING_GUARD = 1e-4


def chessboard_images(
    size: Sequence[int], seed: int, indices: tf.Tensor, cell_range: Sequence[int] = (6, 10)
) -> tf.Tensor:
    """Draw gradient chessboards (thesis Section 6.2).

    Square (cubic) cells start at the origin; the last row of cells along every axis takes the remainder, so it is
    wider than the others unless the side is a multiple of the cell. Even and odd cells each have a shade interpolated
    multilinearly over the cell index between random corner values of 0 to 254, floored to 8 bit.

    Parameters
    ----------
    size : sequence of int, length r
        Image sides in pixels.
    seed : int
        From 0 to 2^64 - 1.
    indices : tf.Tensor, shape (B,), integer
        Numbers of the images.
    cell_range : sequence of int, length 2
        Cell sides in pixels are the integers ``cell_range[0]`` to ``cell_range[1] - 1``, one per image.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, 1), float32
        Multiples of 1/255 from 0 to 254/255. The same in every epoch.
    """
    rank = len(size)
    keys = random_keys.fold(random_keys.stream_key(seed, random_keys.IMAGES), indices)
    corners = 2**rank
    uniforms = random_keys.uniform(keys, 1 + 2 * corners)
    cells = random_keys.integers(uniforms[:, :1], *cell_range)
    shades = tf.cast(random_keys.integers(uniforms[:, 1:], 0, 255), tf.float32)
    shades = tf.reshape(shades, [-1, 2] + [2] * rank)
    parity = tf.zeros([1] * (rank + 1), tf.int32)
    for axis, side in enumerate(size):
        last = tf.maximum(side // cells, 1) - 1
        numbers = tf.minimum(tf.range(side)[None] // cells, last)
        weights = numbers / tf.maximum(last, 1)
        shape = [-1] + [1] * axis + [side] + [1] * (rank - 1 - axis)
        parity += tf.reshape(numbers, shape)
        weights = tf.reshape(tf.cast(weights, tf.float32), [-1, 1, *shape[1:]])
        low, high = tf.split(shades, 2, axis=2 + axis)
        shades = low + (high - low) * weights
    shade = tf.where(parity % 2 == 0, shades[:, 0], shades[:, 1])
    return (tf.floor(shade + _ROUNDING_GUARD) / 255.0)[..., None]
