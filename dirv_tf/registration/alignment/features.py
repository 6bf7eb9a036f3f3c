"""What a global alignment compares: maps of a pair that hardly depend on stain, scanner or contrast."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

# Pixels of the level over which a map is made zero mean and unit variance: wider ones let the outline of the tissue
# outweigh its structure, narrower ones leave noise.
NEIGHBORHOOD = 6.0
# Blurring of the gray map, and window of the local standard deviation.
BLUR, WINDOW = 1.0, 1.5
# Local standard deviations below this part of the whole image's count as flat.
FLAT = 0.2
# Smallest part of the image that counts as empty where it is constant and reaches the border.
SMALLEST_EMPTY_PART = 0.01
_TINY = 1e-3


@dataclass(frozen=True)
class FeatureMaps:
    """Maps of one image at one resolution; pixel ``k`` lies on pixel ``factor k + (factor - 1) / 2`` of the image.

    Parameters
    ----------
    maps : tuple of ndarray, each of shape (m_1, ..., m_r), float32
        Zero mean and unit variance in every neighborhood. First the gray values, whose sign depends on the stain, then
        the local standard deviations, whose sign does not.
    weight : ndarray, shape (m_1, ..., m_r), float32
        0 where there is nothing to compare, 1 elsewhere.
    """

    maps: tuple[np.ndarray, ...]
    weight: np.ndarray


def feature_maps(image: np.ndarray, weight: np.ndarray, factor: int) -> FeatureMaps:
    """Make the maps of an image that is reduced by a whole factor.

    Parameters
    ----------
    image : ndarray, shape (n_1, ..., n_r), float32
    weight : ndarray, same shape, float32
        See `content_weight`.
    factor : int
        Pixels per pixel of the maps, along every axis.

    Returns
    -------
    FeatureMaps
    """
    # Blocks across the edge of the content show the content alone: their edge would be taken for one of its own.
    gray = block_mean(image * weight, factor)
    weight = block_mean(weight, factor)
    gray = gray / np.maximum(weight, _TINY)
    weight = (weight > 0.5).astype(np.float32) if (weight > 0.5).any() else weight
    blurred = _smooth(gray * weight, BLUR) / np.maximum(_smooth(weight, BLUR), _TINY)
    difference = (gray - blurred) * weight
    energy = np.sqrt(_smooth(difference * difference, WINDOW) / np.maximum(_smooth(weight, WINDOW), _TINY))
    maps = (
        _normalized(blurred, weight, FLAT * _deviation(gray, weight)),
        _normalized(energy, weight, FLAT * _deviation(energy, weight)),
    )
    return FeatureMaps(maps, weight)


def content_weight(image: np.ndarray) -> np.ndarray:
    """Return 0 in constant regions that reach the image's border, with which images are padded, and 1 elsewhere.

    Parameters
    ----------
    image : ndarray, shape (n_1, ..., n_r), float32

    Returns
    -------
    ndarray, same shape, float32
    """
    flat = ndimage.maximum_filter(image, 3) - ndimage.minimum_filter(image, 3) < 1e-6
    labels, count = ndimage.label(flat)
    keep = np.zeros(count + 1, bool)
    for axis in range(image.ndim):
        keep[np.unique(labels.take([0, -1], axis=axis))] = True
    keep &= np.bincount(labels.ravel(), minlength=count + 1) >= SMALLEST_EMPTY_PART * image.size
    keep[0] = False
    if not keep.any():
        return np.ones(image.shape, np.float32)
    # The outermost constant pixels have neighbors that are not.
    weight = 1.0 - ndimage.binary_dilation(keep[labels], np.ones((3,) * image.ndim)).astype(np.float32)
    # An image of constant regions and edges, such as a chessboard without gradients: nothing of it is padding.
    return weight if weight.any() else np.ones(image.shape, np.float32)


def content_box(weight: np.ndarray) -> tuple[slice, ...]:
    """Return the smallest box that holds all weight, of at least 8 pixels per axis.

    Parameters
    ----------
    weight : ndarray, shape (n_1, ..., n_r)
        Not 0 everywhere.

    Returns
    -------
    tuple of slice, length r
    """
    box = []
    for axis, side in enumerate(weight.shape):
        others = tuple(other for other in range(weight.ndim) if other != axis)
        occupied = np.flatnonzero(weight.any(axis=others))
        start = max(0, min(occupied[0], occupied[-1] - 7))
        box.append(slice(start, min(side, max(occupied[-1] + 1, start + 8))))
    return tuple(box)


def block_mean(image: np.ndarray, factor: int) -> np.ndarray:
    """Return the means over blocks of ``factor`` pixels per axis, the last ones filled up by edge replication."""
    if factor == 1:
        return image
    padded = np.pad(image, [(0, -side % factor) for side in image.shape], mode="edge")
    for axis in reversed(range(image.ndim)):
        shape = padded.shape
        padded = padded.reshape(*shape[:axis], shape[axis] // factor, factor, *shape[axis + 1 :]).mean(axis=axis + 1)
    return padded


def _smooth(image, deviation):
    return ndimage.gaussian_filter(image, deviation, mode="constant", truncate=3.0)


def _deviation(image, weight):
    total = weight.sum(dtype=np.float64)
    mean = (image * weight).sum(dtype=np.float64) / total
    return float(np.sqrt(((image - mean) ** 2 * weight).sum(dtype=np.float64) / total))


def _normalized(image, weight, floor):
    """Zero mean and unit variance in the neighborhood of every pixel, less where the variance is below the floor's."""
    total = np.maximum(_smooth(weight, NEIGHBORHOOD), _TINY)
    centered = (image - _smooth(image * weight, NEIGHBORHOOD) / total) * weight
    variance = _smooth(centered * centered, NEIGHBORHOOD) / total
    # The smallest addend keeps a flat image at zero.
    return (centered / np.sqrt(variance + floor**2 + 1e-12)).astype(np.float32)


def checked_image(image: np.ndarray, name: str) -> np.ndarray:
    """Return an image that can be aligned as float32, or raise a ValueError."""
    image = np.asarray(image, np.float32)
    if image.ndim not in (2, 3) or min(image.shape) < 8:
        raise ValueError(
            f"Expected {name} to have 2 or 3 axes of 8 pixels or more. Received: {name}.shape={image.shape}"
        )
    low, high = float(image.min()), float(image.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"Expected {name} to hold finite numbers. Received: intensities {low} ... {high}")
    if high - low < 1e-6:
        raise ValueError(f"Expected {name} to show something. Received: the same intensity {low:.6g} everywhere")
    return image


def checked_mask(mask: np.ndarray | None, image: np.ndarray, name: str) -> np.ndarray | None:
    """Return the mask of an image as bool, or raise a ValueError."""
    if mask is None:
        return None
    mask = np.asarray(mask, bool)
    if mask.shape != image.shape:
        raise ValueError(f"Expected {name} of the image's shape {image.shape}. Received: {name}.shape={mask.shape}")
    if not mask.any():
        raise ValueError(f"Expected {name} to hold something. Received: an empty mask")
    return mask
