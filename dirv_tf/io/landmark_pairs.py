"""Landmarks of two images, paired by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dirv_tf.io.landmark_files import Landmarks
from dirv_tf.validation import shown


@dataclass(frozen=True, eq=False)
class LandmarkPairs:
    """Landmarks of two images that have the same names.

    Attributes
    ----------
    names : tuple of str, length n
        In the order of the fixed image's landmarks.
    fixed_points, moving_points : ndarray, shape (n, r)
        In pixels, array-axis order.
    only_fixed, only_moving : tuple of str
        Names without a partner.
    """

    names: tuple[str, ...]
    fixed_points: np.ndarray
    moving_points: np.ndarray
    only_fixed: tuple[str, ...]
    only_moving: tuple[str, ...]


def leave_out(landmarks: tuple[Landmarks, Landmarks], exclude: str) -> tuple[Landmarks, Landmarks]:
    """Return the landmarks of two images without those that do not count.

    Parameters
    ----------
    landmarks : pair of Landmarks
    exclude : str
        Names, parted by spaces, as tables of pairs have them.

    Returns
    -------
    pair of Landmarks

    Raises
    ------
    ValueError
        If neither image has a landmark of such a name.
    """
    left_out = set(exclude.split())
    unknown = left_out.difference(*(each.names for each in landmarks))
    if unknown:
        raise ValueError(f"Expected names of landmarks that do not count. Received: exclude={' '.join(unknown)!r}")
    fixed, moving = (_without(each, left_out) for each in landmarks)
    return fixed, moving


def _without(landmarks, left_out):
    kept = [name not in left_out for name in landmarks.names]
    return Landmarks([name for name in landmarks.names if name not in left_out], landmarks.points[kept])


def match_landmarks(fixed: Landmarks, moving: Landmarks) -> LandmarkPairs:
    """Pair the landmarks of two images by their names.

    Parameters
    ----------
    fixed, moving : Landmarks

    Returns
    -------
    LandmarkPairs

    Raises
    ------
    ValueError
        If they have no name in common or differ in rank.
    """
    rows = {name: row for row, name in enumerate(moving.names)}
    common = [row for row, name in enumerate(fixed.names) if name in rows]
    if not common or fixed.points.shape[-1] != moving.points.shape[-1]:
        raise ValueError(
            "Expected landmarks of one rank with at least one name in common. "
            f"Received: fixed={fixed.points.shape[-1]}D {shown(fixed.names)}, "
            f"moving={moving.points.shape[-1]}D {shown(moving.names)}"
        )
    names = tuple(fixed.names[row] for row in common)
    both = set(names)
    return LandmarkPairs(
        names=names,
        fixed_points=fixed.points[common],
        moving_points=moving.points[[rows[name] for name in names]],
        only_fixed=tuple(name for name in fixed.names if name not in rows),
        only_moving=tuple(name for name in moving.names if name not in both),
    )
