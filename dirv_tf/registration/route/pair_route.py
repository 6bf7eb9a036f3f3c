"""The whole way of a pair, from where its images lie to its field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from dirv_tf.registration.alignment.align import Alignment
from dirv_tf.registration.alignment.placement import alike_as_placed, as_alignment, placed
from dirv_tf.registration.alignment.reduced_pair import reduced_field, reduced_pair
from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.networks.network_registration import NetworkCall, registered_by_network
from dirv_tf.registration.optimization.pair_optimization import optimized, registered_by_optimization
from dirv_tf.registration.route.automatic_route import (
    best_route,
    explains_more,
    first_look,
    improved_by_structure,
    registered_where_it_is,
)
from dirv_tf.registration.route.field_checks import explained_share
from dirv_tf.registration.route.field_repair import is_repairable, misfit_share
from dirv_tf.registration.route.first_field import WORTH_A_TRY
from dirv_tf.registration.route.foreign_content import without_foreign_content
from dirv_tf.registration.route.intensity_pose import intensity_pose
from dirv_tf.registration.route.intensity_trial import (
    PERHAPS_ONE_CONTRAST,
    SAME_CONTRAST,
    Trial,
    contrast_distance,
    contrast_of,
    equally_sharp,
    intensity_trial,
)
from dirv_tf.registration.route.landmark_route import registered_from_landmarks

# Larger images are reduced to see where they fit. Of 40 pairs of chessboards with fields of up to 29 pixels, 9 % and
# more misfit where the field was wrong, and at most 0.4 % where it was right.
_DOUBTED_SIDE, _DOUBTED = 256, 0.05


@dataclass(frozen=True)
class Asked:
    """What the caller of `register` asked for.

    Parameters
    ----------
    align, similarity, effort, optimize
        As of `register`, none of them None.
    by_network_alone : bool
        Whether a model was named.
    """

    align: str
    similarity: str
    effort: str
    optimize: bool
    by_network_alone: bool

    @property
    def by_intensities(self) -> bool:
        """Whether intensities may be compared."""
        return not self.by_network_alone and self.similarity in ("auto", "mse")


@dataclass(frozen=True)
class Registered:
    """A field and how it came about.

    Parameters
    ----------
    found : Found
    linear : LinearMap
        The linear part of the field.
    alignment : Alignment or None
        What the alignment says of itself; None where another way led to the linear part.
    notes : tuple of str
        On the linear part.
    doubts : tuple of str
        What speaks against the field.
    """

    found: Found
    linear: LinearMap
    alignment: Alignment | None = None
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def registered_pair(pair: Pair, call: NetworkCall, asked: Asked, tell: Callable[[str], None]) -> Registered:
    """Register a pair as it was asked for.

    Parameters
    ----------
    pair : Pair
        As its headers place it.
    call : NetworkCall
    asked : Asked
    tell : callable
        Called with the name of each stage as it begins.

    Returns
    -------
    Registered
    """
    if pair.landmarks is not None:
        tell("registering")
        linear, found = registered_from_landmarks(pair, asked.similarity, asked.effort)
        return Registered(found, linear)
    whole = _registered(pair, call, asked, tell)
    # Volumes take ten times as long as images, and are spared the second look.
    if asked.by_intensities and asked.optimize and pair.fixed.ndim == 2:
        there = replace(pair, linear=whole.linear)
        found = without_foreign_content(there, whole.found, asked.effort)
        # What was left aside does not fit, and its note says so.
        whole = replace(whole, found=found, doubts=_doubts(there, found) if found is whole.found else ())
    return whole


def _doubts(pair: Pair, found: Found) -> tuple[str, ...]:
    """Return what the intensities of a pair say against its field, where they fit in most places."""
    factor = -(-max(pair.fixed.shape) // _DOUBTED_SIDE)
    pair, field = reduced_pair(pair, factor), reduced_field(found.flow_field, factor)
    pair, _, _ = equally_sharp(pair)
    if contrast_of(pair) > SAME_CONTRAST or not is_repairable(pair, field):
        return ()
    share = misfit_share(pair, field)
    if share < _DOUBTED:
        return ()
    return (f"in {100 * share:.0f} % of the image intensities do not fit as they do elsewhere: it may be wrong there",)


def _registered(pair: Pair, call: NetworkCall, asked: Asked, tell: Callable[[str], None]) -> Registered:
    """Register a pair without landmarks."""
    trial = None
    may_look = asked.similarity == "auto" and asked.optimize and pair.fixed.ndim == 2
    if asked.by_intensities and alike_as_placed(pair, asked.align):
        tell("registering")
        first, enough = None, True
        if may_look:
            first, enough = first_look(pair, asked.effort)
        there_already = None if enough else registered_where_it_is(pair, asked.effort)
        if there_already is None or asked.effort == "best":
            trial = intensity_trial(pair, call, asked.effort, asked.optimize, first=first)
        # A wrong field with a change of contrast may explain what the right one does alone.
        if there_already is not None and not (trial and trial.needs_no_alignment):
            return Registered(there_already, pair.linear, notes=("no alignment was needed",))
        if trial is not None and trial.found is not None and trial.needs_no_alignment:
            return Registered(trial.found, pair.linear, notes=("no alignment was needed",))
    elif asked.by_intensities and may_look and asked.align == "auto":
        # A strong deformation leaves little alike of a repeated pattern, which an alignment takes somewhere else. This
        # is kept unless an alignment explains as much: a shift is to be said as one.
        tell("registering")
        first, enough = first_look(pair, asked.effort)
        trial = intensity_trial(pair, call, asked.effort, asked.optimize, first=first) if enough else None
    if asked.align != "none":
        tell("aligning")
    if asked.by_intensities and asked.optimize and asked.align in ("auto", "affine"):
        registered = _registered_from_pose(pair, call, asked, trial)
        if registered is not None:
            return registered
    linear, alignment, notes = placed(pair, asked.align)
    there = replace(pair, linear=linear)
    tell("registering")
    if asked.by_network_alone:
        found = registered_by_network(there, call)
        if asked.optimize:
            tell("optimizing")
            if call.mask is not None:
                there = there.without(call.mask(there, found.flow_field) > 0.5)
            if asked.similarity == "auto" and call.similarity == "mind":
                found = improved_by_structure(there, found, asked.effort)
            else:
                measure = "mse" if asked.similarity == "auto" else asked.similarity
                found = optimized(there, found, measure, asked.effort)
    elif asked.similarity == "auto":
        aligned = alignment is not None and not alignment.is_identity
        known = None if aligned else trial
        parts = trial is None
        found = best_route(there, call, asked.effort, asked.optimize, look_first=aligned, trial=known, parts=parts)
        if trial is None and explained_share(there, found.flow_field) < 0:
            # Less than a constant image explains: in one contrast, the images are better left where they are.
            trial = intensity_trial(pair, call, asked.effort, asked.optimize)
            if trial.found is not None and trial.explained >= WORTH_A_TRY:
                return Registered(trial.found, pair.linear, notes=("no alignment was kept: none explains the images",))
        elif aligned and trial is not None and trial.found is not None and not explains_more(there, found, trial):
            note = "no alignment was kept: none explains the images better"
            return Registered(trial.found, pair.linear, notes=(note,))
    elif asked.similarity == "mse":
        # With any contrast, there is always a field.
        found = cast(Found, intensity_trial(there, call, asked.effort, asked.optimize, any_contrast=True).found)
    else:
        found = registered_by_optimization(there, asked.similarity, asked.effort)
    return Registered(found, linear, alignment, notes)


def _registered_from_pose(pair: Pair, call: NetworkCall, asked: Asked, trial: Trial | None) -> Registered | None:
    """Register a pair of one contrast from the pose that its intensities have, or None where there is none."""
    if pair.fixed.ndim != 2 or contrast_distance(pair.fixed, pair.moving) > PERHAPS_ONE_CONTRAST:
        return None
    linear = intensity_pose(pair)
    if linear is None:
        return None
    there = replace(pair, linear=linear)
    posed = intensity_trial(there, call, asked.effort, parts=trial is None)
    if posed.found is None or not posed.may_be_the_truth:
        return None
    if trial is not None and trial.found is not None and not explains_more(there, posed.found, trial):
        return None
    explained = 100 * explained_share(there, there.start())
    note = f"aligned (affine) by intensities, which explains {min(explained, 99):.0f} % of the image"
    # Who asked for an alignment is told how alike the images are; otherwise the field speaks for itself.
    alignment = as_alignment(pair, linear) if asked.align == "affine" else None
    return Registered(posed.found, linear, alignment, (note,))
