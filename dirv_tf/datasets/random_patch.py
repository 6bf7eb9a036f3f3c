"""A random patch with enough contrast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

# Thesis Section 6.2: patches with a standard deviation of less than 10 of 255 are rejected.
LEAST_CONTRAST = 10 / 255
# Places tried in an image before it is given up; a twentieth of tissue on a slide is found by then.
TRIES = 100
# What a random number is for, beside those of `synthesis.random_keys`.
PLACE = 11


def random_patch(
    images: Sequence[Any],
    size: Sequence[int],
    generator: np.random.Generator,
    least_deviations: Sequence[float],
) -> tuple[list[Any], bool]:
    """Cut a patch at the same random place of images, drawing places until the patch has contrast.

    Parameters
    ----------
    images : sequence of ndarray, each of shape (m_1, ..., m_r) or (m_1, ..., m_r, channels)
        Of one size. Behind the first, anything that can be indexed by the slices of the patch.
    size : sequence of int, length r
        Sides of the patch in pixels.
    generator : numpy.random.Generator
    least_deviations : sequence of float
        Least standard deviation of the patch in the first images, which alone decide about contrast. A patch of one
        intensity has none in any case.

    Returns
    -------
    patches : list of ndarray, each of shape (n_1, ..., n_r) or (n_1, ..., n_r, channels)
        Views of the images.
    found : bool
        Whether they have contrast; if not, they are the last of `TRIES` places.
    """
    room = np.subtract(images[0].shape[: len(size)], size) + 1
    for _ in range(TRIES if room.max() > 1 else 1):
        starts = (generator.random(len(room)) * room).astype(int)
        window = tuple(slice(start, start + side) for start, side in zip(starts, size))
        patches = [image[window] for image in images]
        if all(map(_has_contrast, patches, least_deviations)):
            return patches, True
    return patches, False


def _has_contrast(patch, least_deviation):
    return patch.min() < patch.max() and patch.std(dtype=np.float64) >= least_deviation
