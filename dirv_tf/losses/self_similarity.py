"""Difference of self-similarity features."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.geometry.self_similarity import self_similarity
from dirv_tf.losses.masked_mean import masked_mean


def self_similarity_difference(
    fixed: tf.Tensor, registered: tf.Tensor, radius: int = 1, dilation: int = 2, mask: tf.Tensor | None = None
) -> tf.Tensor:
    """Return the mean squared difference of the self-similarity features of two images (MIND-SSC).

    For images of different contrast. The features are those of the registered image, not warped ones, so that its
    gradient sees the image.

    Parameters
    ----------
    fixed, registered : tf.Tensor, shape (B, n_1, ..., n_r, C)
    radius, dilation : int
        As of `dirv_tf.geometry.self_similarity`.
    mask : tf.Tensor, shape (B, n_1, ..., n_r, 1), optional
        Which pixels count, from 0 to 1. Both images are made even where it is 0, which the features near it see.

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
    if mask is not None:
        fixed, registered = (_even_outside(tf.convert_to_tensor(image), mask) for image in (fixed, registered))
    difference = self_similarity(fixed, radius, dilation) - self_similarity(registered, radius, dilation)
    return masked_mean(tf.square(difference), mask)


def _even_outside(image, mask):
    return tf.where(mask > 0, image, masked_mean(image, mask, keepdims=True))
