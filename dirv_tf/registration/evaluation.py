"""All figures of a flow field, as far as there is something to compare it with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from dirv_tf import geometry, metrics
from dirv_tf.io import Landmarks, match_landmarks
from dirv_tf.registration.apply_field import apply_to_labels, apply_to_landmarks, check_inside
from dirv_tf.registration.linear_map import LinearMap


def evaluate_field(
    flow_field: Any,
    spacing: Sequence[float] | None = None,
    true_flow_field: Any | None = None,
    landmarks: tuple[Landmarks, Landmarks] | None = None,
    labels: tuple[Any, Any] | None = None,
    moving_size: Sequence[int] | None = None,
    initial: LinearMap | None = None,
) -> dict[str, Any]:
    """Measure a flow field.

    Parameters
    ----------
    flow_field : array_like, shape (n_1, ..., n_r, r), pixels
        Backward, array-axis order.
    spacing : sequence of float, optional
        Millimeters per pixel and axis; lengths are then given in millimeters too.
    true_flow_field : array_like, same shape, optional
        Adds the endpoint errors.
    landmarks : pair of Landmarks, optional
        Of the fixed and of the moving image; adds target registration errors, in pixels and relative to the image
        diagonal as in the ANHIR challenge (Borovec et al., IEEE TMI 2020). Those of the moving image are carried to
        the fixed one; equal names correspond.
    labels : pair of array_like of int, shapes (n_1, ..., n_r) and (m_1, ..., m_r), optional
        Label maps of the fixed and of the moving image; adds Dice coefficients and Hausdorff distances (95 %).
    moving_size : sequence of int, length r, optional
        Pixels per axis of the moving image, to which its landmarks and label map must fit. Default: not checked.
    initial : LinearMap, optional
        Where the images lay before the registration, from fixed to moving pixels; what is called "before" refers to it.
        Default: pixel on pixel.

    Returns
    -------
    dict of dict
        "field" always; "endpoint_error", "landmarks" and "labels" as asked for. Distances of a label that one of the
        images lacks are None.

    Raises
    ------
    ValueError
        When a size or a number of axes does not fit, or no names of landmarks are common.
    """
    flow_field = np.asarray(flow_field, np.float32)
    size = flow_field.shape[:-1]
    initial = initial or LinearMap.identity(len(size))
    figures = {"field": _field_figures(initial.decomposed(flow_field), spacing)}
    if true_flow_field is not None:
        true_flow_field = np.asarray(true_flow_field, np.float32)
        figures["endpoint_error"] = _endpoint_errors(flow_field, true_flow_field, initial.flow_field(size))
    if landmarks is not None:
        figures["landmarks"] = _landmark_figures(
            flow_field, spacing, match_landmarks(*landmarks), moving_size, initial
        )
    if labels is not None:
        fixed, moving = (np.asarray(each) for each in labels)
        if fixed.shape != size:
            raise ValueError(f"Expected a label map of the fixed image, of size {size}. Received: shape={fixed.shape}")
        figures["labels"] = {
            name: _overlap(fixed, apply_to_labels(moving, field, moving_size), spacing)
            for name, field in (("before", initial.flow_field(size)), ("after", flow_field))
        }
    return figures


def _field_figures(flow_field, spacing):
    batch = flow_field[np.newaxis]
    determinant = geometry.jacobian_determinant(batch)
    extremes = {"jacobian_min": tf.reduce_min(determinant), "jacobian_max": tf.reduce_max(determinant)}
    figures = {name: value[0] for name, value in metrics.field_metrics(batch, spacing).items()}
    return {name: float(value) for name, value in {**figures, **extremes}.items()}


def _landmark_figures(flow_field, spacing, pairs, moving_size, initial):
    size = flow_field.shape[:-1]
    check_inside(Landmarks(pairs.names, pairs.fixed_points), size, len(size))
    moving = Landmarks(pairs.names, pairs.moving_points)
    carried = apply_to_landmarks(moving, flow_field, moving_size=moving_size)
    before = initial.inverse().applied(pairs.moving_points)
    errors = metrics.landmark_errors(pairs.fixed_points, carried.points, size, spacing, before)
    left_out = len(pairs.only_fixed) + len(pairs.only_moving)
    return {"count": len(pairs.names), "without_partner": left_out, **errors}


def _overlap(fixed, warped, spacing):
    figures = metrics.label_overlap(fixed, warped, spacing)
    distances = {label: _defined(distance) for label, distance in figures["hd95"].items()}
    return {**figures, "hd95": distances, "hd95_mean": _defined(figures["hd95_mean"])}


def _defined(distance):
    """None in place of NaN, which JSON does not know."""
    return None if np.isnan(distance) else distance


def _endpoint_errors(flow_field, true_flow_field, start):
    if true_flow_field.shape != flow_field.shape:
        raise ValueError(
            f"Expected a true flow field of shape {flow_field.shape}. Received: shape={true_flow_field.shape}"
        )
    true, predicted, start = (field[np.newaxis] for field in (true_flow_field, flow_field, start))
    before, after = (float(metrics.endpoint_error(true, each)[0]) for each in (start, predicted))
    largest = tf.reduce_max(metrics.displacement_lengths(predicted - true))
    return {
        "before_px": before,
        "after_px": after,
        "after_max_px": float(largest),
        "removed_percent": float(metrics.reduction(before, after)),
    }
