"""Distance of landmarks."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.losses.arguments import field_tensor, floating_tensor
from dirv_tf.losses.finite_root import finite_root


def point_distance(
    fixed_points: tf.Tensor,
    moving_points: tf.Tensor,
    flow_field: tf.Tensor,
    weights: tf.Tensor | None = None,
    pixel_size: tf.Tensor | float | Sequence[float] = 1.0,
) -> tf.Tensor:
    """Return the mean distance of landmarks after a registration: ``mean_j |(x_j + u(x_j) - y_j) * pixel_size|``.

    Parameters
    ----------
    fixed_points : tf.Tensor or array_like, shape (B, P, r)
        Landmarks ``x_j`` of the fixed image in pixels, array-axis order.
    moving_points : tf.Tensor or array_like, shape (B, P, r)
        Their partners ``y_j`` in the moving image.
    flow_field : tf.Tensor or array_like, shape (B, n_1, ..., n_r, r)
        Backward, pixels: it leads from the fixed image to the moving one.
    weights : tf.Tensor or array_like, shape (B, P), optional
        0 for rows that only fill up. Default: all count alike.
    pixel_size : float, or tf.Tensor or array_like of shape (r,) or (B, r)
        Millimeters per pixel and axis, for distances in millimeters.

    Returns
    -------
    tf.Tensor, shape (B,)
        In pixels, or what `pixel_size` counts; 0 for a pair without landmarks. The gradient is 0 at the distance 0.

    Raises
    ------
    ValueError
        If the shapes do not fit each other.

    Examples
    --------
    >>> points = tf.constant([[[4.0, 4.0], [8.0, 10.0]]])
    >>> float(point_distance(points, points + [3.0, 4.0], tf.zeros([1, 16, 16, 2]))[0])
    5.0
    """
    flow_field = field_tensor(flow_field, "flow_field")
    fixed, moving = (tf.cast(floating_tensor(each), flow_field.dtype) for each in (fixed_points, moving_points))
    rank = flow_field.shape[-1]
    if fixed.shape.rank != 3 or fixed.shape[-1] != rank or not fixed.shape.is_compatible_with(moving.shape):
        raise ValueError(
            f"`fixed_points` and `moving_points` must both have the shape (B, P, {rank}). "
            f"Received: fixed_points.shape={fixed.shape}, moving_points.shape={moving.shape}"
        )
    differences = geometry.warp_points(fixed, flow_field) - moving
    steps = tf.cast(floating_tensor(pixel_size), flow_field.dtype)
    differences *= steps[:, None] if steps.shape.rank == 2 else steps
    distances = finite_root(tf.reduce_sum(tf.square(differences), axis=-1))
    weights = tf.ones_like(distances) if weights is None else tf.cast(floating_tensor(weights), distances.dtype)
    total = tf.reduce_sum(weights * distances, axis=-1)
    return tf.math.divide_no_nan(total, tf.reduce_sum(weights, axis=-1))
