"""Tables of named points as programs export them, with the line in every error."""

from __future__ import annotations

import csv
import io
import math

import numpy as np

from dirv_tf.io.file_paths import file_text
from dirv_tf.validation import UnreadableFileError, shown

# Of equal counts the first one: a lone comma is a decimal comma then.
_SEPARATORS = ("\t", ";", ",")
_COORDINATES = ("X", "Y", "Z")
# napari's, in array-axis order.
_AXES = ("AXIS-0", "AXIS-1", "AXIS-2")
# What ImageJ and ANTs write beside the coordinates: never the name of a point.
_MEASUREMENTS = {
    "AREA", "MEAN", "STDDEV", "MODE", "MIN", "MAX", "XM", "YM", "PERIM.", "BX", "BY", "WIDTH", "HEIGHT", "MAJOR",
    "MINOR", "ANGLE", "CIRC.", "FERET", "INTDEN", "MEDIAN", "SKEW", "KURT", "%AREA", "RAWINTDEN", "CH", "SLICE",
    "FRAME", "FERETX", "FERETY", "FERETANGLE", "MINFERET", "AR", "ROUND", "SOLIDITY", "LENGTH", "COUNTER", "COUNT",
    "TYPE", "T",
}


def parse_table(path):
    """Read the names and coordinates of a table of points.

    Parameters
    ----------
    path : Path
        UTF-8 text, as `read_landmarks` describes it.

    Returns
    -------
    tuple of (list of str, ndarray of shape (n, r), bool)
        Coordinates in the order x, y[, z]; whether they are surely in pixels.

    Raises
    ------
    UnreadableFileError
        If a column is missing or doubled, a name missing or doubled, a number wrong, or there is no point.
    """
    rows = list(_rows(path))
    line, titles = rows[0] if rows else (1, [])
    if len(titles) == 2 and all(math.isfinite(_number(cell)) for cell in titles):
        # No header: ImageJ's "XY Coordinates".
        return *_points(path, rows, line, 2, [0, 1], None), False
    titles = _titles(titles)
    is_napari = set(_AXES[:2]) <= set(titles)
    columns = _columns(path, line, titles, _AXES if is_napari else _COORDINATES)
    others = [column for column, title in enumerate(titles) if column not in columns and title not in _MEASUREMENTS]
    names, points = _points(path, rows[1:], line, len(titles), columns, others[0] if others else None)
    if is_napari:
        # It numbers its points 0.0, 1.0, ...
        return [name[:-2] if name.endswith(".0") else name for name in names], points[:, ::-1], True
    return names, points, False


def _points(path, rows, line, width, columns, name_column):
    # A dictionary keeps the order, and finds a double at once.
    names = {}
    points = []
    for line, cells in rows:
        if len(cells) != width:
            raise row_error(path, line, f"{width} cells as in the first row", f"{len(cells)} cells")
        name = str(len(names)) if name_column is None else cells[name_column]
        if not name or name in names:
            raise row_error(path, line, "a name that no other point has", shown(name))
        names[name] = None
        points.append([coordinate(path, line, cells[column]) for column in columns])
    if not points:
        raise row_error(path, line, "at least one point below the header", "none")
    return list(names), np.array(points)


def _columns(path, line, titles, coordinates):
    if any(titles.count(name) > 1 for name in coordinates) or not set(coordinates[:2]) <= set(titles):
        wanted = "a header with the columns X and Y, each once (Z for volumes), or axis-0 and axis-1"
        raise row_error(path, line, wanted, f"the columns {shown(titles)}")
    return [titles.index(name) for name in coordinates if name in titles]


def _rows(path):
    """Yield the line and the cells of every row; blank lines and comments are none."""
    lines = list(io.StringIO(file_text(path, "a CSV file"), newline=""))
    content = (at for at, line in enumerate(lines) if line.strip() and (line[0] != "#" or _is_header(line)))
    start = next(content, len(lines))
    number, between = start, True

    def fed():
        nonlocal number, between
        for number, line in enumerate(lines[start:], start + 1):
            # A "#" on the second line of a name in quotes begins no comment.
            if not between or line[0] != "#" or number == start + 1:
                between = False
                yield line

    try:
        for row in csv.reader(fed(), delimiter=_separator(lines[start]) if lines[start:] else ","):
            between, cells = True, [cell.strip() for cell in row]
            if any(cells):
                yield number, cells
    except csv.Error as error:
        raise row_error(path, number, "a row of a CSV table", error) from error


def _separator(line):
    return max(_SEPARATORS, key=line.count)


def _titles(cells):
    # "# X,Y" is how NumPy writes a header; "#" alone is the title of numbers.
    return [(cell.lstrip("#").strip() or cell).upper() for cell in cells]


def _is_header(line):
    return {"X", "Y"} <= set(_titles([cell.strip() for cell in line.split(_separator(line))]))


def coordinate(path, line, cell):
    """Return a finite number, written with a decimal point or a decimal comma.

    Parameters
    ----------
    path : Path
    line : int
    cell : str

    Returns
    -------
    float

    Raises
    ------
    UnreadableFileError
        If it is none; the message names the line.
    """
    number = _number(cell)
    if not math.isfinite(number):
        raise row_error(path, line, "a finite number with a decimal point or comma", shown(cell))
    return number


def _number(cell):
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return math.nan


def row_error(path, line, expected, received):
    """Return the error about a line of a file.

    Parameters
    ----------
    path : Path
    line : int
    expected, received : str

    Returns
    -------
    UnreadableFileError
    """
    return UnreadableFileError(f"Expected {expected} in line {line} of {path}. Received: {received}")
