"""One kind of error for files that cannot be read, whatever a library raises."""

from __future__ import annotations

import contextlib

from dirv_tf.validation import UnreadableFileError

# Of what a library says; some repeat a part of the file.
_LONGEST_REASON = 500


class UnfitFileError(UnreadableFileError):
    """A file that can be decoded holds something else than what is asked for; the text says all."""


@contextlib.contextmanager
def decoding(path, expected="an image that can be read", error_type=UnreadableFileError):
    """Turn any error of a library that decodes a file into an `UnreadableFileError` that names the file.

    A damaged file makes decoders fail in many ways (`struct.error`, `IndexError`, `RecursionError`, ...). A missing
    library stays an ImportError, a missing file a FileNotFoundError, and an `UnreadableFileError` what it is.

    Parameters
    ----------
    path : str or Path
        The file that is decoded in the block.
    expected : str
        What it should hold.
    error_type : type
        A subclass of `UnreadableFileError` to raise.

    Raises
    ------
    UnreadableFileError
        For any other error in the block.
    """
    try:
        yield
    except (ImportError, FileNotFoundError, PermissionError, UnreadableFileError):
        raise
    except Exception as error:
        reason = " ".join(str(error)[:_LONGEST_REASON].split())
        raise error_type(f"Expected {expected} ({type(error).__name__}: {reason}). Received: path={path}") from error
