"""How well a registration did."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dirv_tf import geometry, metrics

if TYPE_CHECKING:
    from dirv_tf.registration.result import RegistrationResult

_WHEN = {"before": "moving", "after": "registered"}


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
    figures = figures_of(result, true_flow_field, mask)
    names = [field.name for field in dataclasses.fields(RegistrationAccuracy)]
    return RegistrationAccuracy(**{name: figures[name] for name in names})


def figures_of(result, true_flow_field=None, mask=None):
    """Return all figures of a registration, see `RegistrationResult.metrics`.

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
        of_field = metrics.field_metrics(beyond, result.fixed_geometry.spacing, inside)
    figures = {
        **differences,
        **{name.replace("difference", "l_int"): 255 * value for name, value in differences.items()},
        **of_field,
    }
    if true_flow_field is not None:
        true = _checked_field(true_flow_field, result.flow_field)[np.newaxis]
        start = result.initial.flow_field(result.size)[np.newaxis]
        for when, predicted in zip(_WHEN, (start, field)):
            figures[f"endpoint_error_{when}"] = metrics.endpoint_error(true, predicted, inside)
    return {name: float(value[0]) for name, value in figures.items()}


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
