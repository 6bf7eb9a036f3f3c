"""Files that are either whole or not there: written to a temporary name, then renamed."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import uuid
from pathlib import Path


@contextlib.contextmanager
def atomic_path(path):
    """Give a temporary path beside `path` that takes its place when the block ends well.

    The temporary file lies in the same folder, because a rename is atomic only within one file system. When the
    block raises, the temporary file is removed and an older file at `path` stays as it was.

    Parameters
    ----------
    path : str or Path
        The file to write; its folder is created when missing.

    Yields
    ------
    Path
        The temporary file, with all suffixes of `path` (some writers choose the format by them).
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid.uuid4().hex[:12]}-{path.name}")
    try:
        yield temporary
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path, text):
    """Write a UTF-8 text file atomically.

    Parameters
    ----------
    path : str or Path
        The file to write.
    text : str
        Its content.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path, content):
    """Write a JSON file atomically, indented, in the order of the mapping.

    Parameters
    ----------
    path : str or Path
        The file to write.
    content
        Anything that `json.dumps` takes; NumPy scalars become Python numbers.
    """
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, default=_plain) + "\n")


def write_csv(path, columns, rows):
    """Write a table with a header line as a CSV file, atomically.

    Parameters
    ----------
    path : str or Path
        The file to write.
    columns : sequence of str
        The header.
    rows : iterable of mapping
        Values by column; a missing column is left empty.
    """
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(columns), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _plain(value):
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"Expected a value that JSON knows. Received: {type(value).__name__}={value!r}")

