"""Which files belong to a pair: from a CSV table or a sequence, checked before anything runs."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dirv_tf.io.csv_tables import read_csv_table

REQUIRED = ("fixed", "moving")
# Two that make sense together only.
_TOGETHER = (("fixed_landmarks", "moving_landmarks"), ("fixed_labels", "moving_labels"))
OPTIONAL = (*(column for columns in _TOGETHER for column in columns), "fixed_mask", "moving_mask")
FILES = (*REQUIRED, *OPTIONAL)
COLUMNS = ("name", *FILES, "exclude")
_LONGEST_NAME = 180
# Everywhere a legal name of a folder, and never an option or a formula where the table is opened.
_NAME = re.compile(r'\w([^/\\:*?"<>|]*[^/\\:*?"<>|. ])?')
_TAKEN = ("index.html", "pairs.csv", "settings.json")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class PairFiles:
    """The files of a pair; all paths are absolute.

    Attributes
    ----------
    name : str
        Of the folder with its results.
    fixed, moving : Path
    fixed_landmarks, moving_landmarks, fixed_labels, moving_labels, fixed_mask, moving_mask : Path or None
    exclude : str
        Names of landmarks that do not count, parted by spaces.
    """

    name: str
    fixed: Path
    moving: Path
    fixed_landmarks: Path | None = None
    moving_landmarks: Path | None = None
    fixed_labels: Path | None = None
    moving_labels: Path | None = None
    fixed_mask: Path | None = None
    moving_mask: Path | None = None
    exclude: str = ""

    def cells(self) -> dict[str, Any]:
        """Return all but the name by column, as text; "" where there is nothing."""
        return {column: str(getattr(self, column) or "") for column in COLUMNS[1:]}


def read_pairs(pairs: Any) -> list[PairFiles]:
    """Read a list of pairs.

    Parameters
    ----------
    pairs : str, path or sequence
        A CSV table with the columns of `PairFiles`, of which "fixed" and "moving" must be there; paths are relative to
        its folder. Or a sequence of mappings with the same keys or of pairs (fixed, moving); paths are relative to the
        working folder. Pairs without a name are called by their number: 0001, 0002, ...

    Returns
    -------
    list of PairFiles

    Raises
    ------
    FileNotFoundError
        If there is no such table.
    TypeError
        If `pairs` is nothing of the above.
    ValueError
        If the table is malformed, a cell is missing, or a name is no name of a folder or used twice.
    """
    if isinstance(pairs, (str, os.PathLike)):
        table = read_csv_table(pairs, REQUIRED, [column for column in COLUMNS if column not in REQUIRED])
        folder = table.path.parent
        rows = [(f"{table.path}, line {line}", row) for line, row in table.rows]
    else:
        folder, rows = Path(), _given_rows(pairs)
    found = [_pair(place, row, folder, number) for number, (place, row) in enumerate(rows, 1)]
    _check_different(found, [place for place, _ in rows])
    return found


def _given_rows(pairs):
    if not isinstance(pairs, Sequence) or not pairs:
        raise TypeError(
            "Expected pairs to be the path of a CSV table, or a sequence of at least one mapping or pair "
            f"(fixed, moving) of paths. Received: pairs={pairs!r}"
        )
    rows = []
    for index, pair in enumerate(pairs):
        place = f"pairs[{index}]"
        if not isinstance(pair, Mapping):
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise TypeError(f"{place}: expected a mapping or a pair (fixed, moving). Received: {pair!r}")
            pair = dict(zip(REQUIRED, pair))
        unknown = [key for key in pair if key not in COLUMNS]
        if unknown:
            raise ValueError(f"{place}: expected no keys but {', '.join(COLUMNS)}. Received: key={unknown[0]!r}")
        rows.append((place, {key: _text(place, key, value) for key, value in pair.items()}))
    return rows


def _text(place, key, value):
    if value is None:
        return ""
    if not isinstance(value, (str, os.PathLike) if key in FILES else str):
        raise TypeError(f"{place}: expected {'a path' if key in FILES else 'a text'}. Received: {key}={value!r}")
    return os.fspath(value)


def _pair(place, row, folder, number):
    for columns in (REQUIRED, *_TOGETHER):
        empty = [column for column in columns if not row.get(column)]
        if empty and (columns == REQUIRED or len(empty) < len(columns)):
            raise ValueError(f"{place}: expected the paths of {' and '.join(columns)}. Received: {empty[0]}=''")
    name = row.get("name") or f"{number:04d}"
    if not is_name(name):
        raise ValueError(
            f"{place}: expected a name that begins with a letter, a digit or _, is the legal name of a folder and of "
            f"at most {_LONGEST_NAME} bytes. Received: name={name!r}"
        )
    paths = {column: Path(os.path.abspath(folder / row[column])) for column in FILES if row.get(column)}
    exclude = " ".join(row.get("exclude", "").split())
    if exclude and "fixed_landmarks" not in paths:
        raise ValueError(f"{place}: expected landmarks, of which some do not count. Received: exclude={exclude!r}")
    return PairFiles(name, **paths, exclude=exclude)


def is_name(name: str) -> bool:
    """Return whether a folder within the results can have this name, on any system."""
    return (
        _NAME.fullmatch(name) is not None
        and name.isprintable()
        and len(name.encode("utf-8", "replace")) <= _LONGEST_NAME
        and name.lower() not in _TAKEN
        and not _RESERVED.fullmatch(name)
    )


def _check_different(pairs, places):
    # Some file systems tell neither upper from lower case nor two ways to write an accent.
    seen = {}
    for pair, place in zip(pairs, places):
        name = unicodedata.normalize("NFC", pair.name).casefold()
        if name in seen:
            raise ValueError(f"{place}: expected a name that differs from that in {seen[name]}. "
                             f"Received: name={pair.name!r}")
        seen[name] = place
