"""Control-point grids: sampling, first-degree B-spline interpolation and its adjoint, the control-point force.

Control point ``k`` sits at pixel ``spacing * k``; sampling, interpolation and force use this one grid.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from dirv_tf.geometry.compiled import compiled_both_ways
from dirv_tf.geometry.gradient import derivatives
from dirv_tf.geometry.resampling import linear_upsampling
from dirv_tf.geometry.tensor_shapes import axis_slice, cell_phases, field_rank, per_axis, spatial_rank


def sample_control_points(flow_field: tf.Tensor, spacing: int | Sequence[int] = 4) -> tf.Tensor:
    """Sample a flow field at the control points (thesis eq. 7).

    Parameters
    ----------
    flow_field : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Flow field in pixels.
    spacing : int or sequence of int
        Control-point spacing ``s`` in pixels, one for all axes or one per axis.

    Returns
    -------
    tf.Tensor, shape (B, ceil(n_1 / s_1), ..., ceil(n_r / s_r), r)
        Displacement field.
    """
    flow_field = tf.convert_to_tensor(flow_field)
    rank = spatial_rank(flow_field, "flow_field")
    steps = (slice(None, None, s) for s in per_axis(spacing, rank, "spacing"))
    return flow_field[(slice(None), *steps)]


def interpolate_control_points(displacement_field: tf.Tensor, spacing: int | Sequence[int] = 4) -> tf.Tensor:
    """Interpolate a displacement field to a dense flow field with first-degree B-splines (thesis 5.1).

    Exact at the control points, linear between them, constant beyond the last one.

    Parameters
    ----------
    displacement_field : tf.Tensor, shape (B, g_1, ..., g_r, r)
        Displacements at the control points.
    spacing : int or sequence of int
        Control-point spacing in pixels.

    Returns
    -------
    tf.Tensor, shape (B, s_1 g_1, ..., s_r g_r, r)
        Flow field in the same unit.
    """
    displacement_field = tf.convert_to_tensor(displacement_field)
    rank = field_rank(displacement_field, "displacement_field")
    return linear_upsampling(displacement_field, per_axis(spacing, rank, "spacing"))


def linear_smoothing_kernel(spacing: Sequence[int]) -> np.ndarray:
    """Return the linear smoothing kernel ``g[h] = prod_i (1 - |h_i| / s_i)`` (thesis 5.2).

    Parameters
    ----------
    spacing : sequence of int
        Control-point spacing per axis.

    Returns
    -------
    np.ndarray, shape (2 s_1 - 1, ..., 2 s_r - 1)
        The first-degree B-spline without its zero border; the center is 1.
    """
    kernel = np.ones(())
    for s in spacing:
        kernel = np.multiply.outer(kernel, 1 - np.abs(np.arange(1 - s, s)) / s)
    return kernel


def control_point_force(force: tf.Tensor, spacing: int | Sequence[int] = 4) -> tf.Tensor:
    """Gather an image-level force at the control points: strided convolution with the linear smoothing kernel.

    The adjoint of `interpolate_control_points` for fields that vanish at the far border; zero padding (thesis 5.2).

    Parameters
    ----------
    force : tf.Tensor, shape (B, n_1, ..., n_r, r)
        One force vector per pixel; sides are multiples of the spacing.
    spacing : int or sequence of int
        Control-point spacing in pixels.

    Returns
    -------
    tf.Tensor, shape (B, n_1 / s_1, ..., n_r / s_r, r)
    """
    force = tf.convert_to_tensor(force)
    rank = field_rank(force, "force")
    spacing = per_axis(spacing, rank, "spacing")
    _check_multiples(force, spacing, "force")
    return _on_control_points(_gather(force, spacing=spacing), force, spacing)


def data_force(weights: tf.Tensor, image: tf.Tensor, spacing: int | Sequence[int] = 4) -> tf.Tensor:
    """Gather the force of a data term at the control points: ``control_point_force(weights * image_gradient(image))``.

    In one pass over memory, where the three functions take three (thesis 5.2).

    Parameters
    ----------
    weights : tf.Tensor, shape (B, n_1, ..., n_r, 1)
        What the data term makes of the intensity difference.
    image : tf.Tensor, shape (B, n_1, ..., n_r, 1)
        Registered image; sides are multiples of the spacing, at least 2 pixels.
    spacing : int or sequence of int
        Control-point spacing in pixels.

    Returns
    -------
    tf.Tensor, shape (B, n_1 / s_1, ..., n_r / s_r, r)

    Raises
    ------
    ValueError
        If the shapes differ, there are several channels or a side is no multiple of the spacing.
    """
    weights, image = tf.convert_to_tensor(weights), tf.convert_to_tensor(image)
    spacing = per_axis(spacing, spatial_rank(image, "image"), "spacing")
    if not weights.shape.is_compatible_with(image.shape) or image.shape[-1] != 1:
        raise ValueError(
            f"`weights` and `image` must have the same shape, with one channel. "
            f"Received: weights.shape={weights.shape}, image.shape={image.shape}"
        )
    _check_multiples(image, spacing, "image")
    return _on_control_points(_data_force(weights, image, spacing=spacing), image, spacing)


def _check_multiples(values, spacing, name):
    for side, s in zip(values.shape[1:-1], spacing):
        if side is not None and side % s:
            raise ValueError(
                f"every side of `{name}` must be a multiple of the control-point spacing {spacing}. "
                f"Received: {name}.shape={values.shape}"
            )


def _on_control_points(gathered, dense, spacing):
    """State what is known of the shape of what was gathered from a dense field or image."""
    sides = [None if n is None else n // s for n, s in zip(dense.shape[1:-1], spacing)]
    gathered.set_shape([dense.shape[0], *sides, len(spacing)])
    return gathered


@compiled_both_ways
def _gather(force, spacing):
    return _gather_axes(force, spacing)


@compiled_both_ways
def _data_force(weights, image, spacing):
    return _gather_axes(weights * derivatives(image, len(spacing))[..., 0, :], spacing)


def _gather_axes(force, spacing):
    for axis, s in enumerate(spacing, start=1):
        force = _gather_axis(force, axis, s)
    return force


def _gather_axis(force: tf.Tensor, axis: int, spacing: int) -> tf.Tensor:
    # The polyphase form of the strided convolution: a control point takes the falling half of the kernel over its own
    # cell and the rising half over the cell before it.
    shape = tf.shape(force)
    cells = tf.reshape(force, tf.concat([shape[:axis], [shape[axis] // spacing, spacing], shape[axis + 1 :]], axis=0))
    rising = cell_phases(force, axis, spacing)
    own = tf.reduce_sum(cells * (1 - rising), axis=axis + 1)
    before = tf.reduce_sum(cells * rising, axis=axis + 1)
    padding = [[0, 0]] * force.shape.rank
    padding[axis] = [1, 0]
    return own + tf.pad(axis_slice(before, axis, None, -1), padding)
