"""Trial of an output before the work: a folder that cannot be written must not cost the result."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import Any

from dirv_tf.io.atomic_write import temporary_name

# One block of most file systems: of a full one, an empty file may still be made.
_TRIAL = b"\0" * 4096


def check_output_file(path: Any) -> Path:
    """Raise an OSError where a file could not be written; nothing stays behind.

    Parameters
    ----------
    path : str or Path
        The file; folders above it may be missing.

    Returns
    -------
    Path

    Raises
    ------
    OSError
        That names `path`: PermissionError for a folder that is read-only to this user, NotADirectoryError for a file
        in place of a folder, others for a read-only file system or a full disk.

    Examples
    --------
    >>> import os, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> check_output_file(f"{folder}/new/image.png").name
    'image.png'
    >>> os.listdir(folder)
    []
    """
    path = Path(path)
    _try(path.parent, path.name, path)
    return path


def check_output_folder(path: Any) -> Path:
    """Raise an OSError where a folder could not be made, or nothing be written into it; nothing stays behind.

    Parameters
    ----------
    path : str or Path
        The folder; it and folders above it may be missing.

    Returns
    -------
    Path

    Raises
    ------
    OSError
        As `check_output_file`.
    """
    path = Path(path)
    _try(path, "trial", path)
    return path


def _try(folder, name, path):
    """Write a file where the folder is, or is going to be."""
    folder = Path(os.path.abspath(folder))
    while not os.path.lexists(folder) and folder != folder.parent:
        # The longest name is that of a folder to be made.
        name, folder = max(name, folder.name, key=len), folder.parent
    trial = folder / temporary_name(name)
    try:
        _check_length(trial)
        if not _written_without_a_name(folder):
            try:
                _write(os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            finally:
                trial.unlink(missing_ok=True)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from error


def _check_length(path):
    # Of a name that is too long, the system says so; that there is no such file is as it should be.
    with contextlib.suppress(FileNotFoundError):
        os.lstat(path)


def _written_without_a_name(folder):
    """Write a file that has no name, of which a kill leaves nothing; False where the system knows no such files."""
    if not hasattr(os, "O_TMPFILE"):
        return False
    try:
        descriptor = os.open(folder, os.O_WRONLY | os.O_TMPFILE, 0o600)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL):
            return False
        raise
    _write(descriptor)
    return True


def _write(descriptor):
    with open(descriptor, "wb", buffering=0) as stream:
        if stream.write(_TRIAL) < len(_TRIAL):
            stream.write(_TRIAL)
        os.fsync(stream.fileno())
