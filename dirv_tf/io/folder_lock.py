"""One process at a time in a folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows cannot lock a folder.
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def folder_lock(path: str | os.PathLike[str], shared: bool = False) -> Iterator[bool]:
    """Keep other processes that ask the same out of a folder, until the block or this process ends.

    The folder itself is locked: nothing is left in it, and a process that was killed leaves no lock behind. Windows and
    some network file systems have no such locks; there nobody is kept out.

    Parameters
    ----------
    path : str or Path
        The folder; made where there is none.
    shared : bool
        Whether others that ask for a shared lock may come in too. Such a lock waits for one that is not shared.

    Yields
    ------
    bool
        Whether the folder is locked: False where there are no locks.

    Raises
    ------
    BlockingIOError
        When another process holds the lock.
    """
    path = Path(path)
    path.mkdir(parents=True, exist_ok=True)
    if fcntl is None:
        yield False
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        is_locked = True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            is_locked = False  # A file system without locks.
        yield is_locked
    finally:
        os.close(descriptor)
