"""A first field of a pair of one contrast: several ways to it, one after the other, until one explains the images."""

from __future__ import annotations

import functools
import itertools
from dataclasses import replace

import numpy as np

from dirv_tf.registration.alignment.reduced_pair import enlarged_field, reduced_field, reduced_pair
from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.networks.network_registration import NetworkCall, registered_by_network
from dirv_tf.registration.optimization.coupled_convex import coupled_convex_field
from dirv_tf.registration.optimization.pair_optimization import registered_by_optimization
from dirv_tf.registration.route.field_checks import explained_share, folded_percent, leaves_only_noise
from dirv_tf.registration.route.field_repair import (
    LITTLE,
    fused_field,
    grown_field,
    is_repairable,
    misfit_share,
    repaired_field,
)
from dirv_tf.registration.route.intensity_pose import first_part, intensity_pose

# Share of the registered image's variance that the fixed image, perhaps after a change of contrast, must explain for
# intensities to be compared. Noise, blur and holes leave more, stains much more, and intensities then mislead.
EXPLAINED = 0.98
# What explains less is no result of intensities: two stains may have like distributions.
WORTH_A_TRY = 0.8
# A quarter of which that share is explained does not lie elsewhere: 0.94 to 0.98 in slices of two brains, 0.66 to 0.88
# where a quarter of a chessboard was a period off.
_QUARTER_FITS = 0.9
# Larger images are reduced for all ways but the first: repairs of a torn section of 512 pixels took 15 s.
_LARGEST_SIDE = 160
# A field of reduced images leaves a few pixels at most, and so does what is put together from several.
_LEVELS_AFTER = 2
# Discrete searches, tried last: what is compared, pixels per cell, and how many cells a displacement may be long.
_SEARCHES = (("mind", 4, 7), ("mind", 2, 13))
# How often the best parts of all fields are put together.
_FUSIONS = 3


