"""Errors per pyramid level, shared by losses and metrics (thesis 5.4; per control point or pixel, then averaged)."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import geometry

# Below this mean square (in px² or intensity²) the root is cut off, so that its gradient stays finite at zero.
_SMALLEST_SQUARE = 1e-12


def root_mean_square_error(true: tf.Tensor, predicted: tf.Tensor) -> tf.Tensor:
    """Average ``sqrt(mean_i (predicted_i - true_i)²)`` over all positions of each image.

    Parameters
    ----------
    true, predicted : tf.Tensor, shape (B, n_1, ..., n_r, C)

    Returns
    -------
    tf.Tensor, shape (B,)
        In the unit of the arguments; gradient finite everywhere.
    """
    squares = tf.reduce_mean(tf.square(predicted - true), axis=-1)
    roots = tf.sqrt(tf.maximum(squares, _SMALLEST_SQUARE))
    return tf.reduce_mean(roots, axis=list(range(1, roots.shape.rank)))


def true_displacement_fields(flow_field: tf.Tensor, displacement_fields) -> tuple[tf.Tensor, ...]:
    """Return the ground truth at the control points of every level, coarse to fine.

    Parameters
    ----------
    flow_field : tf.Tensor, shape (B, n_1, ..., n_r, r)
        True flow field of the finest level, pixels.
    displacement_fields : sequence of tf.Tensor, each of shape (B, n_u, g_1, ..., g_r, r)
        Predicted fields of every level, coarse to fine; their grids tell the control-point spacing.

    Returns
    -------
    tuple of tf.Tensor, each of shape (B, g_1, ..., g_r, r)
        In pixels of the level.
    """
    flow_field = tf.convert_to_tensor(flow_field)
    finest = displacement_fields[-1]
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


def displacement_errors(flow_field: tf.Tensor, outputs, unit_decay: float = 0.0) -> list[tf.Tensor]:
    """Return the displacement error of every level, each (B,), in pixels of the level.

    Parameters
    ----------
    flow_field : tf.Tensor, shape (B, n_1, ..., n_r, r)
        True flow field, pixels.
    outputs : dict
        What a `DIRVNet` returns.
    unit_decay : float
        0: the error of the last unit. Otherwise the weighted mean over all units, in which a unit has `unit_decay`
        times the weight of the unit behind it.
    """
    fields = outputs["displacement_fields"]
    levels = zip(true_displacement_fields(flow_field, fields), fields)
    return [_mean_over_units(true, predicted, unit_decay) for true, predicted in levels]


def _mean_over_units(true, predicted, unit_decay):
    if not unit_decay:
        return root_mean_square_error(true, predicted[:, -1])
    weights = [unit_decay**later for later in range(predicted.shape[1])]
    errors = [root_mean_square_error(true, predicted[:, -1 - later]) for later in range(len(weights))]
    return tf.add_n([weight / sum(weights) * error for weight, error in zip(weights, errors)])


def intensity_errors(outputs) -> list[tf.Tensor]:
    """Return the intensity error of every level, each (B,), in units of the images."""
    return [
        root_mean_square_error(fixed, registered)
        for fixed, registered in zip(outputs["fixed_images"], outputs["registered_images"])
    ]


def displacement_level_weights(levels: int) -> list[float]:
    """Return ``2**(levels - 1 - l) / levels`` for ``l = 0 ... levels - 1``: finest-level pixels, averaged (eq. 27)."""
    return [2.0 ** (levels - 1 - level) / levels for level in range(levels)]


def check_outputs(outputs, name: str) -> None:
    """Raise a ValueError unless `outputs` is what a `DIRVNet` returns."""
    if not isinstance(outputs, dict) or "displacement_fields" not in outputs:
        received = sorted(outputs) if isinstance(outputs, dict) else type(outputs).__name__
        raise ValueError(f"`{name}` must be the dictionary that a DIRVNet returns. Received: {received}")


def check_flow_field(flow_field, outputs) -> None:
    """Raise a ValueError unless a ground-truth flow field of the right shape is there."""
    if flow_field is None:
        raise ValueError(
            "the displacement loss needs the true flow field: train on ((fixed, moving), flow_field), or use the "
            "IntensityLoss, which needs none. Received: y_true=None"
        )
    expected = outputs["flow_field"].shape
    if not expected.is_compatible_with(tf.convert_to_tensor(flow_field).shape):
        raise ValueError(
            f"the true flow field must have the shape of the predicted one, {expected}. "
            f"Received: y_true.shape={flow_field.shape}"
        )
