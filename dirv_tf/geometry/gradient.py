"""Spatial derivatives: image gradient and Jacobian determinant."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.geometry.compiled import compiled, compiled_both_ways
from dirv_tf.geometry.tensor_shapes import axis_slice, field_rank, spatial_rank, spatial_shape
from dirv_tf.geometry.warp import identity_grid


def image_gradient(image: tf.Tensor) -> tf.Tensor:
    """Return the image gradient by central differences, one-sided at the border.

    Parameters
    ----------
    image : tf.Tensor, shape (B, n_1, ..., n_r, C)
        Image; every side at least 2 pixels.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, C, r)
        Last index ``i``: derivative along array axis ``i``, intensity per pixel.
    """
    image = tf.convert_to_tensor(image)
    gradient = _gradient(image, rank=spatial_rank(image, "image"))
    gradient.set_shape(image.shape.concatenate([image.shape.rank - 2]))
    return gradient


@compiled_both_ways
def _gradient(image, rank):
    return derivatives(image, rank)


def derivatives(image: tf.Tensor, rank: int) -> tf.Tensor:
    """Take the gradient as `image_gradient` does, for functions that are compiled together with it."""
    return tf.stack([_derivative(image, axis) for axis in range(1, rank + 1)], axis=-1)


def _derivative(values: tf.Tensor, axis: int) -> tf.Tensor:
    first = axis_slice(values, axis, 1, 2) - axis_slice(values, axis, 0, 1)
    inner = 0.5 * (axis_slice(values, axis, 2, None) - axis_slice(values, axis, None, -2))
    last = axis_slice(values, axis, -1, None) - axis_slice(values, axis, -2, -1)
    return tf.concat([first, inner, last], axis=axis)


def jacobian_determinant(flow_field: tf.Tensor) -> tf.Tensor:
    """Return ``det(I + dF/dp)`` of the mapping ``p -> p + F(p)``; values <= 0 mark folded pixels.

    Parameters
    ----------
    flow_field : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Flow field in pixels.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r)
    """
    flow_field = tf.convert_to_tensor(flow_field)
    field_rank(flow_field, "flow_field")
    mapping = identity_grid(spatial_shape(flow_field), flow_field.dtype) + flow_field
    return _determinant(image_gradient(mapping), mapping.shape[-1])


@compiled
def _determinant(matrices, rank):
    """Expand along the first row: for 2 x 2 and 3 x 3 far faster than the batched factorization of `tf.linalg.det`."""
    if rank == 1:
        return matrices[..., 0, 0]
    terms = []
    for column in range(rank):
        minor = tf.concat([matrices[..., 1:, :column], matrices[..., 1:, column + 1 :]], axis=-1)
        terms.append((-1) ** column * matrices[..., 0, column] * _determinant(minor, rank - 1))
    return tf.add_n(terms)
