"""Patches of the image of one section, as thesis Section 6.2 cuts them."""

from __future__ import annotations

import dataclasses
import hashlib
import os

import numpy as np

from dirv_tf.io.gray import to_gray
from dirv_tf.io.image_regions import image_size, read_region
from dirv_tf.validation import integer, number, one_of, random_seed


@dataclasses.dataclass(frozen=True)
class PatchSettings:
    """How patches are cut; the defaults are the thesis's.

    Attributes
    ----------
    size : int
        Side of the patches, pixels.
    crop : int
        Side of the part in an image's middle that patches are cut from; smaller images are taken whole.
    train_patches, test_patches : int
        Places drawn per image.
    least_deviation : float
        Patches whose standard deviation is smaller, of 255, are rejected.
    bits : {8, 16}
        Of the stored patches.
    seed : int
        Of the places.

    Raises
    ------
    ValueError
        If one is out of its range.
    """

    size: int = 256
    crop: int = 2000
    train_patches: int = 20
    test_patches: int = 3
    least_deviation: float = 10.0
    bits: int = 8
    seed: int = 42

    def __post_init__(self) -> None:
        integer(4)("size", self.size)
        integer(self.size)("crop", self.crop)
        integer(1)("train_patches", self.train_patches)
        integer(1)("test_patches", self.test_patches)
        number(0)("least_deviation", self.least_deviation)
        one_of(8, 16)("bits", self.bits)
        random_seed()("seed", self.seed)


@dataclasses.dataclass(frozen=True, eq=False)
class TissuePatch:
    """A patch and where it comes from.

    Attributes
    ----------
    pixels : ndarray, shape (size, size), uint8 or uint16
        Its smallest intensity is 0, its largest that of the type.
    row, column : int
        Of its first pixel in the whole image.
    deviation : float
        Standard deviation before it was stretched, of 255.
    """

    pixels: np.ndarray
    row: int
    column: int
    deviation: float


def cut_patches(path: str | os.PathLike, name: str, count: int, settings: PatchSettings) -> list[TissuePatch]:
    """Cut patches at random places of an image's middle: gray, with contrast, each stretched to the whole range.

    The places depend on the seed and the name alone, not on the other images.

    Parameters
    ----------
    path : str or path
        TIFF, PNG, JPEG, BMP or WebP of 8 or 16 bit, gray or in color, see `read_region`.
    name : str
        Of the image, for the random places.
    count : int
        Places drawn.
    settings : PatchSettings

    Returns
    -------
    list of TissuePatch
        At most `count`, because those with little contrast are left out.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the image cannot be read, is smaller than a patch, has another bit depth or no patch with enough contrast.
    """
    whole = image_size(path)
    if min(whole) < settings.size:
        raise ValueError(
            f"Expected an image of at least {settings.size} pixels a side. Received: {whole[0]} x {whole[1]}"
        )
    sides = [min(side, settings.crop) for side in whole]
    start = [(side - part) // 2 for side, part in zip(whole, sides)]
    pixels, is_color = read_region(path, start, sides)
    if pixels.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"Expected an image of 8 or 16 bit, unsigned. Received: dtype={pixels.dtype}")
    # In double precision, so that nothing is rounded twice.
    gray = to_gray(pixels.astype(np.float64)) if is_color else pixels.astype(np.float64)
    scale = 255.0 / np.iinfo(pixels.dtype).max
    patches = []
    for row, column in _places(name, count, np.subtract(sides, settings.size) + 1, settings.seed):
        patch = gray[row : row + settings.size, column : column + settings.size]
        deviation = float(patch.std()) * scale
        if deviation > 0 and deviation >= settings.least_deviation:
            place = int(start[0] + row), int(start[1] + column)
            patches.append(TissuePatch(_stretched(patch, settings.bits), *place, deviation))
    if not patches:
        raise ValueError(
            f"Expected a patch whose standard deviation is at least {settings.least_deviation:g} of 255. "
            f"Received: none in {count} places"
        )
    return patches


def _places(name, count, room, seed):
    key = np.frombuffer(hashlib.sha256(name.encode("utf-8")).digest(), "<u4")
    return np.random.default_rng([seed, *key.tolist()]).integers(0, room, (count, 2))


def _stretched(patch, bits):
    low, high = patch.min(), patch.max()
    levels = np.rint((patch - low) / (high - low) * (2**bits - 1))
    return levels.astype(np.uint8 if bits == 8 else np.uint16)
