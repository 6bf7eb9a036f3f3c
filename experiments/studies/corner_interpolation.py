"""Interpolation of control points as if they spanned the image from corner to corner."""

from __future__ import annotations

import tensorflow as tf


def interpolate_corner_to_corner(displacement_field, spacing):
    """Interpolate linearly on a grid whose first and last control points sit on the first and last pixel.

    With 16 control points on 64 pixels their distance is 63/15 = 4.2 pixels rather than the 4 at which they were
    sampled, so the field is stretched away from the first corner, by 3 pixels at the last one.

    Parameters
    ----------
    displacement_field : tf.Tensor, shape (B, g_1, ..., g_r, r)
        At least two control points per axis.
    spacing : sequence of int
        Pixels per control point and axis: the sides of the result are ``s_i g_i``.

    Returns
    -------
    tf.Tensor, shape (B, s_1 g_1, ..., s_r g_r, r)
    """
    field = tf.convert_to_tensor(displacement_field)
    for axis, s in enumerate(spacing, start=1):
        field = _stretch_axis(field, axis, s)
    return field


def _stretch_axis(field, axis, spacing):
    points = tf.shape(field)[axis]
    last_pixel, last_point = (tf.cast(count - 1, field.dtype) for count in (spacing * points, points))
    pixels = tf.range(last_pixel + 1) * last_point / last_pixel
    # First-degree B-splines of all control points at all pixels.
    weights = tf.nn.relu(1 - tf.abs(pixels[:, tf.newaxis] - tf.range(last_point + 1)))
    order = [axis, *(dimension for dimension in range(field.shape.rank) if dimension != axis)]
    stretched = tf.tensordot(weights, tf.transpose(field, order), 1)
    side = field.shape[axis]
    result = tf.transpose(stretched, [order.index(dimension) for dimension in range(field.shape.rank)])
    result.set_shape([*field.shape[:axis], None if side is None else spacing * side, *field.shape[axis + 1 :]])
    return result
