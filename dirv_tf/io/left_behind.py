"""What a process that was killed leaves behind: temporary files and folders that never got their final names."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from dirv_tf.io.folder_lock import folder_lock


def remove_temporary_files(folder: Any, names: Iterable[str]) -> list[Path]:
    """Remove what `atomic_path` was writing in a folder when its process was killed.

    For who holds the folder's lock: nobody else is writing there then.

    Parameters
    ----------
    folder : str or Path
        Need not be there.
    names : iterable of str
        Final names of the files that are written in it. Temporary files of other names are left alone.

    Returns
    -------
    list of Path
        What was removed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / ".0123456789ab-last.npz").touch()
    >>> (folder / ".0123456789ab-mine.npz").touch()
    >>> [path.name for path in remove_temporary_files(folder, ["last.npz"])]
    ['.0123456789ab-last.npz']
    """
    names, removed = set(names), []
    for path, final in _named(folder, r"(?:\.[0-9a-f]{12}-)+(.+)"):
        if final in names and path.is_file():
            path.unlink(missing_ok=True)
            removed.append(path)
    return removed


def remove_temporary_folders(folder: Any, name: str, first: Callable[[Path], None] | None = None) -> list[Path]:
    """Remove the temporary folders of a result whose process was killed; those still in use are locked, and stay.

    Parameters
    ----------
    folder : str or Path
        Where they lie; need not be there.
    name : str
        Of the result. Its temporary folders are called ``.<name>-`` and twelve hexadecimal digits.
    first : callable, optional
        Called with each of them before it is removed.

    Returns
    -------
    list of Path
        What was removed.
    """
    removed = []
    for path in _temporary_folders(folder, name):
        with contextlib.suppress(OSError), folder_lock(path) as is_locked:
            if is_locked:  # Where there are no locks, nobody knows which of them are in use.
                if first is not None:
                    first(path)
                shutil.rmtree(path, ignore_errors=True)
                removed.append(path)
    return removed


def has_temporary_folder(folder: Any) -> bool:
    """Whether a process was writing a result into a folder when it was killed, or is doing so."""
    return bool(_temporary_folders(folder, Path(folder).resolve().name))


def _temporary_folders(folder, name):
    return [path for path, _ in _named(folder, rf"\.({re.escape(name)})-[0-9a-f]{{12}}") if path.is_dir()]


def _named(folder, pattern):
    """Return paths in a folder whose names match, each with the group of the match."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    found = [(Path(folder, name), re.fullmatch(pattern, name, flags=re.DOTALL)) for name in names if name[0] == "."]
    return [(path, match[1]) for path, match in found if match]
