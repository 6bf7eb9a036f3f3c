"""Checks of the shapes of the arrays that a user gives."""

from __future__ import annotations

import numpy as np


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
        For a masked array, color or other channels, or another number of axes.
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
    # A volume of three or four voxels along its last axis would be too small for any network: this is color.
    if array.ndim == 4 or channels in (3, 4):
        raise ValueError(
            f"{name}: expected a gray image of shape (n_1, n_2) or (n_1, n_2, n_3), with at most one trailing channel; "
            f"turn color into gray first, e.g. with skimage.color.rgb2gray. Received: {name}.shape={array.shape}"
        )
    if array.ndim not in (2, 3):
        raise ValueError(
            f"{name}: expected a gray image of shape (n_1, n_2) or a volume of shape (n_1, n_2, n_3). "
            f"Received: {name}.shape={array.shape}"
        )
    return array, False


def check_same_rank(fixed, moving):
    """Raise a ValueError unless both images have the same rank.

    Parameters
    ----------
    fixed : ndarray, shape (n_1, ..., n_r)
    moving : ndarray, shape (m_1, ..., m_r)
    """
    if fixed.ndim != moving.ndim:
        raise ValueError(
            "Expected two images of the same rank (both 2D or both 3D). "
            f"Received: fixed.shape={fixed.shape}, moving.shape={moving.shape}"
        )
