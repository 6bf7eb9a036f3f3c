"""Files that are either whole or not there: written to a temporary name, then renamed."""

from __future__ import annotations

import contextlib
import csv
import errno
import json
import os
import uuid
from pathlib import Path

from dirv_tf.resource_errors import is_disk_error


@contextlib.contextmanager
def atomic_path(path):
    """Give a temporary path beside `path` that takes its place when the block ends well.

    The temporary file lies in the same folder, because a rename is atomic only within one file system. When the
    block raises, the temporary file is removed and an older file at `path` stays as it was. A process that is killed
    in the block leaves it there, see `dirv_tf.io.left_behind`.

    Parameters
    ----------
    path : str or Path
        The file to write; its folder is created when missing.

    Yields
    ------
    Path
        The temporary file, with all suffixes of `path` (some writers choose the format by them).

    Raises
    ------
    OSError
        When the disk is full or cannot be written; it names `path`, also where a library does not.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(temporary_name(path.name))
    try:
        yield temporary
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        os.replace(temporary, path)
    except OSError as error:
        named = _naming(error, path, temporary)
        if named is error:
            raise
        raise named from error
    finally:
        temporary.unlink(missing_ok=True)


def temporary_name(name):
    """Return a name that no other file has, from which the final one can be told.

    Parameters
    ----------
    name : str
        The final name.

    Returns
    -------
    str
        ".0123456789ab-" and the name.
    """
    return f".{uuid.uuid4().hex[:12]}-{name}"


def reason_of_failed_write(path):
    """Return the error of the system that a library does not tell: more is written to the file, which fails again.

    Parameters
    ----------
    path : Path
        That could not be written whole.

    Returns
    -------
    OSError
    """
    try:
        with open(path, "ab", buffering=0) as stream:
            for _ in range(16):
                stream.write(bytes(2**16))
            os.fsync(stream.fileno())
    except OSError as error:
        return OSError(error.errno, error.strerror, str(path))
    return OSError(errno.EIO, "written in part only", str(path))


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


def _naming(error, path, temporary):
    """Return an error that names the file that was to be written; the same one where it is about something else."""
    if error.errno is None and "requested and" in str(error):
        # NumPy's words for a write that came to an end too soon.
        error = reason_of_failed_write(temporary)
    unnamed = error.filename is None and (is_disk_error(error) or error.errno == errno.EIO)
    if unnamed or (error.filename is not None and Path(os.fsdecode(error.filename)) == temporary):
        return type(error)(error.errno, error.strerror, str(path))
    return error


def _plain(value):
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"Expected a value that JSON knows. Received: {type(value).__name__}={value!r}")

