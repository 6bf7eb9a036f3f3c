"""Difference of self-similarity features."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.geometry.self_similarity import self_similarity


def self_similarity_difference(
    fixed: tf.Tensor, registered: tf.Tensor, radius: int = 1, dilation: int = 2
) -> tf.Tensor:
    """Return the mean squared difference of the self-similarity features of two images (MIND-SSC).

    For images of different contrast. The features are those of the registered image, not warped ones, so that its
    gradient sees the image.

    Parameters
    ----------
    fixed, registered : tf.Tensor, shape (B, n_1, ..., n_r, C)
    radius, dilation : int
        As of `dirv_tf.geometry.self_similarity`.

    Returns
    -------
    tf.Tensor, shape (B,)
        In [0, 1]; 0 for an image and its negative.

    Examples
    --------
    >>> image = tf.random.uniform([1, 16, 16, 1])
    >>> float(self_similarity_difference(image, 1 - image)[0]) < 1e-6
    True
    """
    difference = self_similarity(fixed, radius, dilation) - self_similarity(registered, radius, dilation)
    return tf.reduce_mean(tf.square(difference), axis=list(range(1, difference.shape.rank)))
