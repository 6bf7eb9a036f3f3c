"""Lists of image pairs in CSV files, with what is drawn on the images."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dirv_tf.io.csv_tables import read_csv_table

COLUMNS = ("fixed", "moving")
# What is drawn on both images stands in two columns; a row has both or none.
ANNOTATION_COLUMNS = {
    "labels": ("fixed_labels", "moving_labels"),
    "landmarks": ("fixed_landmarks", "moving_landmarks"),
    "mask": ("fixed_mask",),
}


class PairFiles(NamedTuple):
    """The files of a pair; those that are None are not there.

    Attributes
    ----------
    fixed, moving : Path
        Images.
    fixed_labels, moving_labels : Path, optional
        Images of integer labels, 0 the background.
    fixed_landmarks, moving_landmarks : Path, optional
        Landmarks, paired by their names.
    fixed_mask : Path, optional
        Which pixels of the fixed image count: those that are not 0.
    exclude : str
        Names of landmarks that do not count, parted by spaces.
    """

    fixed: Path
    moving: Path
    fixed_labels: Path | None = None
    moving_labels: Path | None = None
    fixed_landmarks: Path | None = None
    moving_landmarks: Path | None = None
    fixed_mask: Path | None = None
    exclude: str = ""

    @property
    def annotations(self) -> tuple[str, ...]:
        """What is drawn on the images: any of "labels", "landmarks" and "mask"."""
        return tuple(key for key, columns in ANNOTATION_COLUMNS.items() if getattr(self, columns[0]) is not None)


def read_pair_table(path: str | os.PathLike) -> list[PairFiles]:
    """Read a CSV file with the columns "fixed" and "moving", and perhaps those of labels, landmarks and masks.

    Parameters
    ----------
    path : str or path
        The CSV file, separated by commas, semicolons or tabs. Columns but those of `PairFiles` are not used.

    Returns
    -------
    list of PairFiles
        Relative paths are taken from the folder of the CSV file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a column is missing, a cell of a column that is used is empty (the line is named), or there is no pair.
    """
    table = read_csv_table(path, COLUMNS)
    used = [column for column in PairFiles._fields if column in table.columns]
    return [
        pair_files({column: row[column] for column in used}, f"{table.path}, line {line}", table.path.parent)
        for line, row in table.rows
    ]


def pair_files(cells: Mapping[str, Any], place: str, folder: Path | None = None) -> PairFiles:
    """Return the files of a pair, from a row of a table or a mapping that is like one.

    Parameters
    ----------
    cells : mapping of str to str or path
        By the fields of `PairFiles`.
    place : str
        Where they stand, for errors.
    folder : Path, optional
        That relative paths are taken from.

    Returns
    -------
    PairFiles

    Raises
    ------
    ValueError
        If one is empty, unknown or without its partner.
    """
    images = {column: cells.get(column) for column in COLUMNS}
    if not all(images.values()):
        raise ValueError(f"{place}: expected the paths of a fixed and a moving image. Received: {images}")
    unknown = [column for column in cells if column not in PairFiles._fields]
    if unknown:
        raise ValueError(f"{place}: expected no entries but {', '.join(PairFiles._fields)}. Received: {unknown}")
    for columns in ANNOTATION_COLUMNS.values():
        given = {column: cells.get(column) for column in columns}
        if any(column in cells for column in columns) and not all(given.values()):
            raise ValueError(
                f"{place}: expected {' and '.join(columns)} of every pair, or none of them in all. Received: {given}"
            )
    exclude = cells.get("exclude") or ""
    if exclude and "fixed_landmarks" not in cells:
        raise ValueError(f"{place}: expected landmarks, of which some do not count. Received: exclude={exclude!r}")
    paths = {column: cell for column, cell in cells.items() if column != "exclude"}
    return PairFiles(**{key: Path(folder or "", cell) for key, cell in paths.items()}, exclude=exclude)
