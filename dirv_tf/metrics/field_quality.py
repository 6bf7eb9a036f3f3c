"""Figures that judge a flow field: endpoint error, folding and evenness."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import geometry

SMALLEST_DETERMINANT = 1e-9


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


def sd_log_jacobian(flow_field: tf.Tensor) -> tf.Tensor:
    """Return the standard deviation of the logarithm of the Jacobian determinant: how unevenly a field stretches.

    Parameters
    ----------
    flow_field : tf.Tensor, shape (B, n_1, ..., n_r, r)
        In pixels.

    Returns
    -------
    tf.Tensor, shape (B,)
        0 for a translation. Determinants below 1e-9 (folds) count as 1e-9, so that each of them weighs heavily.

    Notes
    -----
    The measure "SDlogJ" of Learn2Reg (Hering et al., IEEE TMI 42, 2023). The challenge's program adds 3 to the
    determinant before taking the logarithm, which makes its figures a few times smaller than these.
    """
    determinant = geometry.jacobian_determinant(flow_field)
    logarithm = tf.math.log(tf.maximum(determinant, tf.constant(SMALLEST_DETERMINANT, determinant.dtype)))
    return tf.math.reduce_std(logarithm, axis=list(range(1, logarithm.shape.rank)))


def reduction(initial, final):
    """Return ``100 (1 - final / initial)``: the share of the initial error that was removed, in percent; 0 for 0 / 0."""
    return 100 * (1 - tf.math.divide_no_nan(final, initial)) * tf.cast(initial > 0, tf.convert_to_tensor(final).dtype)