def first_field(
    pair: Pair, network: NetworkCall, effort: str, first: Found | None = None, parts: bool = True
) -> tuple[Found, float]:
    """Find a field that explains the images, to be optimized.

    From coarse to fine by intensities, by the network, from poses of parts, by local structure, by discrete search: one
    after the other until one is found. Where none is, what fits of each is put together. Of large images, all but the
    first is done at a reduced size.

    Parameters
    ----------
    pair, network
        As of `registered_by_network`.
    effort : {"fast", "default", "best"}
    first : Found, optional
        The field from coarse to fine by intensities, where it is known.
    parts : bool
        Whether poses of parts of an image are looked for, and discrete searches made.

    Returns
    -------
    found : Found
    explained : float
        Share of the registered image's variance that the fixed image explains.
    """
    factor = -(-max(pair.fixed.shape) // _LARGEST_SIDE) if pair.fixed.ndim == 2 else 1
    if factor == 1:
        return _searched(pair, network, effort, first, parts)
    first = first or by_intensities(pair, effort)
    known = explained_share(pair, first.flow_field)
    if _is_enough(pair, first, known, effort):
        return first, known
    small = replace(first, flow_field=reduced_field(first.flow_field, factor))
    found, _ = _searched(reduced_pair(pair, factor), network, effort, small, parts)
    if found is small:
        return first, known
    found = replace(found, flow_field=enlarged_field(found.flow_field, factor, pair.fixed.shape))
    # What the reduced images could not show is found from there.
    found = registered_by_optimization(pair, "mse", effort, found, _LEVELS_AFTER)
    explained = explained_share(pair, found.flow_field)
    return (found, explained) if explained > known else (first, known)


def by_intensities(pair: Pair, effort: str) -> Found:
    """Register a pair from coarse to fine by its intensities, the first way of `first_field`.

    Parameters
    ----------
    pair : Pair
    effort : {"fast", "default", "best"}
        "best": in one round and in two, of which now the one, now the other is the better one.

    Returns
    -------
    Found
    """
    efforts = ("default", "best") if effort == "best" else (effort,)
    return max((registered_by_optimization(pair, "mse", each) for each in efforts), key=lambda each: _worth(pair, each))


def leaves_nothing(pair: Pair, flow_field: np.ndarray, share: float) -> bool:
    """Return whether a field that explains a share of the variance explains the images, but for noise."""
    return share >= EXPLAINED or leaves_only_noise(pair, flow_field)


def _is_enough(pair, found, share, effort):
    if not leaves_nothing(pair, found.flow_field, share):
        return False
    return effort == "fast" or misfit_share(pair, found.flow_field) <= LITTLE


def _searched(pair, network, effort, first, parts):
    quick = effort == "fast" or _is_quick_volume(pair, effort)
    # Calls, and of images the middles of parts whose pose is looked for.
    middles = ((0.5, 0.5), *itertools.product((0.25, 0.75), repeat=2))
    middle, *quarters = middles if parts and pair.fixed.ndim == 2 else (None,)
    by_structure = functools.partial(registered_by_optimization, pair, "lncc", effort)
    first_way = functools.partial(by_intensities, pair, effort) if first is None else lambda: first
    settings = _SEARCHES if quarters and effort != "fast" else ()
    searches = [functools.partial(_from_search, pair, effort, *each) for each in settings]
    ways: list = [first_way, middle, functools.partial(registered_by_network, pair, network)]
    last_ways: list = [by_structure, *quarters, *searches]
    candidates, repairable = [], False

    def best():
        return max(candidates, key=lambda candidate: _worth(pair, candidate[1]))

    # The last ways are worth their time where a part of the image fits: then all of it could.
    while ways or (repairable and last_ways):
        way = ways.pop(0) if ways else last_ways.pop(0)
        if way in quarters and best()[0] >= EXPLAINED:
            continue
        fits = _QUARTER_FITS if way in quarters else EXPLAINED
        found = way() if callable(way) else way and _from_pose(pair, effort, way, best()[1], fits)
        if found is None:
            continue
        repairs = (None,)
        if not quick and is_repairable(pair, found.flow_field):
            repairable, repairs = True, (None, repaired_field, _regrown_field)
        # What fits in some places is continued into the others, without and with a detour over parts that fit.
        for repair in repairs:
            if repair is not None:
                found = replace(found, flow_field=repair(pair, found.flow_field))
            share = explained_share(pair, found.flow_field)
            candidates.append((share, found))
            if _is_enough(pair, found, share, effort):
                return found, share
            if share < WORTH_A_TRY and repair is not None:
                break
    share, found = best()
    if searches and repairable:
        return _fused(pair, effort, [found, *(each for _, each in candidates)])
    return found, share


def _worth(pair, found):
    """Return the share that a field explains; less where it folds, since it explains some pixels twice then."""
    return explained_share(pair, found.flow_field) - folded_percent(pair, found) / 100


def _from_search(pair, effort, similarity, spacing, radius):
    """Register from the displacements of cells that a discrete search finds, as far as the linear part leaves them.

    None where they all lead out of the moving image.
    """
    # Beyond half of the image nothing is left to compare.
    radius = min(radius, min(pair.fixed.shape) // (2 * spacing))
    rest = coupled_convex_field(pair.fixed, pair.sampled(), similarity, spacing, radius)
    start = Found(pair.linear.composed(rest), f"discrete search ({similarity})")
    if not pair.support(start.flow_field).any():
        return None
    return registered_by_optimization(pair, "mse", effort, start)


def _fused(pair, effort, candidates):
    """Put together what fits of several fields, as long as that explains more than the first one, the best of them."""
    found, *others = candidates
    for _ in range(_FUSIONS):
        fields = [each.flow_field for each in (found, *others)]
        start = replace(found, flow_field=fused_field(pair, fields))
        if not pair.support(start.flow_field).any():
            break
        start = registered_by_optimization(pair, "mse", effort, start, _LEVELS_AFTER)
        fused = replace(found, flow_field=repaired_field(pair, start.flow_field))
        if _worth(pair, fused) <= _worth(pair, found):
            break
        found, others = fused, [found, *others]
    return found, explained_share(pair, found.flow_field)


def _from_pose(pair, effort, middle, known, fits):
    """Register from the pose that the intensities of a part have, which may be what a whole pattern is off by.

    None where a known field explains so much of this part, which then does not lie elsewhere, or it is found nowhere.
    """
    if explained_share(first_part(pair, middle), known.flow_field) >= fits:
        return None
    linear = intensity_pose(pair, middle)
    return None if linear is None else by_intensities(replace(pair, linear=linear), effort)


def _is_quick_volume(pair, effort):
    """Whether repairs are left out, which take many seconds in a volume."""
    return pair.fixed.ndim == 3 and effort != "best"


def _regrown_field(pair, flow_field):
    return repaired_field(pair, grown_field(pair, flow_field))
