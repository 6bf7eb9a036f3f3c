"""A smooth change of contrast that two registered images differ by, found and compensated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dirv_tf.registration.appearance import matched_appearance
from dirv_tf.registration.field_checks import folded_percent
from dirv_tf.registration.route import Found, Pair, optimized

NOTE = "a smooth change of contrast was found and compensated"
# Share of the registered image's variance from which on a change is believed, by rank: organs of two people differ in
# shape, and come to 0.89 at most; volumes of one thing to 0.996 and more.
_BELIEVED = {2: 0.98, 3: 0.99}
# The first field has the change in it, and so has what is matched by it: the second one has less.
_ROUNDS = 2
# Share of what is left that goes by intensity: 0.24 at most between images of one contrast, 0.56 at least after a gamma
# of 0.8 or a factor of 0.6. The field of a volume makes up for part of the change, and 0.28 are left at least: then the
# distributions must be apart as well, in standard deviations (0.02 at most in volumes that show the same).
_BY_INTENSITY, _BY_SOME_INTENSITY, _APART = 0.5, 0.25, 0.05
# The share of the variance below which nothing is left.
_NOTHING = 1e-6
_LEVELS = 32


def compensated(pair: Pair, found: Found, effort: str) -> Found:
    """Optimize a field with the fixed image in the appearance of the moving one, where that is all they differ in.

    Parameters
    ----------
    pair : Pair
    found : Found
        A first registration.
    effort : {"fast", "default", "best"}

    Returns
    -------
    Found
        The given one where no smooth change of contrast explains the images, or the field would fold more.
    """
    for number in range(_ROUNDS):
        matched = matched_appearance(pair.fixed, pair.warped(found.flow_field), pair.support(found.flow_field))
        if matched.explained < _BELIEVED[pair.fixed.ndim]:
            break
        closer = optimized(replace(pair, fixed=matched.fixed, mask=matched.counted), found, "mse", effort)
        if folded_percent(pair, closer) > folded_percent(pair, found):
            break
        method, notes = (found.method, found.notes) if number else (closer.method, (*found.notes, NOTE))
        found = replace(closer, method=method, notes=notes)
    return found


def contrast_changed(pair: Pair, flow_field: np.ndarray, distance: float = 0.0) -> bool:
    """Return whether what a field leaves goes by intensity, as after a change of brightness or contrast.

    Parameters
    ----------
    pair : Pair
    flow_field : ndarray, shape (n_1, ..., n_r, r)
        Backward, pixels.
    distance : float
        Of the distributions of their intensities, see `contrast_distance`.

    Returns
    -------
    bool
    """
    counted = pair.support(flow_field)
    if not counted.any():
        return False
    values, left = pair.fixed[counted], (pair.warped(flow_field) - pair.fixed)[counted]
    low, high = np.quantile(values, (0.002, 0.998))
    squares = float(np.vdot(left, left))
    if not high > low or squares <= _NOTHING * float(values.var()) * values.size:
        return False
    level = np.clip((_LEVELS / (high - low) * (values - low)).astype(np.intp), 0, _LEVELS - 1)
    count = np.bincount(level, minlength=_LEVELS)
    by_intensity = np.square(np.bincount(level, left, _LEVELS)) / np.maximum(count, 1)
    least = _BY_SOME_INTENSITY if pair.fixed.ndim == 3 and distance >= _APART else _BY_INTENSITY
    return float(by_intensity.sum()) >= least * squares
