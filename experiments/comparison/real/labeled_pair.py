"""Real volumes with labels made ready: in [0, 1], of one size."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dirv_tf.io import load_image
from experiments.comparison.real.pair_table import RealPair

SIDE = 64
# Percentiles of an image that become 0 and 1.
RANGE = (0.5, 99.5)


class LabeledPair(NamedTuple):
    """Two images and their labels.

    Attributes
    ----------
    name : str
    fixed, moving : ndarray of float32, shape (n_1, ..., n_r)
        In [0, 1].
    fixed_labels, moving_labels : ndarray of int, same shape
        0 is the background.
    """

    name: str
    fixed: np.ndarray
    moving: np.ndarray
    fixed_labels: np.ndarray
    moving_labels: np.ndarray


def labeled(pair: RealPair, side: int = SIDE) -> LabeledPair:
    """Read a pair and pad its images and labels with zeros, about their middle, to one side length.

    Parameters
    ----------
    pair : RealPair
        With labels. The pixels are compared as they are, whatever their size in millimeters.
    side : int
        Pixels along each axis.

    Returns
    -------
    LabeledPair

    Raises
    ------
    FileNotFoundError
        For a file that is not there.
    ValueError
        For a file that cannot be read, an image that is larger, or labels that do not fit their image.
    """
    images, labels = [], []
    for image_path, label_path in ((pair.fixed, pair.fixed_annotation), (pair.moving, pair.moving_annotation)):
        image, drawn = (load_image(path).pixels for path in (image_path, label_path))
        if drawn.shape != image.shape:
            raise ValueError(
                f"Expected labels of their image's shape {image.shape}. "
                f"Received: path={label_path} of shape {drawn.shape}"
            )
        if max(image.shape) > side:
            raise ValueError(f"Expected sides of at most {side} pixels. Received: path={image_path} of {image.shape}")
        images.append(_padded(stretched(image, *np.percentile(image, RANGE)), side))
        labels.append(_padded(np.rint(drawn).astype(np.int32), side))
    return LabeledPair(pair.name, *images, *labels)


def stretched(image: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return an image of float32 in which `low` has become 0 and `high` 1; what lies beyond is cut off."""
    return np.clip((image.astype(np.float32) - low) / max(high - low, 1e-12), 0, 1).astype(np.float32)


def _padded(array, side):
    return np.pad(array, [((side - count) // 2, side - count - (side - count) // 2) for count in array.shape])
