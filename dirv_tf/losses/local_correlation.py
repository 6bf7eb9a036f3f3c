"""Local normalized cross-correlation, over windows of one size or several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf.geometry.tensor_shapes import per_axis, spatial_rank
from dirv_tf.geometry.window_sums import window_sums
from dirv_tf.losses.masked_mean import masked_mean

_SMALLEST = 1e-5


def local_correlation(
    fixed: tf.Tensor,
    registered: tf.Tensor,
    sides: int | Sequence[int] = 9,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    squared: bool = False,
    mask: tf.Tensor | None = None,
) -> tf.Tensor:
    """Return the normalized cross-correlation of every pair within windows, averaged over the windows (LNCC).

    Parameters
    ----------
    fixed, registered : tf.Tensor, shape (B, n_1, ..., n_r, C)
        Every channel has its own windows.
    sides, stride, dilation : int or sequence of int
        Windows as of `dirv_tf.geometry.window_sums`.
    squared : bool
        Whether the correlation is squared: a correlation of -1 then counts as one of 1.
    mask : tf.Tensor, shape (B, n_1, ..., n_r, 1), optional
        Weights of the pixels, from 0 to 1, within the windows; a window counts as much as its pixels do.

    Returns
    -------
    tf.Tensor, shape (B,)
        In [-1, 1]; a window in which an image is flat counts as 0. One minus it is a loss.

    Examples
    --------
    >>> image = tf.random.uniform([1, 16, 16, 1])
    >>> abs(float(local_correlation(image, 2 * image + 1)[0]) - 1) < 1e-3
    True
    """
    fixed, registered = tf.convert_to_tensor(fixed), tf.convert_to_tensor(registered)
    rank = spatial_rank(fixed, "fixed")
    axes = list(range(1, rank + 1))
    # In float32 the variances are small differences of large sums unless the mean is taken off before.
    fixed, registered = (image - _mean(image, mask, axes) for image in (fixed, registered))
    maps = [fixed, registered, tf.square(fixed), tf.square(registered), fixed * registered]
    taps, counted = math.prod(per_axis(sides, rank, "sides")), None
    if mask is not None:
        maps = [mask * each for each in maps]
        counted = window_sums(mask, sides, stride, dilation)
        # All sums of a window of nothing are 0.
        taps = tf.maximum(counted, _SMALLEST)
    sums = window_sums(tf.concat(maps, axis=-1), sides, stride, dilation)
    first, second, first_squares, second_squares, products = tf.split(sums, 5, axis=-1)
    cross = products - first * second / taps
    # Rounding may leave minute negative variances.
    variances = tf.nn.relu(first_squares - tf.square(first) / taps) * tf.nn.relu(
        second_squares - tf.square(second) / taps
    )
    ratio = tf.square(cross) / (variances + _SMALLEST) if squared else cross / tf.sqrt(variances + _SMALLEST)
    return masked_mean(ratio, counted)


def multi_kernel_correlation(
    fixed: tf.Tensor,
    registered: tf.Tensor,
    windows: Sequence[Any],
    squared: bool = False,
    mask: tf.Tensor | None = None,
) -> tf.Tensor:
    """Return the loss ``sum_k weight_k (1 - LNCC_k)`` over windows of several sizes (mk-LNCC).

    Parameters
    ----------
    fixed, registered : tf.Tensor, shape (B, n_1, ..., n_r, C)
    windows : sequence of (weight, sides, stride, dilation)
        One weight and one set of windows each, as of `local_correlation`.
    squared, mask
        As of `local_correlation`.

    Returns
    -------
    tf.Tensor, shape (B,)

    Raises
    ------
    ValueError
        If there are no windows.

    References
    ----------
    Shen et al., "Networks for joint affine and non-parametric image registration", CVPR 2019, section 3.3.

    Examples
    --------
    >>> image = tf.random.uniform([1, 32, 32, 1])
    >>> float(multi_kernel_correlation(image, image, [(0.7, 8, 2, 1), (0.3, 4, 1, 2)])[0]) < 1e-2
    True
    """
    windows = list(windows)
    if not windows:
        raise ValueError(f"`windows` must hold at least one (weight, sides, stride, dilation). Received: {windows!r}")
    return tf.add_n(
        [
            weight * (1 - local_correlation(fixed, registered, sides, stride, dilation, squared, mask))
            for weight, sides, stride, dilation in windows
        ]
    )


def windows_of_two_sizes(size: Sequence[int]) -> list[tuple[float, int, int, int]]:
    """Return the windows for `multi_kernel_correlation` that AVSM was published with, for an image size.

    Windows of a quarter of the smallest side with the weight 0.3, and of half of it with 0.7, every second pixel, a
    quarter of their taps from one to the next. Below 64 pixels: one kind, half the smallest side, every pixel.

    Parameters
    ----------
    size : sequence of int, length r
        Sides of the image, at least 4 pixels.

    Returns
    -------
    list of (weight, sides, stride, dilation)

    Raises
    ------
    ValueError
        If a side is unknown or below 4.

    References
    ----------
    Shen et al., "Networks for joint affine and non-parametric image registration", CVPR 2019, section 3.3.

    Examples
    --------
    >>> windows_of_two_sizes((64, 80))
    [(0.3, 16, 4, 2), (0.7, 32, 8, 2)]
    """
    size = tuple(size)
    if any(side is None or side < 4 for side in size):
        raise ValueError(f"`size` must hold known sides of at least 4 pixels. Received: size={size}")
    smallest = min(size)
    chosen = [(0.3, smallest // 4, 2), (0.7, smallest // 2, 2)] if smallest >= 64 else [(1.0, smallest // 2, 1)]
    return [(weight, side, max(1, (side + 1) // 4), dilation) for weight, side, dilation in chosen]


def _mean(image, mask, axes):
    if mask is None:
        return tf.reduce_mean(image, axis=axes, keepdims=True)
    total = tf.reduce_sum(mask * image, axis=axes, keepdims=True)
    return tf.math.divide_no_nan(total, tf.reduce_sum(mask, axis=axes, keepdims=True))
