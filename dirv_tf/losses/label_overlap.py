"""Overlap of labels."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.losses.arguments import alike_tensors

_SMALLEST = 1e-5


def soft_dice(fixed: tf.Tensor, warped: tf.Tensor) -> tf.Tensor:
    """Return one minus the soft Dice coefficient: ``1 - mean_l 2 sum_p a_l b_l / (sum_p a_l + sum_p b_l + 1e-5)``.

    Parameters
    ----------
    fixed : tf.Tensor or array_like, shape (B, n_1, ..., n_r, L)
        Labels of the fixed image, one channel per label, from 0 to 1, the background left out.
    warped : tf.Tensor or array_like, same shape
        Those of the moving image, warped linearly (`dirv_tf.geometry.warp_image`): the nearest neighbor passes no
        gradient.

    Returns
    -------
    tf.Tensor, shape (B,)
        From 0, equal, to 1, disjoint. A label that the fixed image lacks cannot be moved onto anything: it does not
        count in the mean. 0 where the fixed image has none.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> labels = tf.one_hot([[[0, 0], [1, 1]]], 2)
    >>> round(float(soft_dice(labels, labels)[0]), 4), float(soft_dice(labels, 1 - labels)[0])
    (0.0, 1.0)
    """
    fixed, warped = alike_tensors(fixed, warped, ("fixed", "warped"))
    axes = list(range(1, fixed.shape.rank - 1))
    sums = [tf.reduce_sum(each, axis=axes) for each in (fixed, warped, fixed * warped)]
    dice = 2 * sums[2] / (sums[0] + sums[1] + _SMALLEST)
    there = tf.cast(sums[0] > 0, dice.dtype)
    return tf.math.divide_no_nan(tf.reduce_sum(there * (1 - dice), axis=-1), tf.reduce_sum(there, axis=-1))
