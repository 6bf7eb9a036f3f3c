"""Landmarks as CSV files, in the form of the ANHIR challenge."""

from __future__ import annotations

import csv
import os
from collections import Counter
from dataclasses import dataclass

import numpy as np

from dirv_tf.io.atomic_write import atomic_path
from dirv_tf.io.file_paths import existing_file, new_file
from dirv_tf.io.landmark_tables import parse_landmarks

# World order; the last array axis is x.
_COORDINATES = ("X", "Y", "Z")


@dataclass(frozen=True, eq=False)
class Landmarks:
    """Named points of an image.

    Parameters
    ----------
    names : sequence of str, length n
        No two alike, no spaces around them.
    points : array_like, shape (n, r), r = 2 or 3
        In pixels, array-axis order; the center of the first pixel is 0.

    Raises
    ------
    ValueError
        If names and points do not fit each other, or there are none.
    """

    names: tuple[str, ...]
    points: np.ndarray

    def __post_init__(self):
        names, points = tuple(self.names), np.asarray(self.points, np.float64)
        if points.ndim != 2 or points.shape[-1] not in (2, 3) or not len(points) == len(names) > 0:
            raise ValueError(
                "Expected one or more points of shape (n, 2) or (n, 3) and as many names. "
                f"Received: points.shape={points.shape}, {len(names)} names"
            )
        if not np.all(np.isfinite(points)):
            raise ValueError(f"Expected finite coordinates. Received: points={points.tolist()}")
        wrong = [name for name, count in Counter(names).items() if count > 1 or not name or name != name.strip()]
        if wrong:
            raise ValueError(f"Expected names without doubles, none empty or with spaces around. Received: {wrong}")
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "points", points)


def read_landmarks(path: str | os.PathLike[str], rank: int | None = None) -> Landmarks:
    """Read landmarks from a CSV file.

    Its first line names the columns: X and Y, and Z for volumes, in any order and case, in pixels (X along the last
    array axis, Y along the rows, Z along the first axis of a volume). The first column that is none of them names the
    landmarks; without one they are called 0, 1, 2, ... Further columns are left aside. Commas, semicolons or tabs
    separate.

    Parameters
    ----------
    path : str or Path
    rank : int, optional
        Number of spatial axes that the landmarks must have, 2 or 3.

    Returns
    -------
    Landmarks

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not such a table; the message names the line.
    """
    path = existing_file(path, "a CSV file of landmarks")
    names, points = parse_landmarks(path, _COORDINATES)
    if rank is not None and points.shape[-1] != rank:
        raise ValueError(
            f"Expected landmarks with the columns {', '.join(_COORDINATES[:rank])}. "
            f"Received: path={path} with {', '.join(_COORDINATES[: points.shape[-1]])}"
        )
    return Landmarks(names, points[:, ::-1])


def write_landmarks(path: str | os.PathLike[str], landmarks: Landmarks, overwrite: bool = False) -> None:
    """Write landmarks as a CSV file with the columns name, X, Y[, Z] that reads back exactly.

    Parameters
    ----------
    path : str or Path
    landmarks : Landmarks
    overwrite : bool
        Whether an older file may be replaced.

    Raises
    ------
    FileExistsError
        If there is a file and `overwrite` is False.
    """
    path = new_file(path, overwrite)
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["name", *_COORDINATES[: landmarks.points.shape[-1]]])
        for name, point in zip(landmarks.names, landmarks.points[:, ::-1].tolist()):
            writer.writerow([name, *map(repr, point)])
