"""How well a registration did, and all metrics of a flow field, as far as there is something to compare it with."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from dirv_tf import geometry, metrics
from dirv_tf.io import Landmarks, SlideLevel, match_landmarks
from dirv_tf.registration.maps.apply_field import apply_to_labels, apply_to_landmarks, check_inside
from dirv_tf.registration.maps.linear_map import LinearMap

if TYPE_CHECKING:
    from dirv_tf.registration.results.result import RegistrationResult

_WHEN = {"before": "moving", "after": "registered"}


def evaluate_field(
    flow_field: Any,
    pixel_size: Sequence[float] | None = None,
    true_flow_field: Any | None = None,
    landmarks: tuple[Landmarks, Landmarks] | None = None,
    labels: tuple[Any, Any] | None = None,
    moving_size: Sequence[int] | None = None,
    initial: LinearMap | None = None,
    levels: tuple[SlideLevel | None, SlideLevel | None] = (None, None),
) -> dict[str, Any]:
    """Measure a flow field.

    Parameters
    ----------
    flow_field : array_like, shape (n_1, ..., n_r, r), pixels
        Backward, array-axis order.
    pixel_size : sequence of float, optional
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
    levels : pair of (SlideLevel or None)
        At which the fixed and the moving image were registered, where they are slides. Landmarks and their errors then
        count pixels of full resolution; everything else is of the level.

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
    measured = {"field": _field_metrics(initial.decomposed(flow_field), pixel_size)}
    if true_flow_field is not None:
        true_flow_field = np.asarray(true_flow_field, np.float32)
        measured["endpoint_error"] = _endpoint_errors(flow_field, true_flow_field, initial.flow_field(size))
    if landmarks is not None:
        measured["landmarks"] = _landmark_metrics(
            flow_field, pixel_size, match_landmarks(*landmarks), moving_size, initial, levels
        )
    if labels is not None:
        fixed, moving = (np.asarray(each) for each in labels)
        if fixed.shape != size:
            raise ValueError(f"Expected a label map of the fixed image, of size {size}. Received: shape={fixed.shape}")
        measured["labels"] = {
            name: _overlap(fixed, apply_to_labels(moving, field, moving_size), pixel_size)
            for name, field in (("before", initial.flow_field(size)), ("after", flow_field))
        }
    return measured


def _field_metrics(flow_field, pixel_size):
    batch = flow_field[np.newaxis]
    determinant = geometry.jacobian_determinant(batch)
    extremes = {"jacobian_min": tf.reduce_min(determinant), "jacobian_max": tf.reduce_max(determinant)}
    measured = {name: value[0] for name, value in metrics.field_metrics(batch, pixel_size).items()}
    return {name: float(value) for name, value in {**measured, **extremes}.items()}


def _landmark_metrics(flow_field, pixel_size, pairs, moving_size, initial, levels):
    fixed, moving_level = levels
    size = flow_field.shape[:-1] if fixed is None else fixed.full_size
    if fixed is not None and pixel_size is not None:
        pixel_size = np.divide(pixel_size, fixed.step)
    check_inside(Landmarks(pairs.names, pairs.fixed_points), size, len(size))
    moving = Landmarks(pairs.names, pairs.moving_points)
    carried = apply_to_landmarks(moving, flow_field, moving_size=moving_size, levels=levels)
    points = pairs.moving_points if moving_level is None else moving_level.from_full(pairs.moving_points)
    before = initial.inverse().applied(points)
    before = before if fixed is None else fixed.to_full(before)
    errors = metrics.landmark_errors(pairs.fixed_points, carried.points, size, pixel_size, before)
    left_out = len(pairs.only_fixed) + len(pairs.only_moving)
    return {"count": len(pairs.names), "without_partner": left_out, **errors}


def _overlap(fixed, warped, pixel_size):
    measured = metrics.label_overlap(fixed, warped, pixel_size)
    distances = {label: _defined(distance) for label, distance in measured["hd95"].items()}
    return {**measured, "hd95": distances, "hd95_mean": _defined(measured["hd95_mean"])}


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


