"""Chessboards and tissue with known fields, as several measurements take them."""

from __future__ import annotations

import numpy as np

from dirv_tf import datasets
from experiments.folders import CHECKOUT

_TISSUE = CHECKOUT / "data" / "tissue_set" / "test"


def chessboards_and_tissue(side: int, count: int, seed: int) -> dict[str, tuple[str, list[np.ndarray]]]:
    """Return pairs of both kinds.

    Parameters
    ----------
    side : int
        Of the square images.
    count : int
        Pairs of each kind.
    seed : int

    Returns
    -------
    dict
        By the name of the set: what it is, and fixed images, moving images (N, n_1, n_2, 1) and true fields.

    Raises
    ------
    FileNotFoundError
        Where `make tissue-data` was not carried out.
    """
    # Batches of four: the pairs of a batch share the strength of their non-rigid part.
    common = {"size": (side, side), "count": count, "batch_size": 4, "seed": seed}
    boards = datasets.from_config({"kind": "chessboard", **common})
    tissue = datasets.from_config({"kind": "folder", "folder": str(_TISSUE), "normalization": "joint", **common})
    return {
        "chessboards": (f"gradient chessboards of {side}²", _together(boards)),
        "tissue": (f"patches of {side}² of sections that no training saw", _together(tissue)),
    }


def _together(pairs):
    parts = [(fixed, moving, field) for (fixed, moving), field in pairs.evaluation().as_numpy_iterator()]
    return [np.concatenate(arrays) for arrays in zip(*parts)]
