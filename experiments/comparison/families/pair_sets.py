"""The sets of pairs with known fields that all families register: of seeds that nothing was trained or tuned on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from dirv_tf import geometry, synthesis
from experiments.comparison.pair_sets import Pairs
from experiments.comparison.robustness.tissue import tissue_patches

# Trainings take 42 and their tests 77; see also the seeds of the other comparisons (7, 2024).
SEED = 9137
TUNING_SEED = 9138


class KnownSet(NamedTuple):
    """A kind of pairs with known fields.

    Attributes
    ----------
    name, title : str
        For the command line, and for tables.
    size : tuple of int
        Sides of the images in pixels.
    images : {"chessboards", "tissue"}
        Gradient chessboards with cells of 6 to 9 pixels, or patches of sections of tissues held out of all trainings.
    fields : {"small", "large", "affine"}
        "small": as in the trainings, affine and non-rigid up to 6 pixels. "large": the same affine part, non-rigid up
        to 24 pixels on a coarser grid. "affine": angles to 20 degrees, scales 0.8 to 1.25, translations to 8 pixels.
    tuned_as : str, optional
        The set of ``make classical`` for which the settings of the classical methods were searched.
    """

    name: str
    title: str
    size: tuple[int, ...]
    images: str
    fields: str
    tuned_as: str | None = None


_SMALL, _MEDIUM = (64, 64), (128, 128)
SETS = (
    KnownSet("chessboards-64", "Chessboards 64², small fields", _SMALL, "chessboards", "small", "chessboards-64"),
    KnownSet("chessboards-128", "Chessboards 128², small fields", _MEDIUM, "chessboards", "small", "chessboards-128"),
    KnownSet("tissue-128", "Tissue 128², small fields", _MEDIUM, "tissue", "small", "tissue-128"),
    KnownSet("chessboards-128-large", "Chessboards 128², large fields", _MEDIUM, "chessboards", "large"),
    KnownSet("tissue-128-large", "Tissue 128², large fields", _MEDIUM, "tissue", "large"),
    KnownSet("chessboards-64-affine", "Chessboards 64², strong affine maps", _SMALL, "chessboards", "affine"),
    KnownSet("chessboards-128-affine", "Chessboards 128², strong affine maps", _MEDIUM, "chessboards", "affine"),
    KnownSet("volumes-64", "Volumes of chessboards 64³, small fields", (64, 64, 64), "chessboards", "small"),
)
# Largest non-rigid component in pixels, and points of the coarse grid that it is drawn on.
_NONRIGID = {"small": (6.0, (30, 34)), "large": (24.0, (14, 16))}


def draw(known_set: KnownSet, count: int, seed: int = SEED) -> Pairs:
    """Draw pairs of a set: the fixed image is the moving one warped by the field to find.

    Parameters
    ----------
    known_set : KnownSet
    count : int
        At least 1. Pair k is the same for every count.
    seed : int
        From 0 to 2^64 - 1.

    Returns
    -------
    Pairs

    Raises
    ------
    ValueError
        For no pair, unknown images or fields, or a field that folds: no method could find it.

    Examples
    --------
    >>> pairs = draw(SETS[0]._replace(size=(32, 32)), 2)
    >>> pairs.fixed.shape, pairs.flow_field.shape
    ((2, 32, 32, 1), (2, 32, 32, 2))
    """
    if count < 1:
        raise ValueError(f"Expected at least one pair. Received: count={count}")
    moving = _images(known_set, count, seed)
    fields = np.concatenate([_field(known_set, index, seed) for index in range(count)])
    folded = (geometry.jacobian_determinant(fields).numpy() <= 0).reshape(count, -1).any(axis=1)
    if folded.any():
        raise ValueError(
            f"Expected fields without folds. Received: seed={seed}, folds in the pairs {np.flatnonzero(folded)} of "
            f"{known_set.name}"
        )
    return Pairs(geometry.warp_image(moving, fields).numpy(), moving, fields)


def _images(known_set, count, seed):
    if known_set.images == "chessboards":
        return synthesis.chessboard_images(known_set.size, seed, tf.range(count)).numpy()
    if known_set.images == "tissue":
        return tissue_patches(count, known_set.size[0], seed)[..., np.newaxis]
    raise ValueError(f"Expected images among chessboards, tissue. Received: images={known_set.images!r}")


def _field(known_set, index, seed):
    # Non-rigid fields of a batch share their amplitude: every pair is a batch of its own.
    one = tf.constant([index])
    if known_set.fields == "affine":
        return synthesis.affine_fields(known_set.size, seed, one, limits=synthesis.LARGE_RANGE).numpy()
    if known_set.fields not in _NONRIGID:
        raise ValueError(f"Expected fields among affine, large, small. Received: fields={known_set.fields!r}")
    largest, points = _NONRIGID[known_set.fields]
    nonrigid = synthesis.nonrigid_fields(known_set.size, seed, index, 1, 0, largest, points)
    return (nonrigid + synthesis.affine_fields(known_set.size, seed, one)).numpy()
