"""Where the landmarks of a real pair are found, for its picture and its row."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.comparison.real.judges import carried_points, relative_errors
from experiments.comparison.real.prepared_pair import PreparedPair


class LandmarkErrors(NamedTuple):
    """The landmarks of the fixed image, as they lie in the moving one.

    Attributes
    ----------
    true : ndarray, shape (n, 2), pixels
        Where they are.
    found : dict of str to ndarray, shape (n, 2), pixels
        Where they are looked for "before", pixel on pixel, and "after" the registration.
    median : dict of str to float
        Median rTRE "before" and "after".
    """

    true: np.ndarray
    found: dict[str, np.ndarray]
    median: dict[str, float]


def landmark_errors(pair: PreparedPair, flow_field: np.ndarray) -> LandmarkErrors:
    """Carry the landmarks of a pair's fixed image to the moving one.

    Parameters
    ----------
    pair : PreparedPair
    flow_field : ndarray of float32, shape (n_1, n_2, 2), pixels

    Returns
    -------
    LandmarkErrors
    """
    fields = {"before": np.zeros_like(flow_field), "after": flow_field}
    medians = {when: float(np.median(relative_errors(pair, field))) for when, field in fields.items()}
    found = {"before": pair.fixed_points, "after": carried_points(pair, flow_field)}
    return LandmarkErrors(pair.moving_points, found, medians)
