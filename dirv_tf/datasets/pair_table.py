"""Lists of image pairs in CSV files."""

from __future__ import annotations

import csv
import os
from pathlib import Path

COLUMNS = ("fixed", "moving")


def read_pair_table(path: str | os.PathLike) -> list[tuple[Path, Path]]:
    """Read a CSV file with the columns "fixed" and "moving".

    Parameters
    ----------
    path : str or path
        The CSV file, separated by commas. Other columns are not used.

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
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"Expected a CSV file with the columns {', '.join(COLUMNS)}. Received: path={path}")
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, skipinitialspace=True)
            names = [name.strip().lower() for name in reader.fieldnames or ()]
            if not set(COLUMNS) <= set(names):
                raise ValueError(
                    f"{path}: expected the columns {', '.join(COLUMNS)} in the first line, separated by commas. "
                    f"Received: columns={names}"
                )
            reader.fieldnames = names
            pairs = [_pair(row, f"{path}, line {reader.line_num}", path.parent) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"Expected a CSV file in UTF-8 ({error}). Received: path={path}") from error
    if not pairs:
        raise ValueError(f"Expected at least one pair of images. Received: path={path} without any")
    return pairs


def _pair(row, place, folder):
    cells = [(row[column] or "").strip() for column in COLUMNS]
    if not all(cells):
        received = dict(zip(COLUMNS, cells))
        raise ValueError(f"{place}: expected the paths of a fixed and a moving image. Received: {received}")
    return tuple(folder / cell for cell in cells)
