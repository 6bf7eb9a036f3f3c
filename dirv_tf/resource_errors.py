"""Want of memory and of space on the disk, whoever reports it, as Python's own errors that say what to do."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator

# No space, no quota, a file longer than allowed, a file system that is or has become read-only.
DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory was wanted: NumPy's and Python's MemoryError, TensorFlow's ResourceExhaustedError.

    TensorFlow has the same error for a full disk, which this is not.
    """
    return isinstance(error, MemoryError) or (_is_exhausted(error) and not is_disk_error(error))


def is_disk_error(error: BaseException) -> bool:
    """Whether a disk could not take what was written: it will not take the next file either."""
    if isinstance(error, OSError):
        return error.errno in DISK_ERRORS
    return _disk_code(error) is not None


@contextlib.contextmanager
def memory_for(what: str, advice: str) -> Iterator[None]:
    """Say for what memory was wanted, and what to do.

    Parameters
    ----------
    what : str
        With its sizes: "a pair of 8000 x 8000 pixels".
    advice : str
        What needs less.

    Raises
    ------
    MemoryError
        In place of the error of Python, NumPy or TensorFlow. What the operating system or C++ code ends
        (``std::bad_alloc``) cannot be caught.

    Examples
    --------
    >>> with memory_for("a batch of 64 pairs", "take a smaller one"):
    ...     raise MemoryError("Unable to allocate 1. TiB")
    Traceback (most recent call last):
    MemoryError: Expected memory for a batch of 64 pairs; take a smaller one. Received: Unable to allocate 1. TiB
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise MemoryError(f"Expected memory for {what}; {advice}. Received: {said_of_memory(error)}") from error


def said_of_memory(error: BaseException) -> str:
    """Return the one line of an error that says what could not be had; TensorFlow's errors have many."""
    lines = str(error).split("\n")
    return next((line.strip() for line in lines if "alloc" in line or "OOM" in line), lines[0]) or type(error).__name__


@contextlib.contextmanager
def disk_errors_name(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn TensorFlow's errors about the disk into an OSError with the path.

    Parameters
    ----------
    path : str or Path
        Where the block writes by TensorFlow.

    Raises
    ------
    OSError
        With the number of the system's error.
    """
    try:
        yield
    except Exception as error:
        code = None if isinstance(error, OSError) else _disk_code(error)
        if code is None:
            raise
        raise OSError(code, os.strerror(code), os.fspath(path)) from error


def _tensorflow_error(name):
    # Who has not loaded TensorFlow has no error of it.
    tensorflow = sys.modules.get("tensorflow")
    errors = getattr(tensorflow, "errors", None)
    return getattr(errors, name, ())


def _is_exhausted(error):
    return isinstance(error, _tensorflow_error("ResourceExhaustedError"))


def _disk_code(error):
    """Return the number of the system's error that an error of TensorFlow quotes; None for all else."""
    if not isinstance(error, _tensorflow_error("OpError")):
        return None
    return next((code for code in sorted(DISK_ERRORS) if os.strerror(code) in str(error)), None)
