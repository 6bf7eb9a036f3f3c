"""Global normalized cross-correlation."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.geometry.tensor_shapes import spatial_rank
from dirv_tf.losses.masked_mean import masked_mean

_SMALLEST = 1e-8


def global_correlation(fixed: tf.Tensor, registered: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
    """Return the normalized cross-correlation of every pair; a loss is its negative.

    ``sum (F - mean F)(W - mean W) / sqrt(sum (F - mean F)² sum (W - mean W)² + 1e-8)``, sums over pixels and channels.

    Parameters
    ----------
    fixed, registered : tf.Tensor, shape (B, n_1, ..., n_r, C)
    mask : tf.Tensor, shape (B, n_1, ..., n_r, 1), optional
        Weights of the pixels in all sums and means, from 0 to 1.

    Returns
    -------
    tf.Tensor, shape (B,)
        In [-1, 1]; 0 and a finite gradient where an image is flat.

    Examples
    --------
    >>> image = tf.random.uniform([1, 8, 8, 1])
    >>> float(global_correlation(image, 1 - 0.5 * image)[0]) < -0.999
    True
    """
    fixed, registered = tf.convert_to_tensor(fixed), tf.convert_to_tensor(registered)
    axes = list(range(1, spatial_rank(fixed, "fixed") + 2))
    fixed, registered = (image - masked_mean(image, mask, keepdims=True) for image in (fixed, registered))
    if mask is not None:
        # The roots of the weights, whose products are in every sum.
        fixed, registered = tf.sqrt(mask) * fixed, tf.sqrt(mask) * registered
    squares = tf.reduce_sum(tf.square(fixed), axis=axes) * tf.reduce_sum(tf.square(registered), axis=axes)
    return tf.reduce_sum(fixed * registered, axis=axes) / tf.sqrt(squares + _SMALLEST)
