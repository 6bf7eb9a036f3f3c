"""Pairs for campaigns: a smooth random image, and the same moved by a pixel or two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage


def moved_pair(number: int, size: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the pair of a number.

    Parameters
    ----------
    number : int
        Of the random numbers.
    size : sequence of int, length 2

    Returns
    -------
    tuple of ndarray of float32
        In [0, 1].
    """
    chance = np.random.default_rng(number)
    image = ndimage.gaussian_filter(chance.random(tuple(size)), 2)
    image = ((image - image.min()) / np.ptp(image)).astype(np.float32)
    return image, ndimage.shift(image, chance.uniform(-2, 2, 2), order=1, mode="nearest")
