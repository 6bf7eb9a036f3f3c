"""Self-similarity features, which do not change when the contrast of an image is scaled or inverted."""

from __future__ import annotations

import itertools

import tensorflow as tf

from dirv_tf.geometry.tensor_shapes import axis_slice, spatial_rank

# Bounds of the local variance relative to its mean over the image, and what keeps flat images finite.
_LEAST_VARIANCE, _LARGEST_VARIANCE, _FLAT = 1e-3, 1e3, 1e-8


def self_similarity(image: tf.Tensor, radius: int = 1, dilation: int = 2) -> tf.Tensor:
    """Return the self-similarity context of every pixel (MIND-SSC).

    A channel compares the patches around two of the axis neighbors at distance `dilation`, for all pairs of them that
    do not lie opposite each other: with the mean squared difference ``s_j`` of the patches and ``m_j = s_j - min s``,
    ``exp(-m_j / v)``, where ``v`` is the mean of all ``m_j``, clamped to [1e-3, 1e3] times its mean over the image.

    Parameters
    ----------
    image : tf.Tensor, shape (B, n_1, ..., n_r, C)
        The squared differences are averaged over the channels.
    radius : int
        Patches have sides of ``2 radius + 1`` pixels.
    dilation : int
        Distance of the neighbors in pixels. Beyond the border the outermost pixels are repeated.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, 4) in 2D, (B, n_1, n_2, n_3, 12) in 3D
        In (0, 1]; the largest channel of every pixel is 1.

    Raises
    ------
    ValueError
        If `radius` is negative or `dilation` is not positive.

    References
    ----------
    Heinrich et al., "Towards realtime multimodal fusion for image-guided interventions using self-similarities",
    MICCAI 2013.

    Examples
    --------
    >>> self_similarity(tf.random.uniform([1, 16, 16, 1])).shape
    TensorShape([1, 16, 16, 4])
    """
    image = tf.convert_to_tensor(image)
    rank = spatial_rank(image, "image")
    if radius < 0 or dilation < 1:
        raise ValueError(
            f"`radius` must be 0 or more, `dilation` 1 or more. Received: radius={radius!r}, dilation={dilation!r}"
        )
    neighbors = [
        (axis, _shifted(image, axis, sign * dilation, dilation)) for axis in range(1, rank + 1) for sign in (-1, 1)
    ]
    differences = [
        tf.reduce_mean(tf.square(first - second), axis=-1)
        for (axis, first), (other, second) in itertools.combinations(neighbors, 2)
        if axis != other
    ]
    distances = patch_mean(tf.stack(differences, axis=-1), radius)
    distances = distances - tf.reduce_min(distances, axis=-1, keepdims=True)
    variance = tf.reduce_mean(distances, axis=-1, keepdims=True)
    over_image = tf.reduce_mean(variance, axis=list(range(1, rank + 1)), keepdims=True)
    variance = tf.maximum(tf.minimum(variance, _LARGEST_VARIANCE * over_image), _LEAST_VARIANCE * over_image)
    return tf.exp(-distances / (variance + _FLAT))


def patch_mean(values: tf.Tensor, radius: int) -> tf.Tensor:
    """Average every channel over a patch of ``2 radius + 1`` pixels per axis, the border pixels repeated outside."""
    for axis in range(1, values.shape.rank - 1):
        shifted = [_shifted(values, axis, step, radius) for step in range(-radius, radius + 1)]
        values = tf.add_n(shifted) / len(shifted)
    return values


def _shifted(values, axis, step, margin):
    """``values[p + step]`` along an axis, of an array continued by its outermost pixels."""
    first, last = axis_slice(values, axis, None, 1), axis_slice(values, axis, -1, None)
    padded = tf.concat([first] * margin + [values] + [last] * margin, axis=axis)
    size = tf.shape(values)[axis]
    shifted = axis_slice(padded, axis, margin + step, margin + step + size)
    shifted.set_shape(values.shape)
    return shifted
