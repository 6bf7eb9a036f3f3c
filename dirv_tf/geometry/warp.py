"""Backward warping of images and labels, and mapping of points, by dense flow fields."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf.geometry.sampling import sample_linear
from dirv_tf.geometry.tensor_shapes import field_rank, spatial_rank, spatial_shape


def identity_grid(size: Sequence[int] | tf.Tensor, dtype: tf.DType = tf.float32) -> tf.Tensor:
    """Return the pixel coordinates of an array of the given size.

    Parameters
    ----------
    size : sequence of int or int32 tensor, shape (r,)
        Spatial sizes.
    dtype : tf.DType
        Floating type of the result.

    Returns
    -------
    tf.Tensor, shape (n_1, ..., n_r, r)
        Component ``i`` is the index along array axis ``i``.
    """
    axes = [tf.cast(tf.range(n), dtype) for n in tf.unstack(tf.convert_to_tensor(size))]
    return tf.stack(tf.meshgrid(*axes, indexing="ij"), axis=-1)


def warp_image(image: tf.Tensor, flow_field: tf.Tensor) -> tf.Tensor:
    """Warp an image backward: ``warped[p] = image(p + flow_field[p])``, linear, clamped to the border.

    Parameters
    ----------
    image : tf.Tensor, shape (B, n_1, ..., n_r, C)
        Image, or any field that is to be carried along.
    flow_field : tf.Tensor, shape (B, m_1, ..., m_r, r)
        Displacements in pixels along the array axes; the result takes its size.

    Returns
    -------
    tf.Tensor, shape (B, m_1, ..., m_r, C)

    Raises
    ------
    ValueError
        If the ranks differ or the field does not have one component per axis.
    """
    image = tf.convert_to_tensor(image)
    flow_field = tf.convert_to_tensor(flow_field)
    _check_ranks(image, flow_field, "image")
    return sample_linear(image, identity_grid(spatial_shape(flow_field), flow_field.dtype) + flow_field)


def warp_labels(labels: tf.Tensor, flow_field: tf.Tensor) -> tf.Tensor:
    """Warp a label image backward: ``warped[p]`` is the label of the pixel nearest to ``p + flow_field[p]``.

    Positions half-way between two pixels go to the higher index; those outside take the label of the border.

    Parameters
    ----------
    labels : tf.Tensor, shape (B, n_1, ..., n_r, C)
        Integers of any width, or bool; no new values arise.
    flow_field : tf.Tensor, shape (B, m_1, ..., m_r, r)
        Displacements in pixels along the array axes; the result takes its size.

    Returns
    -------
    tf.Tensor, shape (B, m_1, ..., m_r, C), dtype of `labels`

    Raises
    ------
    ValueError
        If the ranks differ, the field does not have one component per axis or the labels are not integers.
    """
    labels = tf.convert_to_tensor(labels)
    flow_field = tf.convert_to_tensor(flow_field)
    _check_ranks(labels, flow_field, "labels")
    if not (labels.dtype.is_integer or labels.dtype.is_bool):
        raise ValueError(f"`labels` must hold integers or bool. Received: labels.dtype={labels.dtype.name}")
    positions = identity_grid(spatial_shape(flow_field), flow_field.dtype) + flow_field
    last = tf.cast(spatial_shape(labels) - 1, positions.dtype)
    nearest = tf.clip_by_value(tf.floor(positions + 0.5), tf.zeros_like(last), last)
    return tf.gather_nd(labels, tf.cast(nearest, tf.int32), batch_dims=1)


def warp_points(points: tf.Tensor, flow_field: tf.Tensor) -> tf.Tensor:
    """Map points of the fixed image to the moving image: ``p + flow_field(p)``.

    A backward field carries image content from ``p + F(p)`` to ``p``; points therefore move the other way.
    `warp_points_inverse` carries landmarks of the moving image to the fixed one.

    Parameters
    ----------
    points : tf.Tensor, shape (B, P, r)
        Coordinates in pixels, array-axis order, in the fixed image.
    flow_field : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Backward flow field, pixels.

    Returns
    -------
    tf.Tensor, shape (B, P, r)
        Coordinates in the moving image.
    """
    flow_field = tf.convert_to_tensor(flow_field)
    field_rank(flow_field, "flow_field")
    points = tf.cast(points, flow_field.dtype)
    return points + sample_linear(flow_field, points)


def _check_ranks(image, flow_field, name):
    if field_rank(flow_field, "flow_field") != spatial_rank(image, name):
        raise ValueError(
            f"`{name}` and `flow_field` must have the same number of spatial axes. "
            f"Received: {name}.shape={image.shape}, flow_field.shape={flow_field.shape}"
        )
