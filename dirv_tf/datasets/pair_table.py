"""Lists of image pairs in CSV files."""

from __future__ import annotations

import os
from pathlib import Path

from dirv_tf.io.csv_tables import read_csv_table

COLUMNS = ("fixed", "moving")


def read_pair_table(path: str | os.PathLike) -> list[tuple[Path, Path]]:
    """Read a CSV file with the columns "fixed" and "moving".

    Parameters
    ----------
    path : str or path
        The CSV file, separated by commas, semicolons or tabs. Other columns are not used.

    Returns
    -------
    list of pairs of Path
        Relative paths are taken from the folder of the CSV file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a column is missing, a cell is empty (the line is named), or there is no pair.
    """
    table = read_csv_table(path, COLUMNS)
    return [_pair(row, f"{table.path}, line {line}", table.path.parent) for line, row in table.rows]


def _pair(row, place, folder):
    cells = {column: row[column] for column in COLUMNS}
    if not all(cells.values()):
        raise ValueError(f"{place}: expected the paths of a fixed and a moving image. Received: {cells}")
    return tuple(folder / cell for cell in cells.values())
