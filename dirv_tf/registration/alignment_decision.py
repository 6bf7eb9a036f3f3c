"""Whether a pair of images needs a global alignment."""

from __future__ import annotations

import itertools

import numpy as np

from dirv_tf.registration.alignment import Alignment, align

# Mean displacement, pixels, up to which the pair is left to the deformable registration: the shipped models were
# trained on 2 on average and 10 at most.
DEFORMABLE_REACH = 4.0
# By which factor the similarity must grow; a part of the reach for deformable differences alone gains less.
CLEAR_GAIN = 1.2


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
    >>> from dirv_tf.registration.alignment_decision import decide_alignment
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
