"""Figures that judge a flow field: endpoint error and folding."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import geometry


def endpoint_error(true: tf.Tensor, predicted: tf.Tensor) -> tf.Tensor:
    """Return the mean Euclidean distance between two flow fields.

    Parameters
    ----------
    true, predicted : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Flow fields in pixels.

    Returns
    -------
    tf.Tensor, shape (B,)
        In pixels.
    """
    distance = tf.norm(tf.convert_to_tensor(predicted) - tf.convert_to_tensor(true), axis=-1)
    return tf.reduce_mean(distance, axis=list(range(1, distance.shape.rank)))


def folded_share(flow_field: tf.Tensor) -> tf.Tensor:
    """Return the share of folded pixels, those with a Jacobian determinant of at most zero.

    Parameters
    ----------
    flow_field : tf.Tensor, shape (B, n_1, ..., n_r, r)
        In pixels.

    Returns
    -------
    tf.Tensor, shape (B,)
        In percent.
    """
    determinant = geometry.jacobian_determinant(flow_field)
    folded = tf.cast(determinant <= 0, determinant.dtype)
    return 100 * tf.reduce_mean(folded, axis=list(range(1, folded.shape.rank)))


def reduction(initial, final):
    """Return ``100 (1 - final / initial)``: the share of the initial error that was removed, in percent; 0 for 0 / 0."""
    return 100 * (1 - tf.math.divide_no_nan(final, initial)) * tf.cast(initial > 0, tf.convert_to_tensor(final).dtype)
