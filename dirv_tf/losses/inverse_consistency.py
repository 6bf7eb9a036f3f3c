"""Inverse consistency of two fields."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.geometry.composition import compose


def inverse_consistency(forward: tf.Tensor, backward: tf.Tensor, normalized: bool = False) -> tf.Tensor:
    """Return the mean squared length of what is left of every pixel's way forth and back.

    Parameters
    ----------
    forward : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Field that registers moving to fixed, on the grid of the fixed image, pixels.
    backward : tf.Tensor, shape (B, m_1, ..., m_r, r)
        Field that registers fixed to moving, on the grid of the moving image.
    normalized : bool
        Whether lengths are in units of the side of each axis, from the first pixel to the last, instead of pixels;
        every side is then at least 2 pixels.

    Returns
    -------
    tf.Tensor, shape (B,)
        Squared pixels or squared units; 0 where the fields are inverse to each other.

    Examples
    --------
    >>> shift = tf.ones([1, 8, 8, 2])
    >>> float(inverse_consistency(shift, -shift)[0]), float(inverse_consistency(shift, shift)[0])
    (0.0, 8.0)
    """
    forward = tf.convert_to_tensor(forward)
    left = compose(first=tf.convert_to_tensor(backward), second=forward)
    if normalized:
        left /= tf.cast(tf.shape(left)[1:-1] - 1, left.dtype)
    squares = tf.reduce_sum(tf.square(left), axis=-1)
    return tf.reduce_mean(squares, axis=list(range(1, squares.shape.rank)))
