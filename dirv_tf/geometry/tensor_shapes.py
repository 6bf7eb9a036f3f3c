"""Shape rules shared by the geometry functions: channel last, two or three spatial axes."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf import validation


def spatial_rank(tensor: tf.Tensor, name: str) -> int:
    """Return the number of spatial axes of a ``(B, n_1, ..., n_r, C)`` tensor.

    Raises
    ------
    ValueError
        If the rank of the tensor is unknown or is not 4 (2D) or 5 (3D).
    """
    rank = tensor.shape.rank
    if rank not in (4, 5):
        raise ValueError(
            f"`{name}` must have shape (B, n_1, ..., n_r, C) with r = 2 or 3, i.e. 4 or 5 axes. "
            f"Received: {name}.shape={tensor.shape}"
        )
    return rank - 2


def field_rank(field: tf.Tensor, name: str) -> int:
    """Return the spatial rank of a vector field whose last axis must hold one component per spatial axis.

    Raises
    ------
    ValueError
        If the tensor is not a field ``(B, n_1, ..., n_r, r)``.
    """
    rank = spatial_rank(field, name)
    if field.shape[-1] not in (None, rank):
        raise ValueError(
            f"`{name}` must hold one component per spatial axis, i.e. have {rank} channels. "
            f"Received: {name}.shape={field.shape}"
        )
    return rank


def spatial_shape(tensor: tf.Tensor) -> tf.Tensor:
    """Return the spatial sizes as an int32 vector (known at run time even where the static shape is not)."""
    return tf.shape(tensor)[1:-1]


def per_axis(value: int | Sequence[int], rank: int, name: str) -> tuple[int, ...]:
    """Return `value` as one positive integer per spatial axis; a single integer counts for every axis.

    Raises
    ------
    ValueError
        If a number is missing, is not an integer or is smaller than 1.
    """
    values = validation.per_axis(validation.integer(1), rank)(name, value)
    return values if isinstance(values, tuple) else (values,) * rank


def axis_slice(values: tf.Tensor, axis: int, start: int | None, stop: int | None) -> tf.Tensor:
    """Return ``values[..., start:stop, ...]`` with the range on the given axis (counted with the batch axis as 0)."""
    return values[(slice(None),) * axis + (slice(start, stop),)]


def cell_phases(values: tf.Tensor, axis: int, count: int) -> tf.Tensor:
    """Return the offsets ``0, 1 / count, ..., (count - 1) / count`` within a cell, along a new axis behind `axis`."""
    return tf.reshape(tf.range(count, dtype=values.dtype) / count, [-1] + [1] * (values.shape.rank - axis - 1))
