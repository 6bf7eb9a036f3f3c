"""From the intensities of a pair to what the networks take, float32 in [0, 1]: one range per image, by a rule."""

from __future__ import annotations

import warnings

import numpy as np

from dirv_tf.datasets.intensities import robust_range
from dirv_tf.models.network_settings import NORMALIZATIONS

# Arithmetic in float32 may leave [0, 1] by a rounding error, which must not stop anybody.
RANGE_TOLERANCE = 1e-4
# Below a tenth of the range the data term sees differences far smaller than those it was trained on.
LOW_CONTRAST = 0.1


def intensity_ranges(fixed, moving, rule):
    """Return the intensities of each image that become 0 and 1.

    Parameters
    ----------
    fixed, moving : ndarray, shape (n_1, ..., n_r)
        Checked by `check_intensities`.
    rule : {"type", "joint", "each"}
        "type": `type_range`. "joint": the smallest and the largest intensity of the pair, so that equal numbers stay
        equal. "each": every image's own 0.5 and 99.5 percentiles, beyond which it is clipped.

    Returns
    -------
    tuple of two (low, high), of the fixed and of the moving image

    Raises
    ------
    ValueError
        For an unknown rule; for "type" where `type_range` says so.
    """
    if rule == "type":
        return type_range(fixed, "fixed"), type_range(moving, "moving")
    if rule == "joint":
        common = float(min(fixed.min(), moving.min())), float(max(fixed.max(), moving.max()))
        return common, common
    if rule == "each":
        return robust_range(fixed), robust_range(moving)
    raise ValueError(f"Expected normalize to be one of {', '.join(NORMALIZATIONS)}. Received: normalize={rule!r}")


def type_range(image, name):
    """Return the intensities that become 0 and 1 by an image's dtype alone.

    The largest number of an integer type (255 or 65535) and not the image's own maximum: equal numbers in the fixed
    and the moving image stay equal.

    Parameters
    ----------
    image : ndarray, shape (n_1, ..., n_r)
        uint8, uint16, or floating point in [0, 1].
    name : str
        The argument's name for error messages.

    Returns
    -------
    tuple of (float, float)

    Raises
    ------
    ValueError
        For another dtype, or floating-point intensities outside [0, 1].
    """
    if image.dtype in (np.uint8, np.uint16):
        return 0.0, float(np.iinfo(image.dtype).max)
    if not np.issubdtype(image.dtype, np.floating):
        raise ValueError(
            f"{name}: expected floating-point numbers in [0, 1], or uint8 or uint16 (scaled by the range of their "
            'type); for others choose normalize="joint" or normalize="each". '
            f"Received: {name}.dtype={image.dtype}"
        )
    low, high = float(image.min()), float(image.max())
    if low < -RANGE_TOLERANCE or high > 1 + RANGE_TOLERANCE:
        raise ValueError(
            f"{name}: expected floating-point intensities in [0, 1]; divide both images by one common maximum, or "
            'choose normalize="joint" or normalize="each". '
            f"Received: {name} with values from {low:.6g} to {high:.6g}"
        )
    return 0.0, 1.0


def check_intensities(image, name):
    """Raise a ValueError unless an image holds real, finite and not only equal numbers.

    Parameters
    ----------
    image : ndarray, shape (n_1, ..., n_r)
    name : str
        The argument's name for error messages.
    """
    if image.dtype.kind not in "iuf":
        raise ValueError(f"{name}: expected real numbers. Received: {name}.dtype={image.dtype}")
    wrong = image.size - np.count_nonzero(np.isfinite(image))
    if wrong:
        raise ValueError(
            f"{name}: expected finite intensities. "
            f"Received: {name} with {wrong} NaN or infinite values among {image.size}"
        )
    if image.min() == image.max():
        raise ValueError(
            f"{name}: expected an image with some structure; nothing can be registered to an even area. "
            f"Received: {name} with the single value {image.flat[0]:.6g}"
        )


def to_unit_interval(image, intensity_range):
    """Convert intensities to float32 in [0, 1].

    Parameters
    ----------
    image : ndarray, shape (n_1, ..., n_r)
    intensity_range : pair of float
        The intensities that become 0 and 1; those beyond are clipped.

    Returns
    -------
    ndarray of float32, same shape
    """
    low, high = intensity_range
    if image.dtype in (np.uint8, np.uint16, np.float16, np.float32):
        image, low, high = image.astype(np.float32), np.float32(low), np.float32(high)
    # Others in double precision: they may be large numbers that differ little.
    values = (image - low) / (high - low)
    return np.clip(values, 0, 1).astype(np.float32, copy=False)


def warn_of_low_contrast(values, name, stacklevel):
    """Warn when an image uses less than a tenth of the intensity range.

    Parameters
    ----------
    values : ndarray of float32, shape (n_1, ..., n_r)
        In [0, 1].
    name : str
        The argument's name for the warning.
    stacklevel : int
        As for `warnings.warn`, counted from the caller.

    Warns
    -----
    UserWarning
    """
    contrast = float(values.max() - values.min())
    if contrast < LOW_CONTRAST:
        warnings.warn(
            f"{name} uses only {100 * contrast:.1f} % of the intensity range, and the shipped models expect images "
            'that fill it. Stretch both images by one common minimum and maximum (normalize="joint"), or each by its '
            'own (normalize="each").',
            stacklevel=stacklevel + 1,
        )
