"""The pairs on which predicted standard deviations are compared with true errors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from dirv_tf import geometry, synthesis
from experiments.folders import CHECKOUT
from experiments.known_pairs import chessboards_and_tissue

# Of pairs that no network of the comparison was trained or tested on.
SEED = 20262
SIDE = 96
HISTOLOGY = CHECKOUT / "data" / "histology" / "pairs.csv"


class KnownPairs(NamedTuple):
    """A set: its name, what it is, images (N, n_1, n_2, 1), true fields, and which pixels are flat where there are any.
    """

    name: str
    what: str
    fixed: np.ndarray
    moving: np.ndarray
    flow_field: np.ndarray
    flat: np.ndarray | None = None


def known_pairs(count: int) -> list[KnownPairs]:
    """Return the sets whose true fields are known.

    Parameters
    ----------
    count : int
        Pairs of each.

    Raises
    ------
    FileNotFoundError
        Where `make tissue-data` was not carried out.
    """
    known = chessboards_and_tissue(SIDE, count, SEED)
    return [*(KnownPairs(name, what, *arrays) for name, (what, arrays) in known.items()), _half_flat(count)]


def _half_flat(count):
    """Chessboards whose right half is one gray level: nothing there says where a pixel lies."""
    size, numbers = (SIDE, SIDE), tf.range(count, dtype=tf.int64)
    moving = synthesis.chessboard_images(size, SEED + 1, numbers, (6, 10))
    is_flat = tf.range(SIDE)[None, None, :, None] >= SIDE // 2
    moving = tf.where(is_flat, 0.5, moving)
    fields = tf.concat(
        [synthesis.random_fields(size, SEED + 1, numbers[at : at + 4], at // 4) for at in range(0, count, 4)], axis=0
    )
    fixed = geometry.warp_image(moving, fields)
    # Flat is what lies in that half and sees no edge: 12 pixels away from where the moving image has it.
    columns = tf.cast(tf.range(SIDE), tf.float32)[None, None] + fields[..., 1]
    flat = (columns > SIDE // 2 + 12).numpy()
    what = f"chessboards of {SIDE}² whose right half is gray"
    return KnownPairs("half flat", what, fixed.numpy(), moving.numpy(), fields.numpy(), flat)
