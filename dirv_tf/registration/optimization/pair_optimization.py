"""The optimization of a pair's own field: from coarse to fine, or onward from a field that was found before."""

from __future__ import annotations

import functools
from dataclasses import replace

from dirv_tf.registration.images.level_choice import MOST_PIXELS
from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.optimization.cubic_optimization import optimize_cubic
from dirv_tf.registration.optimization.instance_optimization import optimize_field
from dirv_tf.registration.optimization.multi_resolution import register_multi_resolution

SIMILARITIES = ("auto", "mse", "ncc", "lncc", "mind")
_STEPS = {"fast": 5, "default": 20, "best": 60}
# Cubic splines over larger images are those of the image halved, for the time and because noise is less there.
_LARGEST_AT_FULL_SIZE = 2**18


def optimized(pair: Pair, found: Found, similarity: str, effort: str) -> Found:
    """Improve a field by the optimization of its pair.

    Parameters
    ----------
    pair : Pair
    found : Found
    similarity : {"mse", "ncc", "lncc", "mind"}
    effort : {"fast", "default", "best"}

    Returns
    -------
    Found
    """
    if pair.fixed.size > MOST_PIXELS:
        field = register_multi_resolution(
            pair.fixed, pair.moving, found.flow_field, similarity, effort,
            mask=pair.mask, moving_mask=pair.moving_mask, landmarks=pair.landmarks,
        )
        return Found(field, f"{found.method}, then optimization ({similarity})", found.rounds, found.notes)
    # Cubic splines follow intensities to the last fraction of a pixel.
    cubic = similarity == "mse" and (pair.fixed.ndim == 2 or effort != "fast")
    halvings = int(pair.fixed.size > _LARGEST_AT_FULL_SIZE)
    improve = (
        functools.partial(optimize_cubic, halvings=halvings)
        if cubic
        else functools.partial(optimize_field, similarity=similarity)
    )
    result = improve(
        pair.fixed,
        pair.moving,
        found.flow_field,
        _STEPS[effort],
        mask=pair.mask,
        moving_mask=pair.moving_mask,
        landmarks=pair.landmarks,
    )
    if result.final_energy >= result.initial_energy:
        return found
    return Found(result.flow_field, f"{found.method}, then optimization ({similarity})", found.rounds, found.notes)


def registered_by_optimization(
    pair: Pair, similarity: str, effort: str, start: Found | None = None, levels: int | None = None
) -> Found:
    """Register the pair from coarse to fine, by itself or from a field that a network found.

    Parameters
    ----------
    pair : Pair
    similarity : {"mse", "ncc", "lncc", "mind"}
    effort : {"fast", "default", "best"}
    start : Found, optional
        Default: the linear part of the pair.
    levels : int, optional
        Most levels, the finest ones, see `register_multi_resolution`.

    Returns
    -------
    Found
    """
    field = register_multi_resolution(
        pair.fixed,
        pair.moving,
        pair.start() if start is None else start.flow_field,
        similarity,
        effort,
        mask=pair.mask,
        moving_mask=pair.moving_mask,
        levels=levels,
    )
    if start is None:
        return Found(field, f"optimization from coarse to fine ({similarity})")
    return replace(start, flow_field=field, method=f"{start.method}, then optimization ({similarity})")
