"""The image files of a folder, and their split into files to train and files to test with."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from dirv_tf.io.image_files import IMAGE_SUFFIXES
from dirv_tf.validation import fraction, integer, one_of

PARTS = ("train", "test")


def image_files(folder: str | os.PathLike) -> list[Path]:
    """Return the image files in a folder and the folders below it, known by their suffixes.

    Parameters
    ----------
    folder : str or path

    Returns
    -------
    list of Path
        Sorted. Hidden files are left out, and all other kinds of files.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If there is no image in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"Expected a folder of images. Received: folder={folder}")
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.name.lower().endswith(IMAGE_SUFFIXES)
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not files:
        raise ValueError(f"Expected a folder with images ({', '.join(IMAGE_SUFFIXES)}). Received: folder={folder}")
    return files


def split_files(
    files: Sequence[Path], folder: str | os.PathLike, part: str, test_share: float = 0.2, split_seed: int = 0
) -> list[Path]:
    """Return the files of one part of a folder; every file belongs to one part.

    The test files are those with the smallest hash of the seed and the path within the folder: the split does not
    depend on where the folder lies, and a file that is added displaces at most one other.

    Parameters
    ----------
    files : sequence of Path
        From `image_files`.
    folder : str or path
        The folder.
    part : {"train", "test"}
    test_share : float
        Share of the files to test with, greater than 0 and less than 1; each part gets at least one file.
    split_seed : int
        Another seed gives another split; at least 0.

    Returns
    -------
    list of Path
        Sorted.

    Raises
    ------
    ValueError
        If an argument is out of its range, or there are fewer than two files.
    """
    one_of(*PARTS)("part", part)
    fraction()("test_share", test_share)
    integer(0)("split_seed", split_seed)
    if len(files) < 2:
        raise ValueError(
            f"Expected at least two images to split into train and test. Received: {len(files)} in folder={folder}"
        )

    def rank(path):
        name = f"{split_seed}/{path.relative_to(folder).as_posix()}"
        return hashlib.sha256(name.encode("utf-8")).digest()

    count = min(max(1, round(test_share * len(files))), len(files) - 1)
    test = set(sorted(files, key=rank)[:count])
    return [path for path in files if (path in test) == (part == "test")]
