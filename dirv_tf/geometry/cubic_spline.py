"""Cubic B-spline fields on grids of control points that lie in the middle of their cells."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf.geometry.tensor_shapes import axis_slice, field_rank, per_axis
from dirv_tf.validation import one_of

# What lies beyond the outermost control points.
BORDERS = ("zero", "replicate")
# Control points that reach a pixel from either side of its own cell.
_REACH = 2


def cubic_spline_field(
    control_points: tf.Tensor, spacing: int | Sequence[int], border: str = "zero"
) -> tf.Tensor:
    """Expand control points to a dense flow field with cubic B-splines.

    ``u[p] = sum_k c[k] prod_i beta((p_i - o_i - s_i k_i) / s_i)``: control point ``k`` sits at pixel ``s k + o`` with
    ``o = (s - 1) / 2``, the middle of its cell of ``s`` pixels. This is another grid than that of
    `interpolate_control_points`, whose points sit at ``s k``. Grids of spacings that are multiples of each other nest:
    expanded with spacing ``2 s``, the control points give the field at twice the resolution.

    Parameters
    ----------
    control_points : tf.Tensor, shape (B, g_1, ..., g_r, r)
        Coefficients of the B-splines; they are approximated, not met.
    spacing : int or sequence of int
        Control-point spacing ``s`` in pixels, one for all axes or one per axis.
    border : {"zero", "replicate"}
        "zero": nothing lies outside the grid, and the field fades towards the border. "replicate": the outermost
        control points go on, and a constant grid gives a constant field.

    Returns
    -------
    tf.Tensor, shape (B, s_1 g_1, ..., s_r g_r, r)
        Flow field in the unit of the control points.

    Raises
    ------
    ValueError
        If `control_points` is no field, or another argument is not legal.

    References
    ----------
    Rueckert et al., "Nonrigid registration using free-form deformations", IEEE Transactions on Medical Imaging 18,
    1999.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.geometry import cubic_spline_field
    >>> field = cubic_spline_field(tf.ones([1, 4, 4, 2]), spacing=8, border="replicate")
    >>> tuple(field.shape), round(float(tf.reduce_min(field)), 5), round(float(tf.reduce_max(field)), 5)
    ((1, 32, 32, 2), 1.0, 1.0)
    """
    control_points = tf.convert_to_tensor(control_points)
    rank = field_rank(control_points, "control_points")
    spacings = per_axis(spacing, rank, "spacing")
    one_of(*BORDERS)("border", border)
    field = control_points
    for axis, step in enumerate(spacings, start=1):
        field = _expand(field, axis, step, border)
    sides = [None if n is None else n * step for n, step in zip(control_points.shape[1:-1], spacings)]
    field.set_shape([control_points.shape[0], *sides, control_points.shape[-1]])
    return field


def _expand(values, axis, spacing, border):
    """Enlarge one axis: a product with the matrix of the B-splines' values."""
    ends = (axis_slice(values, axis, None, 1), axis_slice(values, axis, -1, None))
    first, last = ends if border == "replicate" else map(tf.zeros_like, ends)
    values = tf.concat([*(first,) * _REACH, values, *(last,) * _REACH], axis=axis)
    size = values.shape[axis] if values.shape[axis] is not None else tf.shape(values)[axis]
    pixels = tf.range((size - 2 * _REACH) * spacing)
    positions = (tf.cast(pixels, values.dtype) - (spacing - 1) / 2) / spacing
    weights = cubic_spline(positions[:, None] - tf.cast(tf.range(-_REACH, size - _REACH), values.dtype))
    expanded = tf.tensordot(weights, values, axes=[[1], [axis]])
    # The product puts the enlarged axis first.
    return tf.transpose(expanded, [*range(1, axis + 1), 0, *range(axis + 1, values.shape.rank)])


def cubic_spline(positions: tf.Tensor) -> tf.Tensor:
    """Return the cubic B-spline: ``2/3 - t² + |t|³/2`` up to 1, ``(2 - |t|)³/6`` up to 2, and 0 beyond.

    Parameters
    ----------
    positions : tf.Tensor
        In units of the spacing.

    Returns
    -------
    tf.Tensor, shape of `positions`
    """
    distance = tf.abs(positions)
    near = 2 / 3 - tf.square(distance) + distance**3 / 2
    return tf.where(distance < 1, near, tf.nn.relu(2 - distance) ** 3 / 6)
