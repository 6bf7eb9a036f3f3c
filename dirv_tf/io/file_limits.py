"""How large a file's content may be: checked by what its header states, before memory is taken.

- What is stored as it is cannot be larger than its file.
- What is stored compressed may be `MOST_COMPRESSION` times as large as its file, more only below `ALWAYS_ALLOWED`.
  DEFLATE does not reach a factor of 1,100, LZW none of 1,400.
- Neither may be larger than the memory that is free.
- Texts, which become many small objects, are read up to `MOST_TEXT_BYTES`.
"""

from __future__ import annotations

import os

from dirv_tf.validation import UnreadableFileError

MOST_COMPRESSION = 2000
ALWAYS_ALLOWED = 2**28
MOST_TEXT_BYTES = 2**26


def check_stored(path, needed, offset=0):
    """Raise an error unless a file is long enough for what it should hold as it is, and the memory for its content.

    Parameters
    ----------
    path : Path
    needed : int
        Bytes that the header states.
    offset : int
        Where they begin.

    Raises
    ------
    UnreadableFileError
    """
    length = os.stat(path).st_size
    if offset + needed > length:
        raise UnreadableFileError(
            f"Expected all {needed:,} bytes of content that the header states. "
            f"Received: path={path} of {length:,} bytes"
        )
    check_memory(path, needed)


def check_compressed(path, needed, length=None):
    """Raise an error where a file of this length would have to hold too much, or more than fits into the memory.

    Parameters
    ----------
    path : Path
    needed : int
        Bytes that the header states, once unpacked.
    length : int, optional
        Bytes of the packed content; by default of the file.

    Raises
    ------
    UnreadableFileError
    """
    length = os.stat(path).st_size if length is None else length
    if needed > max(ALWAYS_ALLOWED, MOST_COMPRESSION * length):
        raise UnreadableFileError(
            f"Expected content of at most {MOST_COMPRESSION:,} times the size of its file. "
            f"Received: path={path} of {length:,} bytes, whose header states {needed:,}"
        )
    check_memory(path, needed)


def check_memory(path, needed):
    """Raise an error where content would not fit into the memory that is free.

    Parameters
    ----------
    path : Path
    needed : int
        Bytes.

    Raises
    ------
    UnreadableFileError
    """
    free = free_memory()
    if needed > free:
        raise UnreadableFileError(
            f"Expected content that fits into the free memory, {free:,} bytes. "
            f"Received: path={path}, whose header states {needed:,} bytes"
        )


def free_memory():
    """Return how many bytes of memory can be taken: what is free, or all where the system does not say.

    Returns
    -------
    int
    """
    try:
        with open("/proc/meminfo", encoding="ascii") as stream:
            return next(int(line.split()[1]) * 1024 for line in stream if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        pass
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 2**40
