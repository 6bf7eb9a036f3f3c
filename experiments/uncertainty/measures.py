"""Predicted standard deviations against true errors, in numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dirv_tf import metrics


def measures(errors: np.ndarray, deviation: np.ndarray) -> dict[str, Any]:
    """Return what is measured of errors and their predictions.

    Parameters
    ----------
    errors, deviation : ndarray, shape (..., r), pixels
        Of all pairs together.

    Returns
    -------
    dict
        `error_rms`, `predicted_rms` in pixels per component; `calibration_error` (px), `coverage_90` (percent),
        `log_density`, `rank_correlation` of components, and `bins`: `counts`, `predicted` and `found` of each.
    """
    bins = metrics.calibration_bins(errors, deviation)
    return {
        "error_rms": _rounded(np.sqrt(np.mean(np.square(errors, dtype=np.float64)))),
        "predicted_rms": _rounded(np.sqrt(np.mean(np.square(deviation, dtype=np.float64)))),
        "calibration_error": _rounded(bins.expected_calibration_error),
        "coverage_90": _rounded(metrics.coverage(errors, deviation), 2),
        "log_density": _rounded(metrics.mean_log_density(errors, deviation)),
        "rank_correlation": _rounded(metrics.rank_correlation(errors, deviation), 3),
        "components": int(np.size(errors)),
        "bins": {
            "counts": bins.counts.tolist(),
            "predicted": [_rounded(each) for each in bins.predicted],
            "found": [_rounded(each) for each in bins.found],
        },
    }


def flat_measures(errors: np.ndarray, deviation: np.ndarray, flat: np.ndarray) -> dict[str, float]:
    """Return root mean squares of errors and predictions in the flat part of images and elsewhere, in pixels.

    Parameters
    ----------
    errors, deviation : ndarray, shape (N, n_1, n_2, 2)
    flat : ndarray of bool, shape (N, n_1, n_2)
    """
    return {
        f"{name}_{where}": _rounded(np.sqrt(np.mean(values[mask] ** 2)))
        for name, values in (("error", errors), ("predicted", deviation))
        for where, mask in (("flat", flat), ("elsewhere", ~flat))
    }


def _rounded(value, digits=4):
    # JSON has no such number: where errors or predictions are all the same, there is no rank correlation.
    return None if math.isnan(value) else round(float(value), digits)
