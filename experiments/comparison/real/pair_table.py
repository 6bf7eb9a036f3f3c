"""Tables of real pairs, most with landmarks or labels, in the project's own form or those of others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from dirv_tf.io.csv_tables import read_csv_table
from experiments.folders import CHECKOUT

# The shipped tables, and those of them on whose images nothing is drawn.
SETS = {name: CHECKOUT / "data" / name / "pairs.csv" for name in ("histology", "hippocampus", "lung_ct")}
IMAGES_ALONE = ("lung_ct",)
# What a column may be called, besides its own name: in lists of ANHIR and BIRL, the target stays and the source moves.
_NAMES = {
    "fixed": ("fixed_image", "target_image"),
    "moving": ("moving_image", "source_image"),
    "fixed_landmarks": ("target_landmarks",),
    "moving_landmarks": ("source_landmarks",),
    "fixed_labels": (),
    "moving_labels": (),
    "exclude": ("exclude_landmarks",),
}


class RealPair(NamedTuple):
    """Two images and what was drawn on each.

    Attributes
    ----------
    name : str
        The images' paths as the table has them, "fixed | moving".
    fixed, moving : Path
        Files.
    fixed_annotation, moving_annotation : Path or None
        Files; None where the images alone count.
    exclude : tuple of str
        Names of landmarks that do not count.
    annotation : {"landmarks", "labels", "none"}
        What the annotations are.
    """

    name: str
    fixed: Path
    moving: Path
    fixed_annotation: Path | None
    moving_annotation: Path | None
    exclude: tuple[str, ...] = ()
    annotation: str = "landmarks"


def read_real_pairs(path: str | os.PathLike, images_alone: bool = False) -> list[RealPair]:
    """Read a table of pairs.

    Parameters
    ----------
    path : str or path
        A CSV file with the columns fixed and moving, and either fixed_landmarks, moving_landmarks and, perhaps, exclude
        (names of landmarks, separated by spaces), or fixed_labels and moving_labels. The columns of ANHIR's lists
        (Target image, Source image, Target landmarks, Source landmarks) serve as well. Commas, semicolons or tabs
        separate, and paths are relative to the table's folder. Rows without annotations of both images, such as those
        that ANHIR keeps to itself, are left out.
    images_alone : bool
        Whether to look at the columns fixed and moving alone, for pairs on which nothing was drawn.

    Returns
    -------
    list of RealPair
        All with landmarks, all with labels, or all without either.

    Raises
    ------
    FileNotFoundError
        For a table that is not there.
    ValueError
        If the table is malformed, a column is missing, an image is not named, or no pair has annotations.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"Expected a CSV file of pairs with landmarks or labels. Received: path={path}")
    # Which columns there must be depends on those that there are.
    table = read_csv_table(path, required=(), may_be_empty=True)
    titles = {column.replace(" ", "_"): column for column in table.columns}
    columns = {name: _column(titles, name) for name in _NAMES}
    annotation = "labels" if columns["fixed_labels"] and not columns["fixed_landmarks"] else "landmarks"
    needed = ("fixed", "moving", f"fixed_{annotation}", f"moving_{annotation}")
    if images_alone:
        annotation, needed = "none", ("fixed", "moving")
    missing = [name for name in needed if columns[name] is None]
    if missing:
        raise ValueError(f"{path}: expected the columns {', '.join(needed)}. Received: no {', '.join(missing)}")
    pairs = [
        _pair({name: row[column] for name, column in columns.items() if column}, path, line, annotation)
        for line, row in table.rows
    ]
    pairs = [pair for pair in pairs if pair is not None]
    if not pairs:
        drawn = "" if images_alone else f" with {annotation} of both images"
        raise ValueError(f"Expected at least one pair{drawn}. Received: path={path}")
    return pairs


def _column(titles, name):
    return next((titles[title] for title in (name, *_NAMES[name]) if title in titles), None)


def _pair(row, path, line, annotation):
    if not row["fixed"] or not row["moving"]:
        raise ValueError(f"{path}, line {line}: expected a fixed and a moving image. Received: {row}")
    name, images = f"{row['fixed']} | {row['moving']}", [path.parent / row[image] for image in ("fixed", "moving")]
    if annotation == "none":
        return RealPair(name, *images, None, None, annotation=annotation)
    annotations = [row[f"{image}_{annotation}"] for image in ("fixed", "moving")]
    if not all(annotations):
        return None
    exclude = tuple(row.get("exclude", "").replace(";", " ").split()) if annotation == "landmarks" else ()
    return RealPair(name, *images, *(path.parent / each for each in annotations), exclude, annotation)
