"""Tables of real pairs with landmarks, in the project's own form or those of others."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import NamedTuple

# What a column may be called, besides its own name: in lists of ANHIR and BIRL, the target stays and the source moves.
_NAMES = {
    "fixed": ("fixed_image", "target_image"),
    "moving": ("moving_image", "source_image"),
    "fixed_landmarks": ("target_landmarks",),
    "moving_landmarks": ("source_landmarks",),
    "exclude": ("exclude_landmarks",),
}
_OPTIONAL = ("exclude",)


class RealPair(NamedTuple):
    """Two images and their landmarks.

    Attributes
    ----------
    name : str
        The images' paths as the table has them, "fixed | moving".
    fixed, moving, fixed_landmarks, moving_landmarks : Path
        Files.
    exclude : tuple of str
        Names of landmarks that do not count.
    """

    name: str
    fixed: Path
    moving: Path
    fixed_landmarks: Path
    moving_landmarks: Path
    exclude: tuple[str, ...] = ()


def read_real_pairs(path: str | os.PathLike) -> list[RealPair]:
    """Read a table of pairs.

    Parameters
    ----------
    path : str or path
        A CSV file with the columns fixed, moving, fixed_landmarks, moving_landmarks and, perhaps, exclude (names of
        landmarks, separated by spaces). The columns of ANHIR's lists (Target image, Source image, Target landmarks,
        Source landmarks) serve as well. Paths are relative to the table's folder. Rows without landmarks of both
        images, such as those that ANHIR keeps to itself, are left out.

    Returns
    -------
    list of RealPair

    Raises
    ------
    FileNotFoundError
        For a table that is not there.
    ValueError
        If a column is missing, an image is not named, or no pair has landmarks.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"Expected a CSV file of pairs with landmarks. Received: path={path}")
    with open(path, encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, skipinitialspace=True)
        titles = [title.strip().lower().replace(" ", "_") for title in reader.fieldnames or ()]
        columns = {name: _column(titles, name) for name in _NAMES}
        missing = [name for name, column in columns.items() if column is None and name not in _OPTIONAL]
        if missing:
            raise ValueError(f"{path}: expected the columns {', '.join(_NAMES)}. Received: no {', '.join(missing)}")
        reader.fieldnames = titles
        rows = [
            {name: (row.get(column) or "").strip() for name, column in columns.items() if column} for row in reader
        ]
    pairs = [_pair(row, path, number) for number, row in enumerate(rows, start=2)]
    pairs = [pair for pair in pairs if pair is not None]
    if not pairs:
        raise ValueError(f"Expected at least one pair with landmarks of both images. Received: path={path}")
    return pairs


def _column(titles, name):
    return next((title for title in (name, *_NAMES[name]) if title in titles), None)


def _pair(row, path, number):
    if not row["fixed"] or not row["moving"]:
        raise ValueError(f"{path}, row {number}: expected a fixed and a moving image. Received: {row}")
    if not row["fixed_landmarks"] or not row["moving_landmarks"]:
        return None
    files = (path.parent / row[name] for name in ("fixed", "moving", "fixed_landmarks", "moving_landmarks"))
    exclude = tuple(row.get("exclude", "").replace(";", " ").split())
    return RealPair(f"{row['fixed']} | {row['moving']}", *files, exclude)
