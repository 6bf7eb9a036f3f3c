"""Pairs one image of which looks as another stain or scanner would show it."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import synthesis
from dirv_tf.synthesis import random_keys


def one_in_other_intensities(
    fixed: tf.Tensor, moving: tf.Tensor, seed: int, indices: tf.Tensor, epoch: int | tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Give one image of each pair, the fixed or the moving one by chance, other intensities.

    Parameters
    ----------
    fixed, moving : tf.Tensor, shape (B, n_1, ..., n_r, 1), float32
        Intensities in [0, 1].
    seed, indices, epoch
        Numbers of the pairs, see `synthesis.change_appearance`.

    Returns
    -------
    fixed, moving : tf.Tensor, as given
    """
    keys = random_keys.fold(random_keys.stream_key(seed, random_keys.APPEARANCE, epoch), indices)
    # Of a number of their own: what an image becomes does not depend on which one of its pair it is.
    chance = random_keys.uniform(random_keys.fold(keys, 1), 1)
    is_fixed = tf.reshape(chance < 0.5, [-1] + [1] * (fixed.shape.rank - 1))
    changed = synthesis.change_appearance(tf.where(is_fixed, fixed, moving), seed, indices, epoch)
    return tf.where(is_fixed, changed, fixed), tf.where(is_fixed, moving, changed)
