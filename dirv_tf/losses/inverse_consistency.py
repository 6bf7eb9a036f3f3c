"""Inverse consistency of two fields."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.geometry.composition import compose


def inverse_consistency(forward: tf.Tensor, backward: tf.Tensor) -> tf.Tensor:
    """Return the mean squared length of what is left of every pixel's way forth and back, pixels².

    Parameters
    ----------
    forward : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Field that registers moving to fixed, on the grid of the fixed image, pixels.
    backward : tf.Tensor, shape (B, m_1, ..., m_r, r)
        Field that registers fixed to moving, on the grid of the moving image.

    Returns
    -------
    tf.Tensor, shape (B,)
        0 where the fields are inverse to each other.

    Examples
    --------
    >>> shift = tf.ones([1, 8, 8, 2])
    >>> float(inverse_consistency(shift, -shift)[0]), float(inverse_consistency(shift, shift)[0])
    (0.0, 8.0)
    """
    forward = tf.convert_to_tensor(forward)
    left = compose(first=tf.convert_to_tensor(backward), second=forward)
    squares = tf.reduce_sum(tf.square(left), axis=-1)
    return tf.reduce_mean(squares, axis=list(range(1, squares.shape.rank)))
