"""Means over the pixels of a mask."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.losses.arguments import floating_tensor


def masked_mean(values: tf.Tensor, mask: tf.Tensor | None, keepdims: bool = False) -> tf.Tensor:
    """Return the mean over pixels and channels, ``sum_p m_p mean_c v_pc / sum_p m_p``.

    Parameters
    ----------
    values : tf.Tensor, shape (B, n_1, ..., n_r, C)
    mask : tf.Tensor, shape (B, n_1, ..., n_r, 1), or None
        From 0 to 1; None: all pixels count.
    keepdims : bool
        Whether the axes of the pixels and channels stay, with length 1.

    Returns
    -------
    tf.Tensor, shape (B,) or (B, 1, ..., 1)
        0 for a mask of nothing.
    """
    axes = list(range(1, values.shape.rank))
    if mask is None:
        return tf.reduce_mean(values, axis=axes, keepdims=keepdims)
    total = tf.reduce_sum(mask * tf.reduce_mean(values, axis=-1, keepdims=True), axis=axes, keepdims=keepdims)
    return tf.math.divide_no_nan(total, tf.reduce_sum(mask, axis=axes, keepdims=keepdims))


def mask_of(images: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Return a mask in the precision of the images, (B, n_1, ..., n_r, 1).

    Raises
    ------
    ValueError
        If it does not have the size of the images and one channel.
    """
    mask = tf.cast(floating_tensor(mask), images.dtype)
    if not mask.shape.is_compatible_with([*images.shape[:-1], 1]):
        raise ValueError(
            f"`mask` must have the shape of the images with one channel, {(*images.shape[:-1], 1)}. "
            f"Received: mask.shape={mask.shape}"
        )
    return mask
