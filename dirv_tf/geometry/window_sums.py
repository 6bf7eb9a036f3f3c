"""Sums over windows, also dilated and strided ones."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf.geometry.tensor_shapes import per_axis, spatial_rank


def window_sums(
    values: tf.Tensor, sides: int | Sequence[int], stride: int | Sequence[int] = 1, dilation: int | Sequence[int] = 1
) -> tf.Tensor:
    """Sum every channel over the windows that lie wholly inside the array.

    Window ``k`` of an axis takes the pixels ``stride * k + dilation * (0, ..., side - 1)``. The sums are products with
    one matrix of zeros and ones per axis, whose cost does not depend on the side of the window.

    Parameters
    ----------
    values : tf.Tensor, shape (B, n_1, ..., n_r, C)
    sides : int or sequence of int
        Taps of a window, one number for all axes or one per axis.
    stride, dilation : int or sequence of int
        Pixels from one window to the next, and from one tap to the next.

    Returns
    -------
    tf.Tensor, shape (B, m_1, ..., m_r, C)
        ``m = (n - (side - 1) dilation - 1) // stride + 1`` per axis.

    Raises
    ------
    ValueError
        If a window is larger than the array.

    Examples
    --------
    >>> window_sums(tf.ones([1, 64, 64, 1]), 16, stride=4, dilation=2).shape
    TensorShape([1, 9, 9, 1])
    """
    values = tf.convert_to_tensor(values)
    rank = spatial_rank(values, "values")
    settings = [per_axis(v, rank, n) for v, n in ((sides, "sides"), (stride, "stride"), (dilation, "dilation"))]
    extents = [(side - 1) * step + 1 for side, step in zip(settings[0], settings[2])]
    if any(n is not None and n < extent for n, extent in zip(values.shape[1:-1], extents)):
        raise ValueError(
            f"every side of `values` must be at least the extent {tuple(extents)} of a window, (sides - 1) * dilation "
            f"+ 1. Received: values.shape={values.shape}"
        )
    for axis, (side, jump, step) in enumerate(zip(*settings), start=1):
        values = _along(values, axis, side, jump, step)
    return values


def _along(values, axis, side, stride, dilation):
    size = values.shape[axis] if values.shape[axis] is not None else tf.shape(values)[axis]
    count = (size - (side - 1) * dilation - 1) // stride + 1
    offset = tf.range(size)[None] - stride * tf.range(count)[:, None]
    taken = (offset >= 0) & (offset < side * dilation) & (offset % dilation == 0)
    summed = tf.tensordot(tf.cast(taken, values.dtype), values, axes=[[1], [axis]])
    # The product puts the summed axis first.
    order = [*range(1, axis + 1), 0, *range(axis + 1, values.shape.rank)]
    return tf.transpose(summed, order)
