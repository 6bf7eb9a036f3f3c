"""The choice of the way that suits a pair.

Intensities are exact for two images of one contrast and mislead between two stains. Local correlation does not care
about contrast, and is a little less exact where there is one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.networks.network_registration import NetworkCall
from dirv_tf.registration.optimization.multi_resolution import EFFORTS
from dirv_tf.registration.optimization.pair_optimization import registered_by_optimization
from dirv_tf.registration.route.appearance import compensated, matched_appearance
from dirv_tf.registration.route.field_checks import explained_share, folded_percent, irregularity, turn
from dirv_tf.registration.route.first_field import EXPLAINED, WORTH_A_TRY, by_intensities, leaves_nothing
from dirv_tf.registration.route.intensity_pose import intensity_pose
from dirv_tf.registration.route.intensity_trial import (
    PERHAPS_ONE_CONTRAST,
    SAME_CONTRAST,
    TURNED,
    Trial,
    contrast_of,
    equally_sharp,
    intensity_trial,
)
from dirv_tf.registration.route.quality import structure_similarity
from dirv_tf.registration.route.unfolding import unfolded

# The field of local structure counts unless the structures are less alike by this: a field that follows noise makes
# them a little more alike, one that has lost its way much less.
_CLEARLY = 0.06
_FAST_SIDE = EFFORTS["fast"].finest_side
# Percent of the pixels at which the field of intensities may fold.
_MUCH_FOLDED = 1.0
# A network's field leaves a few pixels at most.
_LEVELS_AFTER_A_NETWORK = 2
# Correlation from afar below which one image is a negative of the other.
_NEGATIVE = -0.3
_INVERTED = "one image is dark where the other is bright"


def best_route(
    pair: Pair,
    network: NetworkCall,
    effort: str,
    optimize: bool = True,
    look_first: bool = False,
    trial: Trial | None = None,
    parts: bool = True,
) -> Found:
    """Register the pair in the way that suits its contrast.

    Images whose intensities are distributed alike are registered by these, see `intensity_trial`. Where
    that leaves much of the difference, or the distributions differ from the start, local correlation is optimized from
    coarse to fine. If a smooth change of contrast then explains what is left, the fixed image is brought to the moving
    one's appearance, and intensities are compared after all. Where one image is blurred, the other is blurred alike
    first.

    Parameters
    ----------
    pair, network
        As of `registered_by_network`.
    effort : {"fast", "default", "best"}
    optimize : bool
        False: what intensities can tell is left to the network alone.
    look_first : bool
        Whether a quick look at the local structure says if intensities are worth a try, for pairs that are hardly of
        one contrast, such as those that had to be aligned.
    trial : Trial, optional
        What the intensities of this pair made of it, where that is known already.
    parts : bool
        As of `intensity_trial`.

    Returns
    -------
    Found
    """
    given = pair
    pair, _, notes = equally_sharp(given)
    distance = contrast_of(pair)
    notes = (*notes, _why_structure(distance))
    if distance > SAME_CONTRAST:
        return _by_structure(pair, effort, notes)
    look = registered_by_optimization(pair, "lncc", "fast") if look_first else None
    if look is not None and explained_share(pair, look.flow_field) < WORTH_A_TRY:
        return _by_structure(pair, effort, notes, look)
    if trial is None:
        trial = intensity_trial(given, network, effort, optimize, parts=parts)
    folds = trial.found is not None and folded_percent(pair, trial.found) > _MUCH_FOLDED
    if trial.found is not None and trial.succeeded and not folds:
        return trial.found
    other = _by_structure(pair, effort, notes, look)
    if trial.found is None or folds or trial.explained < WORTH_A_TRY:
        return other
    support = pair.support(trial.found.flow_field)
    images = pair.warped(trial.found.flow_field), pair.warped(other.flow_field)
    alike = [structure_similarity(pair.fixed, image, support) for image in images]
    if alike[1] >= alike[0] - _CLEARLY:
        return other
    return trial.found if effort == "fast" else unfolded(pair, trial.found, trial.explained)[0]


def explains_more(pair: Pair, found: Found, trial: Trial) -> bool:
    """Return whether an alignment was worth it: it halves what was left unexplained from where the images were.

    Where little is left either way, it is worth it if it has something to turn, or the deformation after it is less
    uneven.

    Parameters
    ----------
    pair : Pair
        Aligned.
    found : Found
        What was made of it.
    trial : Trial
        Of the same images, not aligned.

    Returns
    -------
    bool
    """
    left = 1 - explained_share(pair, found.flow_field)
    if not trial.succeeded or left < 0.5 * (1 - trial.explained):
        return True
    turned = trial.turn > TURNED or irregularity(pair, found) < trial.irregularity
    return left <= 1 - EXPLAINED and turned


def improved_by_structure(pair: Pair, found: Found, effort: str) -> Found:
    """Improve a field that a network found whatever the contrasts of the pair, by what suits these.

    The images are made equally sharp, local correlation is optimized on the finest levels, and a smooth change of
    contrast compensated where there is one.

    Parameters
    ----------
    pair : Pair
    found : Found
    effort : {"fast", "default", "best"}

    Returns
    -------
    Found
    """
    pair, _, notes = equally_sharp(pair)
    return _by_structure(pair, effort, (*found.notes, *notes), start=replace(found, notes=()))


def first_look(pair: Pair, effort: str) -> tuple[Found | None, bool]:
    """Register a pair by its intensities from coarse to fine, the first way of `intensity_trial`.

    Parameters
    ----------
    pair : Pair
    effort : {"fast", "default", "best"}

    Returns
    -------
    found : Found or None
        None where the contrasts differ too much.
    enough : bool
        Whether it explains the images, but for noise.
    """
    pair, _, _ = equally_sharp(pair)
    if contrast_of(pair) > SAME_CONTRAST:
        return None, False
    found = by_intensities(pair, effort)
    return found, leaves_nothing(pair, found.flow_field, explained_share(pair, found.flow_field))


def registered_where_it_is(pair: Pair, effort: str) -> Found | None:
    """Register a pair without an alignment, if a smooth change of contrast explains it then.

    Parameters
    ----------
    pair : Pair
        Two-dimensional.
    effort : {"fast", "default", "best"}

    Returns
    -------
    Found or None
        None where an alignment is to be looked for, or nothing but content differs.
    """
    given, (sharp, _, notes) = pair, equally_sharp(pair)
    pair, distance = sharp, contrast_of(sharp)
    notes = (*notes, _why_structure(distance))
    if _is_inverted(pair.fixed, pair.warped(pair.start())):
        if distance <= SAME_CONTRAST:
            # A pattern shifted by half a period looks like its negative.
            return None
        pair, notes = replace(pair, moving=1 - pair.moving), (*notes, _INVERTED)
    found = registered_by_optimization(pair, "lncc", effort)
    matched = matched_appearance(pair.fixed, pair.warped(found.flow_field), pair.support(found.flow_field))
    # A hole is no change of appearance: beside it, the images are alike as they are.
    as_they_are = explained_share(replace(sharp, mask=matched.counted), found.flow_field)
    if matched.explained < EXPLAINED or as_they_are >= EXPLAINED:
        return None
    found = compensated(pair, found, effort)
    trial = Trial(found, matched.explained, distance, irregularity(given, found), turn=turn(given, found))
    if not trial.needs_no_alignment or (distance <= PERHAPS_ONE_CONTRAST and _lies_elsewhere(given, trial)):
        return None
    return replace(found, notes=(*notes, *found.notes))


def _why_structure(distance):
    if distance > SAME_CONTRAST:
        return f"the images differ in contrast ({distance:.2f}): their local structure was compared"
    return "intensities explain too little of the difference: local structure was compared"


def _lies_elsewhere(pair, trial):
    """Return whether intensities alone explain a pair from another pose: that of a repeated pattern a period away."""
    linear = intensity_pose(pair)
    return linear is not None and explained_share(pair, linear.flow_field(pair.fixed.shape)) >= trial.explained


def _by_structure(pair, effort, notes, look=None, start=None):
    if _is_inverted(pair.fixed, pair.warped(pair.start())):
        pair, look = replace(pair, moving=1 - pair.moving), None
        notes = (*notes, _INVERTED)
    # Of a small image the quick look was at full resolution already.
    enough = effort == "fast" or (effort == "default" and max(pair.fixed.shape) <= _FAST_SIDE)
    if start is not None:
        found = registered_by_optimization(pair, "lncc", effort, start, _LEVELS_AFTER_A_NETWORK)
    else:
        found = look if look is not None and enough else registered_by_optimization(pair, "lncc", effort)
    if effort != "fast":
        found = compensated(pair, found, effort)
    return replace(found, notes=(*notes, *found.notes))


def _is_inverted(fixed, before):
    """Whether one image is a negative of the other, seen from afar."""
    blurred = [ndimage.gaussian_filter(image, max(1.5, max(image.shape) / 64)) for image in (fixed, before)]
    return float(np.corrcoef(blurred[0].ravel(), blurred[1].ravel())[0, 1]) < _NEGATIVE
