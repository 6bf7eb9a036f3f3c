"""Differences of labels, pixel by pixel, with weights for small ones, and the boxes around labels."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.losses.arguments import alike_tensors, floating_tensor


def label_difference(fixed: tf.Tensor, warped: tf.Tensor, weights: tf.Tensor | None = None) -> tf.Tensor:
    """Return the weighted mean squared difference of labels: ``sum_l w_l mean_p (a_l - b_l)²``.

    Parameters
    ----------
    fixed : tf.Tensor or array_like, shape (B, n_1, ..., n_r, L)
        Labels of the fixed image, one channel per label, from 0 to 1, the background left out.
    warped : tf.Tensor or array_like, same shape
        Those of the moving image, warped linearly.
    weights : tf.Tensor or array_like, shape (L,), optional
        Of the labels. Default: all alike, with the sum 1.

    Returns
    -------
    tf.Tensor, shape (B,)

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> halves = tf.one_hot([[[0, 0], [1, 1]]], 2)
    >>> float(label_difference(halves, 1 - halves)[0])
    1.0
    """
    fixed, warped = alike_tensors(fixed, warped, ("fixed", "warped"))
    squares = tf.reduce_mean(tf.square(fixed - warped), axis=list(range(1, fixed.shape.rank - 1)))
    if weights is None:
        return tf.reduce_mean(squares, axis=-1)
    return tf.reduce_sum(tf.cast(floating_tensor(weights), squares.dtype) * squares, axis=-1)


def label_weights(labels: tf.Tensor) -> tf.Tensor:
    """Return weights that keep small labels from being lost: ``w_l ~ 1 / sqrt(share of l)``, with the sum 1.

    Parameters
    ----------
    labels : tf.Tensor or array_like, shape (B, n_1, ..., n_r, L)

    Returns
    -------
    tf.Tensor, shape (L,)
        By the shares in the whole batch; 0 for a label that is nowhere.

    Examples
    --------
    >>> labels = tf.one_hot([[[0, 0, 0, 0], [1, -1, -1, -1]]], 2)
    >>> [round(float(weight), 4) for weight in label_weights(labels)]
    [0.3333, 0.6667]
    """
    labels = floating_tensor(labels)
    shares = tf.reduce_mean(labels, axis=list(range(labels.shape.rank - 1)))
    inverse = tf.where(shares > 0, tf.math.rsqrt(tf.where(shares > 0, shares, tf.ones_like(shares))), 0)
    return tf.math.divide_no_nan(inverse, tf.reduce_sum(inverse))


def label_boxes(labels: tf.Tensor) -> tf.Tensor:
    """Return the bounding boxes of labels as labels: 1 from the first to the last pixel of a label along every axis.

    Parameters
    ----------
    labels : tf.Tensor or array_like, shape (B, n_1, ..., n_r, L)
        Pixels above 0.5 belong to a label.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, L)
        0 and 1; boxes of several labels may overlap. Nothing for a label that is not there.

    Examples
    --------
    >>> corners = tf.constant([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    >>> label_boxes(corners[None, ..., None])[0, ..., 0].numpy().tolist()
    [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    labels = floating_tensor(labels)
    inside, axes = tf.cast(labels > 0.5, labels.dtype), range(1, labels.shape.rank - 1)
    boxes = tf.ones_like(labels)
    for axis in axes:
        others = [other for other in axes if other != axis]
        profile = tf.reduce_max(inside, axis=others, keepdims=True)
        begun = tf.cumsum(profile, axis=axis) > 0
        not_ended = tf.cumsum(profile, axis=axis, reverse=True) > 0
        boxes *= tf.cast(begun & not_ended, labels.dtype)
    return boxes
