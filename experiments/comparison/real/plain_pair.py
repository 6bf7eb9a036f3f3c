"""Real pairs on which nothing was drawn, made ready: gray, in [0, 1], as large as they are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.comparison.real.labeled_pair import RANGE, stretched
from experiments.comparison.real.pair_table import RealPair
from experiments.comparison.real.prepared_pair import gray_pixels


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
    fixed, moving = (gray_pixels(path) for path in (pair.fixed, pair.moving))
    if fixed.shape != moving.shape:
        raise ValueError(
            f"Expected two images of one shape, since their pixels are compared. "
            f"Received: {pair.name} of shapes {fixed.shape} and {moving.shape}"
        )
    limits = np.percentile(fixed, RANGE), np.percentile(moving, RANGE)
    low, high = min(each[0] for each in limits), max(each[1] for each in limits)
    return PlainPair(pair.name, *(stretched(image, low, high) for image in (fixed, moving)))
