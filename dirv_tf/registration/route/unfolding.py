"""Fields without folds, as near as may be to those that fold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.optimization.cubic_optimization import optimize_cubic
from dirv_tf.registration.route.field_checks import determinants, explained_share, folded_percent

# What a field that folds is smoothed with, and how much less of the images it may explain then.
_SMOOTHNESS, _STEPS, _NEARLY = (0.02, 0.2, 2.0), 10, 0.03
# Local smoothing: around determinants below the first, by a Gaussian of that many pixels, at most so often, and around
# what is left each time over one more pixel.
_LEAST, _WIDTH, _ROUNDS = 0.02, 1.5, 30


def unfolded(pair: Pair, found: Found, explained: float) -> tuple[Found, float]:
    """Smooth a field that folds as much as its folds ask for, where it then explains the images nearly as well.

    The whole field is made smoother first, by its bending energy. Folds that are left are smoothed away where they are.

    Parameters
    ----------
    pair : Pair
    found : Found
    explained : float
        What its field explains, see `explained_share`.

    Returns
    -------
    tuple of (Found, float)
        With what its field explains.
    """
    for smoothness in _SMOOTHNESS:
        if not folded_percent(pair, found):
            return found, explained
        smoother = optimize_cubic(
            pair.fixed, pair.moving, found.flow_field, _STEPS, smoothness,
            mask=pair.mask, moving_mask=pair.moving_mask,
        )
        found, explained = _better(pair, found, explained, smoother.flow_field)
    if folded_percent(pair, found):
        local = locally_smoothed(pair.linear.decomposed(found.flow_field))
        found, explained = _better(pair, found, explained, pair.linear.composed(local))
    return found, explained


def locally_smoothed(field: np.ndarray) -> np.ndarray:
    """Smooth a field around its folds until there are none, and leave it elsewhere as it is.

    Parameters
    ----------
    field : ndarray of float32, shape (n_1, ..., n_r, r), pixels

    Returns
    -------
    ndarray of float32, same shape
        With folds only where 30 rounds are not enough.

    Examples
    --------
    >>> field = np.zeros((32, 32, 2), np.float32)
    >>> field[14:18, 14:18, 0] = -4
    >>> bool((determinants(field) <= 0).any()), bool((determinants(locally_smoothed(field)) <= 0).any())
    (True, False)
    """
    for number in range(_ROUNDS):
        folds = determinants(field) < _LEAST
        if not folds.any():
            break
        near = ndimage.binary_dilation(folds, iterations=2 + number)
        weight = np.minimum(1, 2 * ndimage.gaussian_filter(near.astype(np.float32), _WIDTH))[..., np.newaxis]
        smooth = ndimage.gaussian_filter(field, (*(_WIDTH,) * (field.ndim - 1), 0), mode="nearest")
        field = field + weight * (smooth - field)
    return field


def _better(pair, found, explained, flow_field):
    candidate = replace(found, flow_field=flow_field)
    share = explained_share(pair, flow_field)
    if share > explained - _NEARLY and folded_percent(pair, candidate) < folded_percent(pair, found):
        return candidate, share
    return found, explained
