"""Displacement errors at the control points, per pyramid level (thesis 4.7)."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.losses.arguments import alike_tensors, field_tensor
from dirv_tf.losses.finite_root import finite_root
from dirv_tf.losses.root_mean_square import root_mean_square_error


def displacement_errors(
    flow_field: tf.Tensor, displacement_fields: Sequence[tf.Tensor], unit_decay: float = 0.0
) -> list[tf.Tensor]:
    """Return the displacement error of every level, coarse to fine: the sums of thesis eq. 27.

    Parameters
    ----------
    flow_field : tf.Tensor or array_like, shape (B, n_1, ..., n_r, r)
        True flow field, pixels.
    displacement_fields : sequence of tf.Tensor, each of shape (B, n_u, g_1, ..., g_r, r)
        Predicted fields at the control points after every unit of every level, coarse to fine, in pixels of the level.
    unit_decay : float
        0: the error of the last unit. Otherwise the weighted mean over all units, in which a unit has `unit_decay`
        times the weight of the unit behind it.

    Returns
    -------
    list of tf.Tensor, each of shape (B,)
        In pixels of the level.

    Raises
    ------
    ValueError
        If the fields do not fit each other, see `true_displacement_fields`.

    Examples
    --------
    >>> import numpy as np
    >>> from dirv_tf import losses
    >>> true, predicted = np.ones((1, 16, 16, 2), "float32"), np.zeros((1, 3, 4, 4, 2), "float32")
    >>> [float(error[0]) for error in losses.displacement_errors(true, [predicted])]
    [1.0]
    """
    levels = zip(true_displacement_fields(flow_field, displacement_fields), displacement_fields)
    return [_mean_over_units(true, predicted, unit_decay) for true, predicted in levels]


def displacement_spreads(flow_field: tf.Tensor, displacement_fields: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Return how unevenly the last unit of every level errs: the standard deviation of its errors within each pair.

    Parameters
    ----------
    flow_field, displacement_fields
        As for `displacement_errors`.

    Returns
    -------
    list of tf.Tensor, each of shape (B,)
        Standard deviation, over the control points, of the length of the error; in pixels of the level.

    Raises
    ------
    ValueError
        If the fields do not fit each other, see `true_displacement_fields`.

    Examples
    --------
    >>> import numpy as np
    >>> from dirv_tf import losses
    >>> true, predicted = np.ones((1, 16, 16, 2), "float32"), np.zeros((1, 3, 4, 4, 2), "float32")
    >>> [float(spread[0]) for spread in losses.displacement_spreads(true, [predicted])]
    [0.0]
    """
    levels = zip(true_displacement_fields(flow_field, displacement_fields), displacement_fields)
    return [_spread(true, predicted[:, -1]) for true, predicted in levels]


def true_displacement_fields(
    flow_field: tf.Tensor, displacement_fields: Sequence[tf.Tensor]
) -> tuple[tf.Tensor, ...]:
    """Return the true field at the control points of every level, coarse to fine.

    Parameters
    ----------
    flow_field : tf.Tensor or array_like, shape (B, n_1, ..., n_r, r)
        True flow field of the finest level, pixels.
    displacement_fields : sequence of tf.Tensor, each of shape (B, n_u, g_1, ..., g_r, r)
        Predicted fields of every level, coarse to fine; their grids tell the control-point spacing.

    Returns
    -------
    tuple of tf.Tensor, each of shape (B, g_1, ..., g_r, r)
        In pixels of the level.

    Raises
    ------
    ValueError
        If there is no level, the numbers of axes differ, or the grid of the finest level does not divide the image.

    Examples
    --------
    >>> import numpy as np
    >>> from dirv_tf import losses
    >>> predicted = [np.zeros((1, 2, 2, 2, 2), "float32"), np.zeros((1, 2, 4, 4, 2), "float32")]
    >>> fields = losses.true_displacement_fields(np.ones((1, 16, 16, 2), "float32"), predicted)
    >>> [(tuple(field.shape), float(field[0, 0, 0, 0])) for field in fields]
    [((1, 2, 2, 2), 0.5), ((1, 4, 4, 2), 1.0)]
    """
    flow_field = field_tensor(flow_field, "flow_field")
    finest = _checked_finest(flow_field, displacement_fields)
    # By tensors: the spacing may be known only at run time.
    spacing = tf.shape(flow_field)[1:-1] // tf.shape(finest)[2:-1]
    ones = tf.ones([1], tf.int32)
    fields = [
        tf.strided_slice(
            flow_field, tf.zeros_like(tf.shape(flow_field)), tf.shape(flow_field), tf.concat([ones, spacing, ones], 0)
        )
    ]
    fields[0].set_shape([flow_field.shape[0], *finest.shape[2:]])
    for _ in displacement_fields[1:]:
        fields.insert(0, geometry.downsample_displacement_field(fields[0]))
    return tuple(fields)


def displacement_level_weights(levels: int) -> list[float]:
    """Return ``2**(levels - 1 - l) / levels`` for ``l = 0 ... levels - 1``: finest-level pixels, averaged (eq. 27).

    Parameters
    ----------
    levels : int
        Number of pyramid levels.

    Returns
    -------
    list of float

    Examples
    --------
    >>> from dirv_tf import losses
    >>> losses.displacement_level_weights(2)
    [1.0, 0.5]
    """
    return [2.0 ** (levels - 1 - level) / levels for level in range(levels)]


def _checked_finest(flow_field, displacement_fields):
    if not len(displacement_fields):
        raise ValueError("Expected displacement fields of at least one level. Received: displacement_fields of none")
    finest = displacement_fields[-1]
    size, grid = flow_field.shape[1:-1], finest.shape[2:-1]
    known = [(n, g) for n, g in zip(size, grid) if n is not None and g is not None]
    if len(size) != len(grid) or any(n % g for n, g in known):
        raise ValueError(
            "the true flow field must have the axes of the displacement fields, whose control points must divide its "
            f"pixels. Received: flow_field.shape={flow_field.shape}, finest displacement field of shape {finest.shape}"
        )
    return finest


def _mean_over_units(true, predicted, unit_decay):
    if not unit_decay:
        return root_mean_square_error(true, predicted[:, -1])
    weights = [unit_decay**later for later in range(predicted.shape[1])]
    errors = [root_mean_square_error(true, predicted[:, -1 - later]) for later in range(len(weights))]
    return tf.add_n([weight / sum(weights) * error for weight, error in zip(weights, errors)])


def _spread(true, predicted):
    true, predicted = alike_tensors(true, predicted, ("true", "predicted"))
    lengths = finite_root(tf.reduce_sum(tf.square(predicted - true), axis=-1))
    axes = list(range(1, lengths.shape.rank))
    return finite_root(tf.math.reduce_variance(lengths, axes))
