"""Terms on affine maps: their distance from the identity, and from being inverse to each other."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.geometry.affine import compose_affine


def affine_deviation(matrix: tf.Tensor, translation: tf.Tensor) -> tf.Tensor:
    """Return how far affine maps are from the identity: ``||A - I||^2 + ||b||^2``, with the Frobenius norm.

    Parameters
    ----------
    matrix : tf.Tensor, shape (B, r, r)
    translation : tf.Tensor, shape (B, r)

    Returns
    -------
    tf.Tensor, shape (B,)

    Examples
    --------
    >>> round(float(affine_deviation(1.1 * tf.eye(2)[None], tf.zeros([1, 2]))[0]), 6)
    0.02
    """
    matrix = tf.convert_to_tensor(matrix)
    difference = matrix - tf.eye(matrix.shape[-1], dtype=matrix.dtype)
    squares = tf.reduce_sum(tf.square(difference), axis=[1, 2])
    return squares + tf.reduce_sum(tf.square(tf.convert_to_tensor(translation)), axis=1)


def affine_inverse_consistency(
    forward: tuple[tf.Tensor, tf.Tensor], backward: tuple[tf.Tensor, tf.Tensor]
) -> tf.Tensor:
    """Return how far two affine maps are from being inverse to each other: ``||A_b A - I||^2 + ||A_b b + b_b||^2``.

    Parameters
    ----------
    forward, backward : pair of tf.Tensor, shapes (B, r, r) and (B, r)
        Matrix and translation of the map that registers moving to fixed, and of that for the other direction.

    Returns
    -------
    tf.Tensor, shape (B,)

    References
    ----------
    Shen et al., "Networks for joint affine and non-parametric image registration", CVPR 2019.

    Examples
    --------
    >>> double, half = ((scale * tf.eye(2)[None], tf.zeros([1, 2])) for scale in (2.0, 0.5))
    >>> float(affine_inverse_consistency(double, half)[0])
    0.0
    """
    return affine_deviation(*compose_affine(first=backward, second=forward))
