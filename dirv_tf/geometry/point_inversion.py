"""Mapping of points against the direction of a backward flow field."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from dirv_tf.geometry.sampling import sample_linear
from dirv_tf.geometry.tensor_shapes import field_rank, spatial_shape
from dirv_tf.validation import integer

# Well below what a landmark can be placed to.
TOLERANCE = 1e-4
# Coordinates of large images are rounded more coarsely than that: the same in units of their last place.
_ROUNDING = 2
# Derivatives are differences over one pixel: the linear interpolation has kinks at the pixels.
HALF_STEP = 0.5
_DAMPING_RANGE = (1e-6, 1e6)


def warp_points_inverse(
    points: tf.Tensor, flow_field: tf.Tensor, iterations: int = 50, start: tf.Tensor | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Map points of the moving image to the fixed image: the solutions ``y`` of ``y + flow_field(y) = p``.

    Levenberg-Marquardt steps: Newton's, damped for each point until they bring it closer, so that also fields are
    inverted that change by more than one pixel per pixel, where the fixed-point iteration of `invert` diverges. Beyond
    the border the field is that of the border.

    Parameters
    ----------
    points : tf.Tensor, shape (B, P, r)
        Coordinates in pixels, array-axis order, in the moving image.
    flow_field : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Backward flow field, pixels.
    iterations : int
        Largest number of steps; fewer are taken when all points have been found to 1e-4 pixels, or to the rounding of
        their coordinates where that is coarser (float32: beyond 400 pixels).
    start : tf.Tensor, shape (B, P, r), optional
        Where the search begins, in the fixed image. Default: `points`, which suits fields that are small against the
        image; rotations and other scales have further solutions beyond the border.

    Returns
    -------
    tuple of tf.Tensor: shape (B, P, r) and shape (B, P)
        Coordinates in the fixed image, and what is left of the equation there, ``|y + F(y) - p|`` in pixels: large
        where no pixel of the fixed image takes its content from `p`. Where the field folds there are several
        solutions, and one of them is returned.

    Raises
    ------
    ValueError
        If the arguments do not fit each other or `iterations` is not a positive integer.

    References
    ----------
    Marquardt, "An algorithm for least-squares estimation of nonlinear parameters", J. SIAM 11, 1963.
    """
    flow_field = tf.convert_to_tensor(flow_field)
    rank = field_rank(flow_field, "flow_field")
    points = tf.cast(points, flow_field.dtype)
    if points.shape.rank != 3 or points.shape[-1] not in (None, rank):
        raise ValueError(f"`points` must have shape (B, P, {rank}). Received: points.shape={points.shape}")
    start = points if start is None else tf.cast(start, points.dtype)
    integer(1)("iterations", iterations)
    largest = tf.cast(tf.reduce_max(spatial_shape(flow_field)), flow_field.dtype)
    last_place = np.finfo(flow_field.dtype.as_numpy_dtype).eps * largest
    tolerance = tf.maximum(_ROUNDING * last_place, TOLERANCE)

    def error_at(candidates):
        return candidates + sample_linear(flow_field, candidates) - points

    def unfinished(found, error, damping):
        return tf.reduce_any(tf.norm(error, axis=-1) > tolerance)

    def improve(found, error, damping):
        candidates = found - _damped_step(flow_field, found, error, damping)
        candidate_error = error_at(candidates)
        closer = tf.norm(candidate_error, axis=-1) < tf.norm(error, axis=-1)
        found = tf.where(closer[..., None], candidates, found)
        error = tf.where(closer[..., None], candidate_error, error)
        return found, error, tf.clip_by_value(tf.where(closer, damping / 10, damping * 10), *_DAMPING_RANGE)

    damping = tf.fill(tf.shape(points)[:-1], tf.constant(1e-3, points.dtype))
    state = (start, error_at(start), damping)
    found, error, _ = tf.while_loop(unfinished, improve, state, maximum_iterations=iterations)
    return found, tf.norm(error, axis=-1)


def _damped_step(flow_field, points, error, damping):
    """Solve ``(J'J + damping I) step = J' error`` with the Jacobian matrix J of ``y + F(y)``."""
    identity = tf.eye(points.shape[-1], dtype=points.dtype)
    ahead, behind = (points[..., None, :] + step * identity for step in (HALF_STEP, -HALF_STEP))
    # Rows: direction of the step; columns: component of the field.
    derivatives = (sample_linear(flow_field, ahead) - sample_linear(flow_field, behind)) / (2 * HALF_STEP)
    transposed_jacobian = identity + derivatives
    normal = tf.matmul(transposed_jacobian, transposed_jacobian, transpose_b=True) + damping[..., None, None] * identity
    return tf.linalg.solve(normal, tf.matmul(transposed_jacobian, error[..., None]))[..., 0]
