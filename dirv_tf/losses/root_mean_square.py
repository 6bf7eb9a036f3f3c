"""The error that displacements and intensities share (thesis 4.7)."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.losses.arguments import alike_tensors

# Below this mean square (in px² or intensity²) the root is cut off, so that its gradient stays finite at zero.
_SMALLEST_SQUARE = 1e-12


def root_mean_square_error(true: tf.Tensor, predicted: tf.Tensor) -> tf.Tensor:
    """Average ``sqrt(mean_i (predicted_i - true_i)²)`` over all positions of each image.

    Parameters
    ----------
    true, predicted : tf.Tensor or array_like, shape (B, n_1, ..., n_r, C)

    Returns
    -------
    tf.Tensor, shape (B,)
        In the unit of the arguments; float64 where `predicted` is, else float32. The gradient is finite everywhere,
        and no position counts less than 1e-6.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> from dirv_tf import losses
    >>> float(losses.root_mean_square_error(np.zeros((1, 4, 4, 2)), np.full((1, 4, 4, 2), 3.0))[0])
    3.0
    """
    true, predicted = alike_tensors(true, predicted, ("true", "predicted"))
    squares = tf.reduce_mean(tf.square(predicted - true), axis=-1)
    roots = tf.sqrt(tf.maximum(squares, _SMALLEST_SQUARE))
    return tf.reduce_mean(roots, axis=list(range(1, roots.shape.rank)))
