"""The square root with a finite gradient at zero."""

from __future__ import annotations

import tensorflow as tf


def finite_root(squares: tf.Tensor) -> tf.Tensor:
    """Return the square roots of numbers from 0 on; the gradient at 0 is 0 in place of infinity.

    Parameters
    ----------
    squares : tf.Tensor

    Returns
    -------
    tf.Tensor, same shape
    """
    positive = squares > 0
    # The inner choice keeps the infinite slope out of the gradient, which the outer one would turn into NaN.
    return tf.where(positive, tf.sqrt(tf.where(positive, squares, tf.ones_like(squares))), tf.zeros_like(squares))
