"""Pairs of tissue that are the same in every checkout: patches of the shipped images, deformed by known fields."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dirv_tf import geometry, synthesis
from dirv_tf.io import read_image
from experiments.comparison.pair_sets import Pairs
from experiments.folders import CHECKOUT

SIDE = 128
MEAN_DISPLACEMENT = 2.0
SEED = 7
# Seven that no shipped network was trained on, and three small ones.
IMAGES = (
    "sections/lung_lesion/he.jpg", "sections/lung_lesion/cd31.jpg", "sections/lung_lesion/cc10.jpg",
    "sections/lung_lesion/ki67.jpg", "sections/lung_lesion/prospc.jpg", "sections/nuclei/ki67_scanner_1.tif",
    "sections/nuclei/ki67_scanner_2.tif", "tissue/epithelium_he.png", "tissue/cells_he.png", "tissue/colon_ihc.png",
)
# A patch without tissue shows no deformation: of so many, that of the strongest contrast.
_DRAWN = 4


def tissue_pairs(count: int, side: int = SIDE, seed: int = SEED, images: Sequence[str] = IMAGES) -> Pairs:
    """Draw pairs, from one image after the other.

    Parameters
    ----------
    count : int
    side : int
        Pixels of the patches.
    seed : int
    images : sequence of str
        Files below the folder of the data.

    Returns
    -------
    Pairs
        The field is the one to find: the fixed image is the moving one warped by it (thesis section 5.5). Fields are
        affine and non-rigid, with a mean length of 2 pixels each.
    """
    moving = tissue_patches(count, side, seed, images)[..., np.newaxis]
    fields = synthesis.random_fields((side, side), seed, indices=list(range(count)), batch_index=0, kind="both")
    fields = fields.numpy() if hasattr(fields, "numpy") else np.asarray(fields)
    fields = fields * (MEAN_DISPLACEMENT / np.linalg.norm(fields, axis=-1).mean(axis=(1, 2)))[:, None, None, None]
    fields = fields.astype(np.float32)
    return Pairs(geometry.warp_image(moving, fields).numpy(), moving, fields)


def tissue_patches(
    count: int, side: int = SIDE, seed: int = SEED, images: Sequence[str] = IMAGES
) -> np.ndarray:
    """Draw patches, from one image after the other; each the one of the strongest contrast of a few.

    Parameters
    ----------
    count, side : int
        Patches, and their pixels along each axis.
    seed : int
    images : sequence of str
        As of `tissue_pairs`.

    Returns
    -------
    ndarray of float32, shape (count, side, side)
        In [0, 1].
    """
    return np.stack([_patch(number, side, seed, images) for number in range(count)])


def _patch(number, side, seed, images):
    image = read_image(CHECKOUT / "data" / images[number % len(images)]).astype(np.float32) / 255
    rng = np.random.default_rng([seed, number])
    patches = []
    for _ in range(_DRAWN):
        row, column = (rng.integers(0, length - side + 1) for length in image.shape)
        patches.append(image[row : row + side, column : column + side])
    return max(patches, key=np.std)
