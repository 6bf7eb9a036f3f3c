"""Real pairs on which nothing was drawn, made ready: gray, in [0, 1], as large as they are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dirv_tf.io import load_image, to_gray
from experiments.comparison.real.pair_table import RealPair

# Percentiles of the darker and of the brighter image that become 0 and 1.
RANGE = (0.5, 99.5)


class PlainPair(NamedTuple):
    """Two images.

    Attributes
    ----------
    name : str
    fixed, moving : ndarray of float32, shape (n_1, ..., n_r)
        In [0, 1].
    """

    name: str
    fixed: np.ndarray
    moving: np.ndarray


def plain(pair: RealPair) -> PlainPair:
    """Read a pair; one range of intensities, that of both images together, becomes [0, 1].

    Parameters
    ----------
    pair : RealPair
        The pixels are compared as they are, whatever their size in millimeters.

    Returns
    -------
    PlainPair

    Raises
    ------
    FileNotFoundError
        For a file that is not there.
    ValueError
        For a file that cannot be read, or images of two shapes.
    """
    fixed, moving = (_gray(path) for path in (pair.fixed, pair.moving))
    if fixed.shape != moving.shape:
        raise ValueError(
            f"Expected two images of one shape, since their pixels are compared. "
            f"Received: {pair.name} of shapes {fixed.shape} and {moving.shape}"
        )
    limits = np.percentile(fixed, RANGE), np.percentile(moving, RANGE)
    low, high = min(each[0] for each in limits), max(each[1] for each in limits)
    span = max(high - low, 1e-12)
    return PlainPair(pair.name, *(np.clip((image - low) / span, 0, 1).astype(np.float32) for image in (fixed, moving)))


def _gray(path):
    image = load_image(path)
    return (to_gray(image.pixels) if image.is_color else image.pixels).astype(np.float32)
