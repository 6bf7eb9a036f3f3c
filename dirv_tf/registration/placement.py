"""The linear part of a registration: where the headers put the images, and where they have to go."""

from __future__ import annotations

import numpy as np

from dirv_tf.registration.alignment import TRANSFORMS, Alignment, align
from dirv_tf.registration.alignment_decision import decide_alignment
from dirv_tf.registration.linear_map import LinearMap

ALIGNMENTS = ("auto", "none", *TRANSFORMS)
# What "auto" looks for. In volumes of different people a shear and scales of their own are left to the field.
AUTOMATIC = {2: "affine", 3: "rigid"}
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
    source = moving
    if not initial.is_identity:
        # Spacings and orientations may be anything; the alignment knows rotations and moderate scales alone.
        source = initial.sampled(moving, fixed.shape)
        within = initial.overlap(fixed.shape, moving.shape)
        if moving_mask is not None:
            within &= initial.sampled(moving_mask.astype(np.float32), fixed.shape) > 0.5
        moving_mask = within if within.any() else None
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