@dataclass(frozen=True)
class RegistrationAccuracy:
    """Errors before and after a registration, averaged over all pixels or those of a mask.

    Before, the images lie where their headers put them: pixel on pixel where nothing is known.

    Attributes
    ----------
    difference_before, difference_after : float
        Mean absolute intensity difference to the fixed image, intensities in [0, 1].
    endpoint_error_before, endpoint_error_after : float, pixels
        Mean length of the difference between the predicted and the true flow field.
    folded_percent : float
        Share of pixels where the Jacobian determinant of the predicted transformation is not positive.
    """

    difference_before: float
    difference_after: float
    endpoint_error_before: float
    endpoint_error_after: float
    folded_percent: float

    @property
    def difference_reduction(self) -> float:
        """Reduction of the intensity difference in percent (thesis section 6.4: 100 (1 - after / before))."""
        return float(metrics.reduction(self.difference_before, self.difference_after))

    @property
    def endpoint_error_reduction(self) -> float:
        """Reduction of the endpoint error in percent."""
        return float(metrics.reduction(self.endpoint_error_before, self.endpoint_error_after))


def measure_accuracy(result: RegistrationResult, true_flow_field: Any, mask: Any | None = None) -> RegistrationAccuracy:
    """Compare the result of a registration with the true field.

    Parameters
    ----------
    result : RegistrationResult
    true_flow_field : array_like, shape (n_1, ..., n_r, r), pixels
        Backward, array-axis order.
    mask : array_like of bool, shape (n_1, ..., n_r), optional
        Pixels of the fixed image to average over; default all. An empty background shows no displacement, so that
        errors there say nothing about a network.

    Returns
    -------
    RegistrationAccuracy

    Raises
    ------
    ValueError
        If the true field does not have the shape of the predicted one, or the mask that of the image, or it is empty.
    """
    measured = result_metrics(result, true_flow_field, mask)
    names = [field.name for field in dataclasses.fields(RegistrationAccuracy)]
    return RegistrationAccuracy(**{name: measured[name] for name in names})


def result_metrics(result, true_flow_field=None, mask=None):
    """Return all metrics of a registration, see `RegistrationResult.metrics`.

    Parameters
    ----------
    result : RegistrationResult
    true_flow_field : array_like, shape (n_1, ..., n_r, r), pixels, optional
    mask : array_like of bool, shape (n_1, ..., n_r), optional

    Returns
    -------
    dict of float
    """
    inside = None if mask is None else _checked(mask, result.size)[np.newaxis]
    field = result.flow_field[np.newaxis]
    images = {name: image[np.newaxis, ..., np.newaxis] for name, image in result.unit_interval_images().items()}
    differences = {
        f"difference_{when}": metrics.intensity_difference(images["fixed"], images[name], inside)
        for when, name in _WHEN.items()
    }
    # A program of this very size would take longer to compile than to run.
    with geometry.for_any_shape():
        # Headers may mirror or scale the pixels, which is no deformation.
        beyond = result.initial.decomposed(result.flow_field)[np.newaxis]
        of_field = metrics.field_metrics(beyond, result.fixed_geometry.pixel_size, inside)
    measured = {
        **differences,
        **{name.replace("difference", "l_int"): 255 * value for name, value in differences.items()},
        **of_field,
    }
    if true_flow_field is not None:
        true = _checked_field(true_flow_field, result.flow_field)[np.newaxis]
        start = result.initial.flow_field(result.size)[np.newaxis]
        for when, predicted in zip(_WHEN, (start, field)):
            measured[f"endpoint_error_{when}"] = metrics.endpoint_error(true, predicted, inside)
    return {name: float(value[0]) for name, value in measured.items()}


def _checked(mask, size):
    mask = np.asarray(mask, bool)
    if mask.shape != size or not mask.any():
        raise ValueError(
            f"Expected a mask of shape {size} with at least one pixel. "
            f"Received: mask.shape={mask.shape} with {np.count_nonzero(mask)} pixels"
        )
    return mask


def _checked_field(true_flow_field, flow_field):
    true_flow_field = np.asarray(true_flow_field, dtype=np.float32)
    if true_flow_field.shape != flow_field.shape:
        raise ValueError(
            f"Expected a true flow field of shape {flow_field.shape} like the predicted one. "
            f"Received: true_flow_field.shape={true_flow_field.shape}"
        )
    return true_flow_field
