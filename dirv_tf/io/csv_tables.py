"""CSV tables with named columns, as people and spreadsheets write them, with the line in every error."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dirv_tf.io.file_paths import file_text
from dirv_tf.validation import UnreadableFileError, shown

SEPARATORS = (",", ";", "\t")


class CsvTable(NamedTuple):
    """A table.

    Attributes
    ----------
    path : Path
    columns : tuple of str
        In lower case, without spaces around them.
    rows : list of (int, dict of str to str)
        The line of the file, and the cells by column, without spaces around them; "" where a row ends early.
    """

    path: Path
    columns: tuple[str, ...]
    rows: list[tuple[int, dict[str, str]]]


def read_csv_table(
    path: Any, required: Sequence[str], optional: Sequence[str] | None = None, may_be_empty: bool = False
) -> CsvTable:
    """Read a CSV table whose first line names its columns.

    Commas, semicolons or tabs separate, whichever is the most frequent in the first line. A byte order mark, empty
    lines and the case of the columns' names do not matter.

    Parameters
    ----------
    path : str or Path
    required : sequence of str
        Columns that must be there, in lower case.
    optional : sequence of str or None
        Columns that may be there; None for any.
    may_be_empty : bool
        Whether a table without rows is one.

    Returns
    -------
    CsvTable

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UnreadableFileError
        If it is not UTF-8, a column is missing, doubled or unknown, a row has more cells than there are columns, or
        there is no row that must be.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"Expected a CSV file with the columns {', '.join(required)}. Received: path={path}")
    text = file_text(path, "a CSV file")
    header = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(SEPARATORS, key=header.count))
    try:
        lines = [(reader.line_num, _stripped(row)) for row in reader]
    except csv.Error as error:
        raise UnreadableFileError(
            f"{path}, line {reader.line_num}: expected a row of a CSV table. Received: {error}"
        ) from error
    lines = [(line, cells) for line, cells in lines if cells]
    columns = tuple(name.lower() for name in lines[0][1]) if lines else ()
    _check_columns(path, columns, required, optional)
    rows = [(line, _by_column(f"{path}, line {line}", columns, cells)) for line, cells in lines[1:]]
    if not rows and not may_be_empty:
        raise UnreadableFileError(
            f"Expected at least one row below the names of the columns. Received: path={path} without any"
        )
    return CsvTable(path, columns, rows)


def _stripped(row):
    """Return the cells without spaces around them, and without the empty ones that spreadsheets leave at the end."""
    cells = [cell.strip() for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _check_columns(path, columns, required, optional):
    missing = [name for name in required if name not in columns]
    if missing:
        raise UnreadableFileError(
            f"{path}: expected the columns {', '.join(required)} in the first line, separated by commas, semicolons or "
            f"tabs. Received: columns={shown(list(columns))}, without {', '.join(missing)}"
        )
    doubled = sorted(name for name, count in Counter(columns).items() if name and count > 1)
    if doubled:
        raise UnreadableFileError(
            f"{path}: expected every column once. Received: columns={shown(list(columns))}, {shown(doubled[0])} twice"
        )
    unknown = [] if optional is None else [name for name in columns if name not in (*required, *optional)]
    if unknown:
        raise UnreadableFileError(
            f"{path}: expected no columns but {', '.join((*required, *(optional or ())))}. "
            f"Received: column={shown(unknown[0])}"
        )


def _by_column(place, columns, cells):
    if len(cells) > len(columns):
        raise UnreadableFileError(
            f"{place}: expected {len(columns)} cells as in the first line. Received: {len(cells)} cells"
        )
    return dict(zip(columns, [*cells, *[""] * (len(columns) - len(cells))]))
