"""Smoothing by a sum of Gaussians of several widths, which turns momenta into velocities."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf.geometry.compiled import compiled_both_ways
from dirv_tf.geometry.tensor_shapes import spatial_rank
from dirv_tf.validation import integer, list_of, number, one_of, optional

# How the values go on beyond the border.
CONTINUATIONS = ("periodic", "reflect")


def multi_gaussian_smoothing(
    values: tf.Tensor,
    deviations: Sequence[float],
    weights: Sequence[float],
    boundary: str = "periodic",
    side: int | None = None,
) -> tf.Tensor:
    """Smooth every channel with a weighted sum of Gaussians: ``sum_i w_i (K_i x ... x K_i) values``.

    Along an axis of ``n`` pixels ``K_i[p, q]`` is proportional to ``exp(-d^2 / (2 sigma_i^2))``, with the distance
    ``d`` of pixels ``p`` and ``q`` in units of ``n - 1`` pixels (of ``side - 1``, where a side is given); its rows have
    the sum 1. The smoothing is symmetric: it is its own adjoint.

    Parameters
    ----------
    values : tf.Tensor, shape (B, n_1, ..., n_r, C)
        Such as a momentum; every side at least 2 pixels.
    deviations : sequence of float
        Standard deviations ``sigma_i`` in units of the side of each axis.
    weights : sequence of float
        One ``w_i`` per deviation. Weights of the sum 1 leave constants as they are.
    boundary : {"periodic", "reflect"}
        Whether the values begin anew beyond the border, or are reflected about the outer edge of the last pixel.
    side : int or None
        Deviations count in sides of so many pixels, at least 2, whatever the size. None: in those of the values.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, C)

    Raises
    ------
    ValueError
        If an argument is not legal, or there is not one weight per deviation.

    References
    ----------
    Risser et al., "Simultaneous multi-scale registration using large deformation diffeomorphic metric mapping", IEEE
    Transactions on Medical Imaging 30, 2011.

    Examples
    --------
    >>> import math, tensorflow as tf
    >>> from dirv_tf.geometry import multi_gaussian_smoothing
    >>> wave = tf.cos(2 * math.pi * tf.range(32.0) / 32)[None, :, None, None] * tf.ones([1, 32, 32, 1])
    >>> smoothed = multi_gaussian_smoothing(wave, [0.05, 0.25], [0.2, 0.8])
    >>> 0.2 < float(smoothed[0, 0, 0, 0]) < 0.5
    True
    """
    values = tf.convert_to_tensor(values)
    rank = spatial_rank(values, "values")
    deviations = list_of(number(above=0))("deviations", deviations)
    weights = list_of(number(low=0))("weights", weights)
    if len(deviations) != len(weights):
        raise ValueError(
            f"`deviations` and `weights` must hold equally many numbers. "
            f"Received: deviations={deviations!r}, weights={weights!r}"
        )
    one_of(*CONTINUATIONS)("boundary", boundary)
    side = optional(integer(2))("side", side)
    smoothed = _smooth(values, rank=rank, deviations=deviations, weights=weights, boundary=boundary, side=side)
    smoothed.set_shape(values.shape)
    return smoothed


@compiled_both_ways
def _smooth(values, rank, deviations, weights, boundary, side):
    # Gaussians in front, so that every axis is one product with the matrices of all of them.
    smoothed = tf.stack([weight * values for weight in weights])
    for axis in range(1, rank + 1):
        size = tf.shape(values)[axis]
        unit = tf.cast((side or size) - 1, values.dtype)
        matrices = tf.stack([_matrix(size, unit * sigma, values.dtype, boundary) for sigma in deviations])
        shape = tf.shape(smoothed)
        # (Gaussians, everything before, the axis, everything after)
        parts = [shape[:1], [-1], shape[axis + 1 : axis + 2], [tf.reduce_prod(shape[axis + 2 :])]]
        flat = tf.reshape(smoothed, tf.concat(parts, axis=0))
        smoothed = tf.reshape(tf.matmul(matrices[:, None], flat), shape)
    return tf.reduce_sum(smoothed, axis=0)


def _matrix(size, sigma, dtype, boundary):
    """Return the weights of all pixels of an axis for each of them, (size, size); `sigma` in pixels."""
    pixels = tf.range(size)
    offsets = pixels[:, None] - pixels[None]
    if boundary == "periodic":
        weights = _gaussian(offsets, size, sigma, dtype)
    else:
        # The axis and its mirror image, over and over.
        mirrored = pixels[:, None] + pixels[None] + 1
        weights = _gaussian(offsets, 2 * size, sigma, dtype) + _gaussian(mirrored, 2 * size, sigma, dtype)
    return weights / tf.reduce_sum(weights, axis=1, keepdims=True)


def _gaussian(offsets, period, sigma, dtype):
    distances = tf.minimum(offsets % period, -offsets % period)
    return tf.exp(-0.5 * tf.square(tf.cast(distances, dtype) / sigma))
