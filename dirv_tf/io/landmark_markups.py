"""Points of 3D Slicer: markups as .mrk.json, and the older .fcsv; in millimeters of the world, LPS or RAS."""

from __future__ import annotations

import csv
import io
import json
import re

import numpy as np

from dirv_tf.io.file_paths import file_text
from dirv_tf.io.landmark_tables import coordinate, row_error
from dirv_tf.validation import UnreadableFileError, shown

# To ITK's LPS, in which the package counts; older files name RAS and LPS by numbers.
_TO_LPS = {"LPS": (1, 1, 1), "RAS": (-1, -1, 1)}
_FCSV_SYSTEMS = {"0": "RAS", "1": "LPS"}
_FCSV_COLUMNS = "id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID"
_PLACED = "2"
_SCHEMA = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/Schema/"
    "markups-schema-v1.0.3.json#"
)


def parse_fcsv(path):
    """Read the names and coordinates of an .fcsv file of 3D Slicer.

    Parameters
    ----------
    path : Path

    Returns
    -------
    tuple of (list of str, ndarray of shape (n, 3))
        Coordinates x, y, z in mm, LPS. Points that were never placed are left out.

    Raises
    ------
    UnreadableFileError
        If the coordinate system is unknown, or a row is no named point; the message names the line.
    """
    text = file_text(path, "an .fcsv file of 3D Slicer")
    head = dict(re.findall(r"^# *(CoordinateSystem|columns) *=(.*)$", text, re.MULTILINE))
    head = {key: value.strip() for key, value in head.items()}
    system = head.get("CoordinateSystem", "RAS")
    signs = _signs(path, _FCSV_SYSTEMS.get(system, system))
    columns = head.get("columns", _FCSV_COLUMNS).split(",")
    if not {"x", "y", "z", "id"} <= set(columns):
        raise UnreadableFileError(f"Expected the columns id, x, y, z in {path}. Received: columns={shown(columns)}")
    # A dictionary keeps the order, and finds a double at once.
    names = {}
    points = []
    for line, row in enumerate(io.StringIO(text, newline=""), 1):
        if row.startswith("#") or not row.strip():
            continue
        # Newer versions add cells without a title, the first of which says whether the point was placed.
        cells = [cell.strip() for cell in next(csv.reader([row]))]
        if len(cells) < len(columns):
            raise row_error(path, line, f"at least {len(columns)} cells", f"{len(cells)} cells")
        if cells[len(columns) :][:1] not in ([], [_PLACED]):
            continue
        values = dict(zip(columns, cells))
        _add_name(names, values.get("label") or values["id"], f"line {line}", path)
        points.append([coordinate(path, line, values[name]) for name in "xyz"])
    return list(names), np.reshape(points, (-1, 3)) * signs


def parse_markups(path, content):
    """Read the names and coordinates of a .mrk.json file of 3D Slicer.

    Parameters
    ----------
    path : Path
        For error messages.
    content : dict
        The whole file.

    Returns
    -------
    tuple of (list of str, ndarray of shape (n, 3))
        Coordinates x, y, z in mm, LPS. Points that were never placed are left out.

    Raises
    ------
    UnreadableFileError
        If a list is none of points, or in other units or coordinates; or a point has no position.
    """
    names = {}
    points = []
    for markup in content["markups"]:
        kind, unit = markup.get("type"), markup.get("coordinateUnits", "mm")
        if kind != "Fiducial" or unit not in ("mm", ["mm"] * 3):
            raise UnreadableFileError(
                "Expected markups of the type Fiducial, in mm. "
                f"Received: type={shown(kind)}, coordinateUnits={shown(unit)} in {path}"
            )
        signs = _signs(path, markup.get("coordinateSystem", "LPS"))
        for number, point in enumerate(markup.get("controlPoints", ()), 1):
            if point.get("positionStatus", "defined") != "defined":
                continue
            position = point.get("position")
            if not isinstance(position, list) or len(position) != 3 or not all(map(_is_number, position)):
                raise UnreadableFileError(
                    f"Expected a position of three numbers of control point {number} in {path}. "
                    f"Received: {shown(position)}"
                )
            _add_name(names, str(point.get("label") or point.get("id", "")).strip(), f"control point {number}", path)
            points.append(np.multiply(position, signs))
    return list(names), np.reshape(points, (-1, 3))


def fcsv_text(names, points):
    """Return an .fcsv file.

    Parameters
    ----------
    names : sequence of str
    points : ndarray of shape (n, 3)
        In mm, LPS.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If a name has more than one line.
    """
    stream = io.StringIO()
    stream.write(f"# Markups fiducial file version = 4.13\n# CoordinateSystem = LPS\n# columns = {_FCSV_COLUMNS}\n")
    writer = csv.writer(stream, lineterminator="\n")
    for number, (name, point) in enumerate(zip(names, points.tolist()), 1):
        if len(name.splitlines()) > 1:
            raise ValueError(f"Expected names of one line in an .fcsv file; choose .mrk.json. Received: {name!r}")
        writer.writerow([number, *map(repr, point), 0, 0, 0, 1, 1, 1, 0, name, "", ""])
    return stream.getvalue()


def markups_text(names, points):
    """Return a .mrk.json file.

    Parameters
    ----------
    names : sequence of str
    points : ndarray of shape (n, 3)
        In mm, LPS.

    Returns
    -------
    str
    """
    entries = [
        {"id": str(number), "label": name, "position": point, "positionStatus": "defined"}
        for number, (name, point) in enumerate(zip(names, points.tolist()), 1)
    ]
    markup = {"type": "Fiducial", "coordinateSystem": "LPS", "coordinateUnits": "mm", "controlPoints": entries}
    return json.dumps({"@schema": _SCHEMA, "markups": [markup]}, indent=2, ensure_ascii=False) + "\n"


def _signs(path, system):
    if not isinstance(system, str) or system not in _TO_LPS:
        raise UnreadableFileError(
            f"Expected coordinates in LPS or RAS. Received: coordinate system {shown(system)} in {path}"
        )
    return _TO_LPS[system]


def _add_name(names, name, place, path):
    if not name or name in names:
        raise UnreadableFileError(
            f"Expected a name that no other point has, of {place} in {path}. Received: {shown(name)}"
        )
    names[name] = None


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and np.isfinite(value)
