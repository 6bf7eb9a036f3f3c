"""Pairs with known fields, and the same with a hole in the fixed image."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from dirv_tf import synthesis
from experiments.known_pairs import chessboards_and_tissue

# Of pairs that no network of the comparison was trained or tested on.
SEED = 20281
SIDE = 128
# What a hole shows: of a torn part the brightest or darkest intensity, of a lesion another part of the image.
HOLES = {"torn": ("background",), "lesion": ("texture",)}
_AREA = (0.02, 0.08)


class HolePairs(NamedTuple):
    """A set: its name, what it is, images (N, n_1, n_2), true fields, and per kind of hole fixed images and masks."""

    name: str
    what: str
    fixed: np.ndarray
    moving: np.ndarray
    flow_field: np.ndarray
    holes: dict[str, tuple[np.ndarray, np.ndarray]]


def hole_pairs(count: int) -> list[HolePairs]:
    """Return the sets.

    Parameters
    ----------
    count : int
        Pairs of each.

    Raises
    ------
    FileNotFoundError
        Where `make tissue-data` was not carried out.
    """
    return [
        _with_holes(name, what, *arrays) for name, (what, arrays) in chessboards_and_tissue(SIDE, count, SEED).items()
    ]


def _with_holes(name, what, fixed, moving, field):
    holes = {}
    for hole, fills in HOLES.items():
        limits = synthesis.LesionRange(chance=1.0, area=_AREA, fills=fills)
        pasted, masks = synthesis.paste_lesions(tf.constant(fixed), SEED, tf.range(len(fixed)), 0, limits)
        holes[hole] = (pasted.numpy()[..., 0], masks.numpy()[..., 0])
    return HolePairs(name, what, fixed[..., 0], moving[..., 0], field, holes)
