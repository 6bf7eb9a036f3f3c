"""Content that one image alone shows, such as a tear or a lesion: found in what a field leaves, and left aside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.optimization.pair_optimization import optimized, registered_by_optimization
from dirv_tf.registration.route.field_checks import explained_share, folded_percent

# Foreign is a region of so many pixels at least where the difference, averaged over a few pixels, is so many times the
# median of the image, and at least so large: then it is neither noise nor the border of something a little off.
_LEAST_AREA, _WIDTH, _TIMES, _LEAST_DIFFERENCE = 30, 1.5, 6.0, 0.04
# Without these regions the images must fit, or it is the field that is wrong there; and enough must be left.
_EXPLAINED, _LARGEST_SHARE = 0.95, 0.5
# The finest levels of the pyramid: what the foreign content has drawn along lies not far from its place.
_LEVELS = 2


def without_foreign_content(pair: Pair, found: Found, effort: str) -> Found:
    """Register once more, from the field that was found, without the content that one image alone shows.

    Such content draws the field around it: the optimization would have it appear or disappear.

    Parameters
    ----------
    pair : Pair
        Two images of one contrast.
    found : Found
    effort : {"fast", "default", "best"}

    Returns
    -------
    Found
        With a note; as given where there is no such content, or the rest of the images would fit worse.
    """
    foreign = foreign_content(pair, found.flow_field)
    share, rest = float(foreign.mean()), pair.without(foreign)
    if not 0 < share <= _LARGEST_SHARE or rest is pair:
        return found
    before = explained_share(rest, found.flow_field)
    if before < _EXPLAINED:
        return found
    again = registered_by_optimization(rest, "mse", effort, found, _LEVELS)
    again = optimized(rest, again, "mse", effort)
    if explained_share(rest, again.flow_field) < before or folded_percent(pair, again) > folded_percent(pair, found):
        return found
    note = f"{max(100 * share, 1):.0f} % of the fixed image show what the moving one does not, and were left aside"
    return replace(found, flow_field=again.flow_field, notes=(*found.notes, note))


def foreign_content(pair: Pair, flow_field: np.ndarray) -> np.ndarray:
    """Return where a field leaves a difference that no displacement explains.

    Parameters
    ----------
    pair : Pair
    flow_field : ndarray of float32, shape (n_1, ..., n_r, r), pixels

    Returns
    -------
    ndarray of bool, shape (n_1, ..., n_r)
    """
    counted = pair.support(flow_field)
    difference = np.where(counted, np.abs(pair.fixed - pair.warped(flow_field)), 0)
    smooth = ndimage.gaussian_filter(difference, _WIDTH)
    typical = float(np.median(smooth[counted])) if counted.any() else 0.0
    regions, count = ndimage.label(smooth > max(_TIMES * typical, _LEAST_DIFFERENCE))
    areas = np.bincount(regions.ravel(), minlength=count + 1)
    return (regions > 0) & (areas >= _LEAST_AREA)[regions]
