"""Real pairs made ready: gray, in [0, 1], of one size, with the landmarks that count."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from dirv_tf.io import load_image, match_landmarks, read_landmarks, to_gray
from experiments.comparison.real.pair_table import RealPair

SIDE = 512


class PreparedPair(NamedTuple):
    """Two images and corresponding points.

    Attributes
    ----------
    name : str
    fixed, moving : ndarray of float32, shape (n_1, n_2)
        In [0, 1].
    fixed_points, moving_points : ndarray, shape (n, 2)
        Pixels, array-axis order; equal rows correspond.
    scale : float
        Pixels of the moving image per pixel of the fixed one, as far as a pose has changed them.
    """

    name: str
    fixed: np.ndarray
    moving: np.ndarray
    fixed_points: np.ndarray
    moving_points: np.ndarray
    scale: float = 1.0


def prepared(pair: RealPair, side: int = SIDE) -> PreparedPair:
    """Read a pair and resize both images to a longer side, with their landmarks.

    Parameters
    ----------
    pair : RealPair
    side : int
        Pixels along the longer axis of each image.

    Returns
    -------
    PreparedPair

    Raises
    ------
    FileNotFoundError
        For a file that is not there.
    ValueError
        For a file that cannot be read, images that are no 2D images, or landmarks without a common name.
    """
    points = match_landmarks(*(read_landmarks(path, 2) for path in (pair.fixed_annotation, pair.moving_annotation)))
    counts = ~np.isin(points.names, pair.exclude)
    if not counts.any():
        raise ValueError(f"Expected landmarks that are not excluded. Received: {pair.name} with exclude={pair.exclude}")
    fixed, fixed_points = resized(_gray(pair.fixed), points.fixed_points[counts], side)
    moving, moving_points = resized(_gray(pair.moving), points.moving_points[counts], side)
    return PreparedPair(pair.name, fixed, moving, fixed_points, moving_points)


def resized(image: np.ndarray, points: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Resize an image to a longer side, and its points alike.

    Parameters
    ----------
    image : ndarray, shape (n_1, n_2)
    points : ndarray, shape (n, 2), pixels
        The center of the first pixel is 0.
    side : int

    Returns
    -------
    tuple of (ndarray of float32, ndarray)
    """
    size = np.maximum(1, np.rint(np.array(image.shape) * side / max(image.shape))).astype(int)
    factors = size / image.shape
    # Half the new pixel's reach beyond the old one's, against aliasing.
    smooth = ndimage.gaussian_filter(image.astype(np.float32), np.maximum(0, (1 / factors - 1) / 2), mode="nearest")
    axes = [(np.arange(count) + 0.5) / factor - 0.5 for count, factor in zip(size, factors)]
    sampled = ndimage.map_coordinates(smooth, np.meshgrid(*axes, indexing="ij"), order=1, mode="nearest")
    return sampled.astype(np.float32), (points + 0.5) * factors - 0.5


def gray_pixels(path: Path) -> np.ndarray:
    """Read an image as it is stored, color turned into gray."""
    image = load_image(path)
    return to_gray(image.pixels) if image.is_color else image.pixels


def _gray(path):
    pixels = gray_pixels(path)
    if pixels.ndim != 2:
        raise ValueError(f"Expected a 2D image. Received: path={path} of shape {pixels.shape}")
    if np.issubdtype(pixels.dtype, np.integer):
        return pixels.astype(np.float32) / np.iinfo(pixels.dtype).max
    low, high = float(pixels.min()), float(pixels.max())
    return ((pixels - low) / max(high - low, 1e-12)).astype(np.float32)
