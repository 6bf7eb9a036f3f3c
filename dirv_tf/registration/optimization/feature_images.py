"""What registration by optimization compares: images as features whose squared difference is the similarity."""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf
from scipy.ndimage import gaussian_filter

from dirv_tf.geometry import for_any_shape, self_similarity

SIMILARITIES = ("mse", "ncc", "lncc", "mind")
# Features of a pixel alone: those of a warped image are its warped features.
POINTWISE = ("mse", "ncc")
# Width of the Gaussian window of "lncc" in pixels by rank, and the local deviation that counts as none (intensities in
# [0, 1]).
_WINDOWS, _NOISE = {2: 6.0, 3: 3.0}, 0.04


def check_similarity(similarity: str) -> None:
    """Raise a ValueError unless the similarity is one of `SIMILARITIES`."""
    if similarity not in SIMILARITIES:
        raise ValueError(f"`similarity` must be one of {SIMILARITIES}. Received: similarity={similarity!r}")


def feature_images(image: np.ndarray, similarity: str) -> np.ndarray:
    """Return the features of an image for a measure of similarity.

    Parameters
    ----------
    image : np.ndarray, shape (n_1, ..., n_r)
        Intensities in [0, 1].
    similarity : {"mse", "ncc", "lncc", "mind"}
        "mse": the intensities. "ncc": with mean 0 and deviation 1 over the image. "lncc": with mean 0 and deviation 1
        in a Gaussian window of 6 pixels, 3 in volumes: half the mean squared
        difference is one minus the local correlation. "mind": self-similarity, see `dirv_tf.geometry.self_similarity`.

    Returns
    -------
    np.ndarray, shape (C, n_1, ..., n_r), float32

    Raises
    ------
    ValueError
        If the similarity is unknown.

    Examples
    --------
    >>> feature_images(np.zeros((16, 16)), "mind").shape
    (4, 16, 16)
    """
    check_similarity(similarity)
    image = np.asarray(image, np.float32)
    if similarity == "mse":
        return image[None]
    if similarity == "ncc":
        return ((image - image.mean()) / (image.std() + _NOISE))[None]
    if similarity == "lncc":
        centered = image - _local_mean(image)
        return (centered / (np.sqrt(_local_mean(centered**2)) + _NOISE))[None]
    features = _self_similarity_graph(image.ndim)(tf.constant(image[None, ..., None])).numpy()[0]
    return np.ascontiguousarray(np.moveaxis(features, -1, 0))


@functools.lru_cache
def _self_similarity_graph(rank):
    """One graph for all sizes: TensorFlow 2.15 keeps 48 bytes of every eager tensor, of which there were a thousand."""
    images = tf.TensorSpec([None] * (rank + 1) + [1])

    @tf.function(input_signature=[images], autograph=False)
    def graph(image):
        with for_any_shape():
            return self_similarity(image)

    return graph


def _local_mean(image):
    return gaussian_filter(image, _WINDOWS[image.ndim], mode="nearest", truncate=3.0)
