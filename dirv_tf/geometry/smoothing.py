"""Binomial smoothing."""

from __future__ import annotations

import functools

import tensorflow as tf

from dirv_tf.geometry.convolution import convolve
from dirv_tf.geometry.tensor_shapes import spatial_rank, spatial_shape
from dirv_tf.validation import one_of

BINOMIAL_RADIUS = 2
_TAPS = {1: (0.0, 0.25, 0.5, 0.25, 0.0), 3: (0.0625, 0.25, 0.375, 0.25, 0.0625)}


def binomial_smoothing(values: tf.Tensor, order: int | None = 3, stride: int = 1) -> tf.Tensor:
    """Smooth every channel with a separable binomial kernel, reflecting at the border (thesis 5.1).

    Parameters
    ----------
    values : tf.Tensor, shape (B, n_1, ..., n_r, C)
        Image or field; the number of channels must be known.
    order : {3, 1, None}
        3: ``(1, 4, 6, 4, 1) / 16``; 1: ``(1, 2, 1) / 4``; None: the thesis's rule, order 1 where half the largest
        side is at most 5 pixels and order 3 elsewhere.
    stride : int
        Keep every `stride`-th pixel, starting with the first: smoothing fused with a strided convolution.

    Returns
    -------
    tf.Tensor, shape (B, ceil(n_1 / stride), ..., ceil(n_r / stride), C)

    Raises
    ------
    ValueError
        If `order` is not one of the values above or the number of channels is unknown.
    """
    values = tf.convert_to_tensor(values)
    rank = spatial_rank(values, "values")
    one_of(3, 1, None)("order", order)
    channels = values.shape[-1]
    if channels is None:
        raise ValueError(f"`values` must have a known number of channels. Received: values.shape={values.shape}")
    if order is None:
        small = tf.reduce_max(spatial_shape(values)) <= 10
        taps = tf.where(small, tf.constant(_TAPS[1], values.dtype), tf.constant(_TAPS[3], values.dtype))
    else:
        taps = tf.constant(_TAPS[order], values.dtype)
    padded = values
    for axis in range(1, rank + 1):
        padded = reflect_padding(padded, axis, BINOMIAL_RADIUS)
    smoothed = convolve(padded, diagonal_kernel(taps, rank, channels), stride=stride, padding="VALID")
    if stride == 1:
        smoothed.set_shape(values.shape)
    return smoothed


def halve_axis(values: tf.Tensor, axis: int) -> tf.Tensor:
    """Smooth along one axis with the kernel of order 3 and keep every second pixel, starting with the first."""
    size = values.shape[axis] if values.shape[axis] is not None else tf.shape(values)[axis]
    padded = reflect_padding(values, axis, BINOMIAL_RADIUS)
    before = (slice(None),) * axis
    return tf.add_n([tap * padded[(*before, slice(start, start + size, 2))] for start, tap in enumerate(_TAPS[3])])


def diagonal_kernel(taps: tf.Tensor, rank: int, channels: int) -> tf.Tensor:
    """Return the convolution kernel that filters each channel alone with the outer product of `taps`.

    Returns
    -------
    tf.Tensor, shape (k, ..., k, channels, channels)
    """
    kernel = functools.reduce(lambda outer, _: outer[..., None] * taps, range(rank - 1), taps)
    return kernel[..., None, None] * tf.eye(channels, dtype=taps.dtype)


def reflect_padding(values: tf.Tensor, axis: int, amount: int) -> tf.Tensor:
    """Reflect `amount` pixels about the outermost ones; unlike `tf.pad`, also where the side is shorter than that."""
    size = tf.shape(values)[axis]
    period = tf.maximum(2 * (size - 1), 1)
    position = tf.range(-amount, size + amount) % period
    return tf.gather(values, tf.minimum(position, period - position) % tf.maximum(size, 1), axis=axis)
