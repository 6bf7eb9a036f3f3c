"""One kind of error for files that cannot be decoded, whatever the library raises."""

from __future__ import annotations

import contextlib


class UnfitFileError(ValueError):
    """A file that can be decoded holds something else than what is asked for; the text says all."""


@contextlib.contextmanager
def decoding(path, expected="an image that can be read"):
    """Turn any error of a library that decodes a file into a ValueError that names the file.

    A damaged file makes decoders fail in many ways (`struct.error`, `IndexError`, `RuntimeError`, ...). A missing
    library stays an ImportError, and an `UnfitFileError` what it is.

    Parameters
    ----------
    path : str or Path
        The file that is decoded in the block.
    expected : str
        What it should hold.

    Raises
    ------
    ValueError
        For any other error in the block.
    """
    try:
        yield
    except (ImportError, UnfitFileError):
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"Expected {expected} ({type(error).__name__}: {reason}). Received: path={path}") from error
