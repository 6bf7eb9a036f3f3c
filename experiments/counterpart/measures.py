"""What a hole does to a field around it, and how well a mask finds the hole."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage

# Pixels around a hole at which fields are compared, the nearest and the farthest distance.
RING = (1.0, 8.0)
# Pixels: by how much a hole may move the field around it.
GOAL = 0.3


def ring(hole: np.ndarray) -> np.ndarray:
    """Return the pixels around a hole, bool (n_1, ..., n_r).

    Parameters
    ----------
    hole : ndarray, shape (n_1, ..., n_r)
        Above 0 in it.
    """
    distance = ndimage.distance_transform_edt(hole == 0)
    return (distance >= RING[0]) & (distance <= RING[1])


def moved(fields: np.ndarray, with_hole: np.ndarray, holes: np.ndarray) -> dict[str, float]:
    """Return how far the holes of some pairs move the fields around them, in pixels.

    Parameters
    ----------
    fields, with_hole : ndarray, shape (N, n_1, n_2, 2)
        Of the pairs as they are and with a hole.
    holes : ndarray, shape (N, n_1, n_2)

    Returns
    -------
    dict of float
        `mean`, `median` and `p95` over the pixels of all rings; `pairs_below`, the share of the pairs whose mean is
        below the goal, in percent.
    """
    lengths = [np.linalg.norm(b - a, axis=-1)[ring(hole)] for a, b, hole in zip(fields, with_hole, holes)]
    pixels = np.concatenate(lengths)
    return {
        "mean": float(pixels.mean()),
        "median": float(np.median(pixels)),
        "p95": float(np.percentile(pixels, 95)),
        "pairs_below": 100.0 * float(np.mean([each.mean() < GOAL for each in lengths])),
    }


def endpoint_error(fields: np.ndarray, true: np.ndarray) -> float:
    """Return the mean distance of fields from the true ones, pixels."""
    return float(np.linalg.norm(fields - true, axis=-1).mean())


def mask_scores(masks: np.ndarray, holes: np.ndarray) -> dict[str, Any]:
    """Return how well masks find holes.

    Parameters
    ----------
    masks, holes : ndarray, shape (N, n_1, n_2)
        From 0 to 1.

    Returns
    -------
    dict
        `dice` of all pixels of the set, either above 0.5; `auc`, the chance that a pixel of a hole has a larger value
        than one outside.
    """
    found, true = masks > 0.5, holes > 0.5
    both = found.sum() + true.sum()
    dice = 2.0 * float((found & true).sum()) / float(both) if both else 1.0
    order = np.argsort(masks.ravel(), kind="stable")
    values = masks.ravel()[order]
    # Equal values share the mean of their ranks.
    _, first, counts = np.unique(values, return_index=True, return_counts=True)
    ranks = np.repeat(first + (counts + 1) / 2, counts)
    inside = true.ravel()[order]
    n, m = int(inside.sum()), int((~inside).sum())
    auc = (float(ranks[inside].sum()) - n * (n + 1) / 2) / (n * m) if n and m else None
    return {"dice": dice, "auc": auc}
