"""Whether a predicted standard deviation is as large as the errors: pure functions of arrays."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

BINS = 15
# Of a normal distribution: so many standard deviations to both sides hold 90 percent.
INTERVAL_90 = 1.6448536269514722


class CalibrationBins(NamedTuple):
    """Predicted standard deviations in bins of equal width, against the errors found.

    Attributes
    ----------
    counts : ndarray of int, shape (bins,)
    predicted : ndarray, shape (bins,), pixels
        Root mean square of the standard deviations in the bin; 0 where it is empty.
    found : ndarray, shape (bins,), pixels
        Root mean square of the errors; 0 where it is empty.

    Examples
    --------
    >>> import numpy as np
    >>> from dirv_tf.metrics import CalibrationBins
    >>> bins = CalibrationBins(np.array([3, 1]), np.array([0.5, 1.0]), np.array([0.5, 2.0]))
    >>> bins.expected_calibration_error
    0.25
    """

    counts: np.ndarray
    predicted: np.ndarray
    found: np.ndarray

    @property
    def expected_calibration_error(self) -> float:
        """Mean gap between found and predicted, weighted by the counts, pixels."""
        return float(np.sum(self.counts * np.abs(self.found - self.predicted)) / max(self.counts.sum(), 1))


def calibration_bins(errors: Any, standard_deviation: Any, bins: int = BINS) -> CalibrationBins:
    """Sort components of errors by their predicted standard deviation.

    Parameters
    ----------
    errors, standard_deviation : array_like of the same shape, pixels
        Per component: the field minus the true one, and what was predicted for it.
    bins : int
        Bins of equal width from the smallest to the largest prediction.

    Returns
    -------
    CalibrationBins

    Raises
    ------
    ValueError
        If the shapes differ, there is nothing, a standard deviation is not above 0, or a number is not finite.

    Examples
    --------
    >>> bins = calibration_bins([1.0, -1.0, 2.0, -2.0], [1.0, 1.0, 3.0, 3.0], bins=2)
    >>> bins.found.tolist(), bins.predicted.tolist(), bins.expected_calibration_error
    ([1.0, 2.0], [1.0, 3.0], 0.5)
    """
    errors, deviation = _checked(errors, standard_deviation)
    if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
        raise ValueError(f"`bins` must be a positive integer. Received: bins={bins!r}")
    low, high = deviation.min(), deviation.max()
    places = (deviation - low) / (high - low) * bins if high > low else np.zeros_like(deviation)
    numbers = np.minimum(places.astype(np.int64), bins - 1)
    counts = np.bincount(numbers, minlength=bins)
    predicted, found = (
        np.sqrt(np.bincount(numbers, weights=values**2, minlength=bins) / np.maximum(counts, 1))
        for values in (deviation, errors)
    )
    return CalibrationBins(counts, predicted, found)


def coverage(errors: Any, standard_deviation: Any, interval: float = INTERVAL_90) -> float:
    """Return the percentage of components whose error lies within so many standard deviations.

    Parameters
    ----------
    errors, standard_deviation : array_like of the same shape, pixels
    interval : float
        Default: 1.645, which holds 90 percent of a normal distribution.

    Returns
    -------
    float
        Percent.

    Raises
    ------
    ValueError
        As `calibration_bins`.

    Examples
    --------
    >>> coverage([0.0, 1.0, 2.0, -5.0], [1.0, 1.0, 1.0, 1.0])
    50.0
    """
    errors, deviation = _checked(errors, standard_deviation)
    return 100 * float(np.mean(np.abs(errors) <= interval * deviation))


def mean_log_density(errors: Any, standard_deviation: Any, drop: float = 0.0) -> float:
    """Return the mean logarithm of the normal density of the errors, per component.

    Parameters
    ----------
    errors, standard_deviation : array_like of the same shape, pixels
    drop : float
        Share of the least probable components that do not count, from 0 to below 1.

    Returns
    -------
    float
        Of densities per pixel; larger is better.

    Raises
    ------
    ValueError
        As `calibration_bins`, and for another share.

    Examples
    --------
    >>> round(mean_log_density([0.0, 1.0], [1.0, 1.0]), 4)
    -1.1689
    """
    errors, deviation = _checked(errors, standard_deviation)
    if not 0 <= drop < 1:
        raise ValueError(f"`drop` must be a share from 0 to below 1. Received: drop={drop!r}")
    densities = -0.5 * (errors / deviation) ** 2 - np.log(deviation) - 0.5 * math.log(2 * math.pi)
    return float(np.sort(densities)[int(drop * densities.size) :].mean())


def rank_correlation(errors: Any, standard_deviation: Any) -> float:
    """Return Spearman's correlation of predicted standard deviations with the sizes of the errors.

    Parameters
    ----------
    errors, standard_deviation : array_like of the same shape, pixels
        Components, or lengths of errors and of standard deviations.

    Returns
    -------
    float
        From -1 to 1; nan where one of them is constant.

    Raises
    ------
    ValueError
        As `calibration_bins`.

    Examples
    --------
    >>> rank_correlation([0.1, -0.2, 0.9], [1.0, 2.0, 3.0])
    1.0
    """
    from scipy.stats import rankdata

    errors, deviation = _checked(errors, standard_deviation)
    first, second = rankdata(np.abs(errors)), rankdata(deviation)
    if first.std() == 0 or second.std() == 0:
        return math.nan
    return round(float(np.corrcoef(first, second)[0, 1]), 12)


def _checked(errors, standard_deviation):
    """Return both as flat arrays of float64."""
    errors, deviation = (np.asarray(each, np.float64) for each in (errors, standard_deviation))
    if errors.shape != deviation.shape or errors.size == 0:
        raise ValueError(
            "`errors` and `standard_deviation` must have one shape and hold something. "
            f"Received: errors.shape={errors.shape}, standard_deviation.shape={deviation.shape}"
        )
    if not np.isfinite(errors).all() or not np.isfinite(deviation).all() or deviation.min() <= 0:
        raise ValueError(
            "`errors` must be finite and `standard_deviation` finite and above 0. Received: "
            f"{np.count_nonzero(~np.isfinite(errors))} errors that are not finite, smallest standard deviation "
            f"{deviation.min():.6g}"
        )
    return errors.ravel(), deviation.ravel()
