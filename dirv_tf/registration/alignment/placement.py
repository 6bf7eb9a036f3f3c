"""The linear part of a registration: where the headers put the images, and where they have to go."""

from __future__ import annotations

import itertools

import numpy as np

from dirv_tf.registration.alignment.align import TRANSFORMS, Alignment, align, judged_alignment
from dirv_tf.registration.images.pair import Pair
from dirv_tf.registration.maps.linear_map import LinearMap

ALIGNMENTS = ("auto", "none", *TRANSFORMS)
# What "auto" looks for. In volumes of different people a shear and scales of their own are left to the field.
AUTOMATIC = {2: "affine", 3: "rigid"}
# Similarity of two images from which on they may need no alignment: 0.13 to 0.61 on chessboards that an alignment
# shifts by a period, at most 0.1 on most sections that lie otherwise.
SOMEWHAT_ALIKE = 0.1
# Smaller images say too little about a pose.
_SMALLEST_SIDE = 32
# Mean displacement, pixels, up to which the pair is left to the deformable registration: the shipped models were
# trained on 2 on average and 10 at most.
DEFORMABLE_REACH = 4.0
# By which factor the similarity must grow; a part of the reach for deformable differences alone gains less.
CLEAR_GAIN = 1.2


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


def decide_alignment(
    fixed: np.ndarray,
    moving: np.ndarray,
    transform: str = "affine",
    fixed_mask: np.ndarray | None = None,
    moving_mask: np.ndarray | None = None,
    mirror: bool = False,
) -> Alignment:
    """Align two images if that is clearly better than to leave them as they are.

    The result of `align` is kept if it is more alike than two unrelated images are, if the similarity is at least 1.2
    times that of the images as they are, and if it moves the image by more than 4 pixels on average. Otherwise the
    deformable registration finds the difference itself, and a global map would only be one more source of error. Images
    of different sizes are always aligned.

    Parameters
    ----------
    fixed, moving, transform, fixed_mask, moving_mask, mirror
        As for `align`.

    Returns
    -------
    Alignment
        The identity where none is needed.

    Raises
    ------
    ValueError
        As `align`.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import ndimage
    >>> from dirv_tf.registration.alignment.placement import decide_alignment
    >>> fixed = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(96, 96)), 2).astype(np.float32)
    >>> decide_alignment(fixed, np.roll(fixed, 2, axis=0)).is_identity
    True
    >>> decide_alignment(fixed, np.rot90(fixed).copy()).is_identity
    False
    """
    alignment = align(fixed, moving, transform, fixed_mask, moving_mask, mirror)
    if np.shape(fixed) != np.shape(moving):
        return alignment
    needed = (
        alignment.reliable
        and alignment.similarity_after >= CLEAR_GAIN * alignment.similarity_before
        and mean_displacement(alignment, np.shape(fixed)) > DEFORMABLE_REACH
    )
    return alignment if needed else alignment.undone()


def mean_displacement(alignment: Alignment, size: tuple[int, ...]) -> float:
    """Return the mean displacement of the corners of the image's central half, in pixels.

    Parameters
    ----------
    alignment : Alignment
    size : tuple of int, length r
        Sides of the fixed image.

    Returns
    -------
    float
    """
    corners = np.array(list(itertools.product(*[((side - 1) / 4, 3 * (side - 1) / 4) for side in size])))
    return float(np.linalg.norm(alignment.displacements(corners), axis=1).mean())
