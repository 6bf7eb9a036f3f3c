"""Averages over the pixels of each image, all or those of a mask."""

from __future__ import annotations

import tensorflow as tf


def pixel_mean(values: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
    """Return the mean over the pixels of each image.

    Parameters
    ----------
    values : tf.Tensor, shape (B, n_1, ..., n_r)
    mask : tf.Tensor or array_like of bool, same shape, optional
        The pixels that count; default all. An image without any has mean 0.

    Returns
    -------
    tf.Tensor, shape (B,)

    Raises
    ------
    ValueError
        If the mask has another shape.
    """
    axes = list(range(1, values.shape.rank))
    # Summed in double precision: a slide has more pixels than single precision can count.
    terms = tf.cast(values, tf.float64)
    if mask is None:
        return tf.cast(tf.reduce_mean(terms, axis=axes), values.dtype)
    inside = checked_mask(mask, values)
    count = tf.cast(tf.math.count_nonzero(inside, axis=axes), tf.float64)
    total = tf.reduce_sum(tf.where(inside, terms, tf.zeros_like(terms)), axis=axes)
    return tf.cast(tf.math.divide_no_nan(total, count), values.dtype)


def pixel_maximum(values: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
    """Return the largest of the values, none of which is negative, as `pixel_mean` does the mean."""
    axes = list(range(1, values.shape.rank))
    inside = values if mask is None else tf.where(checked_mask(mask, values), values, tf.zeros_like(values))
    return tf.reduce_max(inside, axis=axes)


def checked_mask(mask: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """Return a mask as a tensor of bool; raise a ValueError if it does not have the shape of the values."""
    mask = tf.cast(tf.convert_to_tensor(mask), tf.bool)
    if not mask.shape.is_compatible_with(values.shape):
        raise ValueError(f"`mask` must have the shape {values.shape}. Received: mask.shape={mask.shape}")
    return mask
