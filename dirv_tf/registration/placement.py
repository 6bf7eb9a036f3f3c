"""The linear part of a registration: where the headers put the images, and where they have to go."""

from __future__ import annotations

import numpy as np

from dirv_tf.registration.alignment import TRANSFORMS, Alignment, align, similarity_as_given
from dirv_tf.registration.alignment_decision import decide_alignment
from dirv_tf.registration.linear_map import LinearMap

ALIGNMENTS = ("auto", "none", *TRANSFORMS)
# What "auto" looks for. In volumes of different people a shear and scales of their own are left to the field.
AUTOMATIC = {2: "affine", 3: "rigid"}
# Similarity of two images from which on they may need no alignment: 0.13 to 0.61 on chessboards that an alignment
# shifts by a period, at most 0.1 on most sections that lie otherwise.
SOMEWHAT_ALIKE = 0.1
# Smaller images say too little about a pose.
_SMALLEST_SIDE = 32


def placed(
    fixed: np.ndarray,
    moving: np.ndarray,
    initial: LinearMap,
    transform: str,
    fixed_mask: np.ndarray | None = None,
    moving_mask: np.ndarray | None = None,
) -> tuple[LinearMap, Alignment | None, tuple[str, ...]]:
    """Find the linear map of a pair.

    Parameters
    ----------
    fixed : ndarray of float32, shape (n_1, ..., n_r)
        In [0, 1].
    moving : ndarray of float32, shape (m_1, ..., m_r)
    initial : LinearMap
        What is known of their places.
    transform : str
        One of `ALIGNMENTS`.
    fixed_mask, moving_mask : ndarray of bool, optional

    Returns
    -------
    tuple of (LinearMap, Alignment or None, tuple of str)
        The map from fixed to moving pixels; what the alignment says of itself, None without one; notes.
    """
    if transform == "none":
        return initial, None, ()
    if transform == "auto" and min(*fixed.shape, *moving.shape) < _SMALLEST_SIDE:
        return initial, None, ()
    source, moving_mask = _on_fixed_grid(fixed, moving, initial, moving_mask)
    look = decide_alignment if transform == "auto" else align
    kind = AUTOMATIC[fixed.ndim] if transform == "auto" else transform
    alignment = look(fixed, source, kind, fixed_mask, moving_mask)
    if alignment.is_identity:
        return initial, alignment, ("no alignment was needed",) if transform == "auto" else ()
    found = initial.after(LinearMap(alignment.matrix, alignment.translation))
    note = (
        f"aligned ({kind}): similarity {alignment.similarity_before:.2f} -> {alignment.similarity_after:.2f}, "
        f"{100 * alignment.overlap:.0f} % overlap"
    )
    return found, alignment, (note,)


def alike_as_placed(
    fixed: np.ndarray,
    moving: np.ndarray,
    initial: LinearMap,
    transform: str,
    fixed_mask: np.ndarray | None = None,
    moving_mask: np.ndarray | None = None,
) -> bool:
    """Return whether a pair is somewhat alike where it lies, so that it may need no alignment.

    A repeated pattern above all must not be aligned with itself a period away.

    Parameters
    ----------
    fixed, moving, initial, transform, fixed_mask, moving_mask
        As of `placed`.

    Returns
    -------
    bool
        False where no alignment is left to be decided.
    """
    if transform != "auto" or min(*fixed.shape, *moving.shape) < _SMALLEST_SIDE:
        return False
    source, moving_mask = _on_fixed_grid(fixed, moving, initial, moving_mask)
    return similarity_as_given(fixed, source, fixed_mask, moving_mask) >= SOMEWHAT_ALIKE


def _on_fixed_grid(fixed, moving, initial, moving_mask):
    if initial.is_identity:
        return moving, moving_mask
    # Spacings and orientations may be anything; the alignment knows rotations and moderate scales alone.
    within = initial.overlap(fixed.shape, moving.shape)
    if moving_mask is not None:
        within &= initial.sampled(moving_mask.astype(np.float32), fixed.shape) > 0.5
    return initial.sampled(moving, fixed.shape), within if within.any() else None
