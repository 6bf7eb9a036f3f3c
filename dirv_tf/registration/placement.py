"""The linear part of a registration: where the headers put the images, and where they have to go."""

from __future__ import annotations

import numpy as np

from dirv_tf.registration.alignment import TRANSFORMS, Alignment, align, judged_alignment
from dirv_tf.registration.alignment_decision import decide_alignment
from dirv_tf.registration.linear_map import LinearMap
from dirv_tf.registration.route import Pair

ALIGNMENTS = ("auto", "none", *TRANSFORMS)
# What "auto" looks for. In volumes of different people a shear and scales of their own are left to the field.
AUTOMATIC = {2: "affine", 3: "rigid"}
# Similarity of two images from which on they may need no alignment: 0.13 to 0.61 on chessboards that an alignment
# shifts by a period, at most 0.1 on most sections that lie otherwise.
SOMEWHAT_ALIKE = 0.1
# Smaller images say too little about a pose.
_SMALLEST_SIDE = 32


def placed(pair: Pair, transform: str) -> tuple[LinearMap, Alignment | None, tuple[str, ...]]:
    """Find the linear map of a pair.

    Parameters
    ----------
    pair : Pair
        With what is known of the places of its images.
    transform : str
        One of `ALIGNMENTS`.

    Returns
    -------
    tuple of (LinearMap, Alignment or None, tuple of str)
        The map from fixed to moving pixels; what the alignment says of itself, None without one; notes.
    """
    if not _is_alignable(pair, transform):
        return pair.linear, None, ()
    look = decide_alignment if transform == "auto" else align
    kind = AUTOMATIC[pair.fixed.ndim] if transform == "auto" else transform
    source, moving_mask = _on_fixed_grid(pair)
    alignment = look(pair.fixed, source, kind, pair.mask, moving_mask)
    if alignment.is_identity:
        return pair.linear, alignment, ("no alignment was needed",) if transform == "auto" else ()
    found = pair.linear.after(LinearMap(alignment.matrix, alignment.translation))
    note = (
        f"aligned ({kind}): similarity {alignment.similarity_before:.2f} -> {alignment.similarity_after:.2f}, "
        f"{100 * alignment.overlap:.0f} % overlap"
    )
    return found, alignment, (note,)


def alike_as_placed(pair: Pair, transform: str) -> bool:
    """Return whether a pair is somewhat alike where it lies, so that it may need no alignment.

    A repeated pattern above all must not be aligned with itself a period away.

    Parameters
    ----------
    pair, transform
        As of `placed`.

    Returns
    -------
    bool
        False where no alignment is left to be decided.
    """
    if transform != "auto" or not _is_alignable(pair, transform):
        return False
    source, moving_mask = _on_fixed_grid(pair)
    judged = judged_alignment(pair.fixed, source, fixed_mask=pair.mask, moving_mask=moving_mask)
    return judged.similarity_before >= SOMEWHAT_ALIKE


def as_alignment(pair: Pair, linear: LinearMap) -> Alignment:
    """Return what an affine alignment that led to a linear map from fixed to moving pixels says of itself."""
    source, moving_mask = _on_fixed_grid(pair)
    found = pair.linear.inverse().after(linear)
    return judged_alignment(pair.fixed, source, (found.matrix, found.translation), "affine", pair.mask, moving_mask)


def _is_alignable(pair, transform):
    too_small = min(*pair.fixed.shape, *pair.moving.shape) < _SMALLEST_SIDE
    return transform != "none" and not (transform == "auto" and too_small)


def _on_fixed_grid(pair):
    """Return the moving image and its mask as they lie on the fixed one: the alignment knows moderate scales alone."""
    if pair.linear.is_identity:
        return pair.moving, pair.moving_mask
    within = pair.linear.overlap(pair.fixed.shape, pair.moving.shape)
    if pair.moving_mask is not None:
        within &= pair.linear.sampled(pair.moving_mask.astype(np.float32), pair.fixed.shape) > 0.5
    return pair.sampled(), within if within.any() else None
