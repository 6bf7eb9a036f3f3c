"""Tables of named points: delimiters, headers and rows, with the line in every error."""

from __future__ import annotations

import csv
import io
import math

import numpy as np

_SEPARATORS = (",", ";", "\t")


def parse_landmarks(path, coordinates):
    """Read the names and coordinates of a table of points.

    Parameters
    ----------
    path : Path
        UTF-8 text.
    coordinates : sequence of str
        Upper-case names of the coordinates; the first two must be there.

    Returns
    -------
    tuple of (tuple of str, ndarray of shape (n, r))
        Coordinates in the order given.

    Raises
    ------
    ValueError
        If a column is missing or doubled, a name missing or doubled, a number wrong, or there is no point.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"Expected a CSV file in UTF-8 ({error}). Received: path={path}") from error
    header, _, _ = text.lstrip().partition("\n")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_SEPARATORS, key=header.count))
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise _error(path, reader.line_num, "a row of a CSV table", error) from error
    rows = iter([(line, cells) for line, cells in rows if any(cells)])
    line, titles = next(rows, (1, []))
    columns, name_column = _columns(path, line, titles, coordinates)
    names, points = [], []
    for line, cells in rows:
        if len(cells) != len(titles):
            raise _error(path, line, f"{len(titles)} cells as in the header", f"{len(cells)} cells")
        name = str(len(names)) if name_column is None else cells[name_column]
        if not name or name in names:
            raise _error(path, line, "a name that no other point has", repr(name))
        names.append(name)
        points.append([_number(path, line, cells[column]) for column in columns])
    if not points:
        raise _error(path, line, "at least one point below the header", "none")
    return tuple(names), np.array(points)


def _columns(path, line, titles, coordinates):
    titles = [title.upper() for title in titles]
    if any(titles.count(name) > 1 for name in coordinates) or not set(coordinates[:2]) <= set(titles):
        wanted = f"a header with the columns {' and '.join(coordinates[:2])}, each once"
        raise _error(path, line, f"{wanted} ({', '.join(coordinates[2:])} for volumes)", f"the columns {titles}")
    columns = [titles.index(name) for name in coordinates if name in titles]
    return columns, next((column for column in range(len(titles)) if column not in columns), None)


def _number(path, line, cell):
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _error(path, line, "a finite number with a decimal point", repr(cell))
    return number


def _error(path, line, expected, received):
    return ValueError(f"Expected {expected} in line {line} of {path}. Received: {received}")
