"""Checks of the images a user gives, and their conversion to what the networks take: float32 in [0, 1]."""

from __future__ import annotations

import warnings

import numpy as np

# Arithmetic in float32 may leave [0, 1] by a rounding error, which must not stop anybody.
RANGE_TOLERANCE = 1e-4
# Below a tenth of the range the data term sees differences far smaller than those it was trained on.
LOW_CONTRAST = 0.1


def to_spatial_array(image, name):
    """Return the array of an image's spatial axes, and whether the image had a channel axis.

    Parameters
    ----------
    image : array_like, shape (n_1, n_2), (n_1, n_2, n_3), or either with one trailing channel
    name : str
        The argument's name for error messages.

    Returns
    -------
    tuple of (ndarray of shape (n_1, ..., n_r) in its own dtype, bool)

    Raises
    ------
    ValueError
        For a masked array, colour or other channels, or another number of axes.
    """
    if isinstance(image, np.ma.MaskedArray):
        raise ValueError(
            f"{name}: expected an array without a mask (masks are not used); fill it with .filled(value). "
            f"Received: {name}=masked array of shape {image.shape}"
        )
    array = np.asarray(image)
    channels = array.shape[-1] if array.ndim in (3, 4) else None
    if channels == 1:
        return array[..., 0], True
    # A volume of three or four voxels along its last axis would be too small for any network: this is colour.
    if array.ndim == 4 or channels in (3, 4):
        raise ValueError(
            f"{name}: expected a grey image of shape (n_1, n_2) or (n_1, n_2, n_3), with at most one trailing channel; "
            f"turn colour into grey first, e.g. with skimage.color.rgb2gray. Received: {name}.shape={array.shape}"
        )
    if array.ndim not in (2, 3):
        raise ValueError(
            f"{name}: expected a grey image of shape (n_1, n_2) or a volume of shape (n_1, n_2, n_3). "
            f"Received: {name}.shape={array.shape}"
        )
    return array, False


def check_same_shape(fixed, moving):
    """Raise a ValueError unless both images have the same rank and the same shape.

    Parameters
    ----------
    fixed, moving : ndarray, shape (n_1, ..., n_r)
    """
    if fixed.ndim != moving.ndim:
        raise ValueError(
            "Expected two images of the same rank (both 2D or both 3D). "
            f"Received: fixed.shape={fixed.shape}, moving.shape={moving.shape}"
        )
    if fixed.shape != moving.shape:
        raise ValueError(
            "Expected two images of the same shape; crop, pad or resample one of them to the other first. "
            f"Received: fixed.shape={fixed.shape}, moving.shape={moving.shape}"
        )


def to_unit_interval(array, name):
    """Convert intensities to float32, integers to [0, 1].

    8- and 16-bit unsigned integers are divided by the largest number of their type (255 or 65535), not by the image's
    own maximum: equal numbers in the fixed and the moving image stay equal.

    Parameters
    ----------
    array : ndarray, shape (n_1, ..., n_r)
    name : str
        The argument's name for error messages.

    Returns
    -------
    ndarray of float32, same shape

    Raises
    ------
    ValueError
        For another dtype than floating point, uint8 or uint16.
    """
    if array.dtype in (np.uint8, np.uint16):
        return array.astype(np.float32) / np.float32(np.iinfo(array.dtype).max)
    if np.issubdtype(array.dtype, np.floating):
        return array.astype(np.float32)
    raise ValueError(
        f"{name}: expected floating-point numbers in [0, 1], or uint8 or uint16 (scaled by the range of their type). "
        f"Convert other numbers first: (x - low) / (high - low) with one low and one high for both images. "
        f"Received: {name}.dtype={array.dtype}"
    )


def check_intensities(values, name):
    """Raise a ValueError unless an image is finite, within [0, 1] and not even; warn when it has little contrast.

    Parameters
    ----------
    values : ndarray of float32, shape (n_1, ..., n_r)
    name : str
        The argument's name for error messages.

    Warns
    -----
    UserWarning
        When the image uses less than a tenth of the intensity range.
    """
    wrong = values.size - np.count_nonzero(np.isfinite(values))
    if wrong:
        raise ValueError(
            f"{name}: expected finite intensities. "
            f"Received: {name} with {wrong} NaN or infinite values among {values.size}"
        )
    low, high = float(values.min()), float(values.max())
    if low < -RANGE_TOLERANCE or high > 1 + RANGE_TOLERANCE:
        raise ValueError(
            f"{name}: expected floating-point intensities in [0, 1]; divide both images by one common maximum. "
            f"Received: {name} with values from {low:.6g} to {high:.6g}"
        )
    if low == high:
        raise ValueError(
            f"{name}: expected an image with some structure; nothing can be registered to an even area. "
            f"Received: {name} with the single value {low:.6g}"
        )
    if high - low < LOW_CONTRAST:
        warnings.warn(
            f"{name} uses only {100 * (high - low):.1f} % of the intensity range, and the shipped models expect images "
            "that fill it. Stretch both images by one common minimum and maximum.",
            stacklevel=3,
        )


def from_unit_interval(values, dtype):
    """Convert intensities in [0, 1] back to the dtype and range of a given image.

    Parameters
    ----------
    values : ndarray of float32
    dtype : numpy.dtype
        Floating point, uint8 or uint16.

    Returns
    -------
    ndarray of that dtype; integers are rounded and span the range of their type
    """
    if np.issubdtype(dtype, np.integer):
        largest = np.iinfo(dtype).max
        return np.clip(np.rint(values.astype(np.float64) * largest), 0, largest).astype(dtype)
    return values.astype(dtype)
