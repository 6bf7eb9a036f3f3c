"""Landmarks in files of many programs: tables, QuPath's GeoJSON, and the markups of 3D Slicer."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from dataclasses import dataclass

import numpy as np

from dirv_tf.io.atomic_write import atomic_path
from dirv_tf.io.decoding import decoding
from dirv_tf.io.file_paths import existing_file, file_json, new_file
from dirv_tf.io.image_geometry import ImageGeometry
from dirv_tf.io.landmark_geojson import geojson_text, parse_geojson
from dirv_tf.io.landmark_markups import fcsv_text, markups_text, parse_fcsv, parse_markups
from dirv_tf.io.landmark_tables import parse_table
from dirv_tf.validation import UnreadableFileError, one_of, shown

LANDMARK_SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".geojson", ".fcsv")
# World order; the last array axis is x.
_COORDINATES = ("X", "Y", "Z")
_MILLIMETERS = {"mm": 1.0, "um": 1e-3}
LANDMARK_UNITS = ("pixel", *_MILLIMETERS)


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
            raise ValueError(f"Expected finite coordinates. Received: points={shown(points.tolist())}")
        wrong = [name for name, count in Counter(names).items() if count > 1 or not name or name != name.strip()]
        if wrong:
            raise ValueError(
                f"Expected names without doubles, none empty or with spaces around. Received: {shown(wrong)}"
            )
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "points", points)


def read_landmarks(
    path: str | os.PathLike[str],
    rank: int | None = None,
    geometry: ImageGeometry | None = None,
    unit: str | None = None,
) -> Landmarks:
    r"""Read landmarks from a file.

    - Tables (.csv, .tsv, .txt or any other suffix): the first line names the columns, X and Y, and Z for volumes, in
      any order and case. The first column that is none of them names the landmarks; without one they are called 0, 1,
      2, ... Further columns are left aside, as ImageJ's measurements. Commas, semicolons or tabs separate; numbers may
      have a decimal comma; lines that begin with # are comments. So are written: landmarks of the ANHIR challenge,
      ImageJ's tables of results, those of spreadsheets, and napari's points (columns axis-0, axis-1, ...). Two columns
      of numbers without a header are X and Y (ImageJ's "XY Coordinates").
    - GeoJSON (.geojson, .json): points as QuPath exports them.
    - 3D Slicer (.mrk.json, .fcsv): points in millimeters of the world, LPS or RAS; they need `geometry`.

    Parameters
    ----------
    path : str or Path
    rank : int, optional
        Number of spatial axes that the landmarks must have, 2 or 3.
    geometry : ImageGeometry, optional
        Where the pixels of the landmarks' image lie; of `load_image(image).geometry`.
    unit : {"pixel", "mm", "um"}, optional
        What the numbers of a table count. "pixel": X along the last array axis, Y along the rows, Z along the first
        axis of a volume, the center of the first pixel at 0. "mm", "um": places x, y[, z] in the world as ITK counts it
        (LPS), in millimeters or micrometers. Default: what the format says; of a table, pixels.

    Returns
    -------
    Landmarks

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UnreadableFileError
        If it holds no such points; the message names the line.
    ValueError
        If a format has another unit, or `geometry` is missing.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "points.csv"
    >>> _ = path.write_text("name;X;Y\ntip;3,5;9\n")
    >>> read_landmarks(path).points
    array([[9. , 3.5]])

    >>> geometry = dirv_tf.io.load_image("t1.nii.gz").geometry  # doctest: +SKIP
    >>> landmarks = read_landmarks("points.mrk.json", geometry=geometry)  # doctest: +SKIP
    """
    file = existing_file(path, "a file of landmarks")
    with decoding(file, "a file of landmarks"):
        names, coordinates, own_unit = _parsed(file)
    if not names:
        raise UnreadableFileError(f"Expected at least one landmark. Received: path={path}, which holds none")
    count = coordinates.shape[-1]
    if rank is not None and count != rank:
        raise ValueError(
            f"Expected landmarks with the coordinates {', '.join(_COORDINATES[:rank])}. "
            f"Received: path={path} with {', '.join(_COORDINATES[:count])}"
        )
    unit = _unit(unit, own_unit, file)
    world = _world(geometry, count, unit, path) if unit in _MILLIMETERS else None
    with decoding(file, "a file of landmarks"):
        if world is not None:
            return Landmarks(names, world.to_index(coordinates * _MILLIMETERS[unit]))
        return Landmarks(names, coordinates[:, ::-1])


def write_landmarks(
    path: str | os.PathLike[str],
    landmarks: Landmarks,
    overwrite: bool = False,
    geometry: ImageGeometry | None = None,
    unit: str | None = None,
) -> None:
    """Write landmarks in a format that `read_landmarks` reads back.

    Parameters
    ----------
    path : str or Path
        The suffix chooses the format. ``.geojson``: points for QuPath (2D). ``.json``, as in ``.mrk.json``, and
        ``.fcsv``: 3D Slicer (3D, millimeters, LPS). Any other: a table with the columns name, X, Y[, Z], which reads
        back exactly; of ``.tsv`` and ``.txt`` tabs separate the columns, else commas.
    landmarks : Landmarks
    overwrite : bool
        Whether an older file may be replaced.
    geometry : ImageGeometry, optional
        Where the pixels of the landmarks' image lie, for places in the world.
    unit : {"pixel", "mm", "um"}, optional
        As of `read_landmarks`.

    Raises
    ------
    FileExistsError
        If there is a file and `overwrite` is False.
    ValueError
        If the format has another number of axes or another unit, or `geometry` is missing.
    """
    file = new_file(path, overwrite)
    suffix, count = file.suffix.lower(), landmarks.points.shape[-1]
    only, own_unit, text = _WRITERS.get(suffix, (count, None, None))
    if count != only:
        raise ValueError(
            f"Expected landmarks of {only} axes in a {suffix} file; choose .csv. Received: path={path}, {count} axes"
        )
    unit = _unit(unit, own_unit, file)
    if unit in _MILLIMETERS:
        coordinates = _world(geometry, count, unit, path).to_world(landmarks.points) / _MILLIMETERS[unit]
    else:
        coordinates = landmarks.points[:, ::-1]
    content = text(landmarks.names, coordinates) if text else _table_text(suffix, landmarks.names, coordinates)
    # Line ends in names stay as they are.
    with atomic_path(file) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        stream.write(content)


_WRITERS = {
    ".geojson": (2, "pixel", geojson_text),
    ".json": (3, "mm", markups_text),
    ".fcsv": (3, "mm", fcsv_text),
}


def _table_text(suffix, names, coordinates):
    stream = io.StringIO()
    separator = "\t" if suffix in (".tsv", ".txt") else ","
    writer = csv.writer(stream, delimiter=separator, lineterminator="\n")
    writer.writerow(["name", *_COORDINATES[: coordinates.shape[-1]]])
    # A name that begins with # must not pass for a comment.
    quoted = csv.writer(stream, delimiter=separator, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for name, point in zip(names, coordinates.tolist()):
        (quoted if name.startswith("#") else writer).writerow([name, *map(repr, point)])
    return stream.getvalue()


def _parsed(path):
    """Return names, coordinates in the order x, y[, z], and the unit if the format says it."""
    suffix = path.suffix.lower()
    if suffix == ".fcsv":
        return *parse_fcsv(path), "mm"
    if suffix not in (".json", ".geojson"):
        names, coordinates, in_pixels = parse_table(path)
        return names, coordinates, "pixel" if in_pixels else None
    content = file_json(path)
    try:
        if isinstance(content, dict) and "markups" in content:
            return *parse_markups(path, content), "mm"
        return *parse_geojson(path, content), "pixel"
    except (AttributeError, TypeError, LookupError) as error:
        raise UnreadableFileError(
            f"Expected GeoJSON, or markups of 3D Slicer ({type(error).__name__}: {error}). Received: path={path}"
        ) from error


def _unit(unit, own, path):
    if unit is None:
        return own or "pixel"
    one_of(*LANDMARK_UNITS)("unit", unit)
    if own not in (None, unit):
        raise ValueError(f"Expected no unit but {own}, which the format of {path} has. Received: unit={unit!r}")
    return unit


def _world(geometry, rank, unit, path):
    if geometry is None:
        raise ValueError(
            f"Expected the geometry of the landmarks' image, since {path} counts in {unit} of the world; pass geometry="
            "load_image(image).geometry. Received: geometry=None"
        )
    if geometry.rank != rank:
        raise ValueError(f"Expected a geometry of {rank} axes for {path}. Received: geometry={geometry}")
    return geometry
