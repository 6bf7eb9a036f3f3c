"""How well a registration did."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from dirv_tf import geometry
from dirv_tf.metrics.field_quality import SMALLEST_DETERMINANT


@dataclass(frozen=True)
class RegistrationAccuracy:
    """Errors before (zero field) and after a registration, averaged over all pixels or those of a mask.

    Attributes
    ----------
    difference_before, difference_after : float
        Mean absolute intensity difference to the fixed image, intensities in [0, 1].
    endpoint_error_before, endpoint_error_after : float, pixels
        Mean length of the difference between the predicted and the true flow field.
    folded : float, percent
        Share of pixels where the Jacobian determinant of the predicted transformation is not positive.
    """

    difference_before: float
    difference_after: float
    endpoint_error_before: float
    endpoint_error_after: float
    folded: float

    @property
    def difference_reduction(self) -> float:
        """Reduction of the intensity difference in percent (thesis section 6.4: 100 (1 - after / before))."""
        return _reduction(self.difference_before, self.difference_after)

    @property
    def endpoint_error_reduction(self) -> float:
        """Reduction of the endpoint error in percent."""
        return _reduction(self.endpoint_error_before, self.endpoint_error_after)


def measure_accuracy(result, true_flow_field, mask=None):
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
    maps = {**field_maps(result.flow_field), **_difference_maps(result), **_endpoint_maps(result, true_flow_field)}
    names = [field.name for field in dataclasses.fields(RegistrationAccuracy)]
    pixels = _pixels(result, mask)
    return RegistrationAccuracy(**{name: float(maps[name][pixels].mean()) for name in names})


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
    pixels = _pixels(result, mask)
    differences = {name: values[pixels].mean() for name, values in _difference_maps(result).items()}
    maps = field_maps(result.flow_field, result.fixed_geometry.spacing)
    maps = {name: values[pixels] for name, values in maps.items()}
    figures = {
        **differences,
        **{name.replace("difference", "l_int"): 255 * value for name, value in differences.items()},
        **{f"displacement_mean_{unit}": maps[unit].mean() for unit in ("px", "mm")},
        **{f"displacement_max_{unit}": maps[unit].max() for unit in ("px", "mm")},
        "folded_percent": maps["folded"].mean(),
        "sd_log_jacobian": maps["log_jacobian"].std(),
    }
    if true_flow_field is not None:
        endpoint_errors = _endpoint_maps(result, true_flow_field)
        figures.update({name: values[pixels].mean() for name, values in endpoint_errors.items()})
    return {name: float(value) for name, value in figures.items()}


def field_maps(flow_field, spacing=1.0):
    """Return what is measured of a field at every pixel.

    Parameters
    ----------
    flow_field : ndarray, shape (n_1, ..., n_r, r), pixels
    spacing : float or sequence of float, length r
        Millimeters per pixel.

    Returns
    -------
    dict of ndarray, shape (n_1, ..., n_r)
        "jacobian", the determinant; "log_jacobian"; "folded", 100 where the determinant is not positive; "px" and "mm",
        the lengths of the displacements.
    """
    with geometry.for_any_shape():
        determinant = geometry.jacobian_determinant(flow_field[np.newaxis]).numpy()[0]
    return {
        "jacobian": determinant,
        "log_jacobian": np.log(np.maximum(determinant, SMALLEST_DETERMINANT)),
        "folded": 100.0 * (determinant <= 0.0),
        "px": np.linalg.norm(flow_field, axis=-1),
        "mm": np.linalg.norm(flow_field * np.asarray(spacing), axis=-1),
    }


def _pixels(result, mask):
    mask = np.ones(result.size, bool) if mask is None else np.asarray(mask, bool)
    if mask.shape != result.size or not mask.any():
        raise ValueError(
            f"Expected a mask of shape {result.size} with at least one pixel. "
            f"Received: mask.shape={mask.shape} with {np.count_nonzero(mask)} pixels"
        )
    return mask


def _difference_maps(result):
    images = result.unit_interval_images()
    return {
        "difference_before": np.abs(images["moving"] - images["fixed"]),
        "difference_after": np.abs(images["registered"] - images["fixed"]),
    }


def _endpoint_maps(result, true_flow_field):
    true_flow_field = np.asarray(true_flow_field, dtype=np.float32)
    if true_flow_field.shape != result.flow_field.shape:
        raise ValueError(
            f"Expected a true flow field of shape {result.flow_field.shape} like the predicted one. "
            f"Received: true_flow_field.shape={true_flow_field.shape}"
        )
    return {
        "endpoint_error_before": np.linalg.norm(true_flow_field, axis=-1),
        "endpoint_error_after": np.linalg.norm(result.flow_field - true_flow_field, axis=-1),
    }


def _reduction(before, after):
    return 100.0 * (1.0 - after / before) if before > 0.0 else 0.0
