"""From a file's intensities to [0, 1]: the rules that training and registration share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dirv_tf.validation import one_of

# Rules that look at the intensities themselves; "type", the range of an integer type, is the third one of `register`.
NORMALIZATIONS = ("joint", "each")
# Percentiles of the rule "each": single hot or dead pixels must not decide the contrast of an image.
LOW_PERCENTILE, HIGH_PERCENTILE = 0.5, 99.5


def normalize_images(images: Sequence[np.ndarray], normalization: str) -> list[np.ndarray]:
    """Stretch the images of a pair, or one image alone, to [0, 1].

    Parameters
    ----------
    images : sequence of ndarray, each of shape (n_1, ..., n_r)
        Gray images of any real dtype, finite.
    normalization : {"joint", "each"}
        "joint": all by their common minimum and maximum, so that equal intensities stay equal (of one image alone this
        is the patch rule of thesis Section 6.2). "each": every image by its own `robust_range`, clipped.

    Returns
    -------
    list of ndarray, float32

    Raises
    ------
    ValueError
        If the rule is unknown, or there is only one intensity.
    """
    one_of(*NORMALIZATIONS)("normalization", normalization)
    if normalization == "joint":
        common = min(image.min() for image in images), max(image.max() for image in images)
        ranges = [common] * len(images)
    else:
        ranges = [robust_range(image) for image in images]
    return [_stretched(image, *ends) for image, ends in zip(images, ranges)]


def robust_range(image: np.ndarray) -> tuple[float, float]:
    """Return the 0.5 and 99.5 percentiles of an image, or its minimum and maximum where the percentiles coincide.

    Parameters
    ----------
    image : ndarray, shape (n_1, ..., n_r)

    Returns
    -------
    pair of float
    """
    low, high = np.percentile(image, (LOW_PERCENTILE, HIGH_PERCENTILE))
    if low == high:
        low, high = image.min(), image.max()
    return float(low), float(high)


def _stretched(image, low, high):
    low, high = float(low), float(high)
    if not low < high:
        raise ValueError(f"Expected an image with more than one intensity. Received: an even image of {low:g}")
    # In double precision, because the intensities may be large numbers that differ little.
    return np.clip((image.astype(np.float64) - low) / (high - low), 0.0, 1.0).astype(np.float32)
