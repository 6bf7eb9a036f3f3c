"""Arrays in NumPy's archives (.npz), from files that need not be trusted."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from dirv_tf.io.array_files import stated_bytes
from dirv_tf.io.decoding import decoding
from dirv_tf.io.file_limits import check_compressed
from dirv_tf.validation import UnreadableFileError

_SUFFIX = ".npy"


def read_arrays(
    path, names: Iterable[str] | None = None, expected="an archive of arrays", error_type=UnreadableFileError
):
    """Read the arrays of a .npz file.

    Unlike `numpy.load` it takes no more memory than the archive can hold, and never unpickles.

    Parameters
    ----------
    path : str or Path
    names : iterable of str, optional
        Which to read, where they are there; by default all.
    expected : str
        What the file should hold, for error messages.
    error_type : type
        A subclass of `UnreadableFileError` to raise.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UnreadableFileError
        If it is damaged, holds something else than arrays, or more than its size or the memory allows.
    """
    with decoding(path, expected, error_type), zipfile.ZipFile(path) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        wanted = [f"{name}{_SUFFIX}" for name in names] if names is not None else list(entries)
        check_compressed(path, sum(entries[name].file_size for name in wanted if name in entries))
        return {name[: -len(_SUFFIX)]: _read(archive, entries[name]) for name in wanted if name in entries}


def write_arrays(path: Any, arrays: Mapping[str, Any]) -> None:
    """Write arrays as `numpy.savez` does, byte for byte, and close the file also where the disk is full.

    NumPy leaves an archive that it cannot finish to the garbage collector, which prints a trace.

    Parameters
    ----------
    path : str or Path
        Temporary, see `dirv_tf.io.atomic_write`.
    arrays : mapping of str to array_like
        No Python objects.

    Raises
    ------
    OSError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = tempfile.mkdtemp() + "/arrays.npz"
    >>> write_arrays(path, {"a": [1, 2], "b": 3.0})
    >>> {name: array.tolist() for name, array in np.load(path).items()}
    {'a': [1, 2], 'b': 3.0}
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, array in arrays.items():
            # The size is not known beforehand, and may be more than 2 GiB.
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.asanyarray(array), allow_pickle=False)


def _read(archive, entry):
    if not entry.filename.endswith(_SUFFIX):
        raise ValueError(f"an entry {entry.filename[:100]!r}, which is no array")
    with archive.open(entry) as stream:
        needed = stated_bytes(stream)
        if needed > entry.file_size:
            raise ValueError(f"an array of {needed} bytes in an entry of {entry.file_size}")
    with archive.open(entry) as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)
