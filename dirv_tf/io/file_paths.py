"""Checks of the paths that a user gives: files to read, files to write, known suffixes; and the text of files."""

from __future__ import annotations

import json
from pathlib import Path

from dirv_tf.io.file_limits import MOST_TEXT_BYTES
from dirv_tf.validation import UnreadableFileError


def existing_file(path, kind):
    """Return the path of a file that is there and is not empty.

    Parameters
    ----------
    path : str or Path
    kind : str
        What the file should be, for error messages ("an image file").

    Returns
    -------
    Path

    Raises
    ------
    FileNotFoundError
        If there is nothing at `path`.
    UnreadableFileError
        If it is a folder or an empty file.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"Expected {kind}. Received: path={path}, which does not exist")
    if not path.is_file():
        raise UnreadableFileError(
            f"Expected {kind}. Received: path={path}, which is a folder or another thing that is no file"
        )
    if path.stat().st_size == 0:
        raise UnreadableFileError(f"Expected {kind}. Received: path={path}, which is empty")
    return path


def new_file(path, overwrite):
    """Return the path of a file that may be written.

    Parameters
    ----------
    path : str or Path
    overwrite : bool
        Whether an older file may be replaced.

    Returns
    -------
    Path

    Raises
    ------
    FileExistsError
        If there is a file and `overwrite` is False, or a folder in any case.
    """
    path = Path(path)
    if path.is_dir() or (path.exists() and not overwrite):
        raise FileExistsError(
            f"Expected a path where there is no file yet; choose another or pass overwrite=True. Received: path={path}"
        )
    return path


def known_suffix(path, suffixes):
    """Return the suffix of a path, in lower case, if it is one of those given; ``.nii.gz`` counts as one suffix.

    Parameters
    ----------
    path : str or Path
    suffixes : sequence of str
        Known suffixes in lower case, each with its dot.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the path ends with none of them; the message lists them.
    """
    name = Path(path).name.lower()
    fitting = [suffix for suffix in suffixes if name.endswith(suffix)]
    if not fitting:
        raise ValueError(f"Expected a file name that ends with {', '.join(suffixes)}. Received: path={path}")
    return max(fitting, key=len)


def file_text(path, kind, most=MOST_TEXT_BYTES):
    """Return the text of a file in UTF-8, without the mark that some programs put first.

    Parameters
    ----------
    path : Path
    kind : str
        What the file should be, for error messages ("a CSV file").
    most : int
        Bytes that it may have.

    Returns
    -------
    str

    Raises
    ------
    UnreadableFileError
        If it is no such text.
    """
    with open(path, "rb") as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise UnreadableFileError(f"Expected {kind} of at most {most:,} bytes. Received: path={path}, which is longer")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(f"Expected {kind} in UTF-8 ({error}). Received: path={path}") from error


def file_json(path, kind="a JSON file"):
    """Return what a JSON file holds.

    Parameters
    ----------
    path : Path
    kind : str
        What the file should be, for error messages.

    Returns
    -------
    dict, list, str, int, float, bool or None

    Raises
    ------
    UnreadableFileError
        If it is no JSON, nested too deeply, or holds a number of too many digits.
    """
    text = file_text(path, kind)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError(f"Expected {kind} ({error}). Received: path={path}") from error
