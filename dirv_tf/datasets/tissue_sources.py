"""The section images of a folder by tissue, and the tissues' split into training and testing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from dirv_tf.datasets.folder_files import split_files
from dirv_tf.io.image_regions import REGION_SUFFIXES


class TissueSource(NamedTuple):
    """An image of a section.

    Attributes
    ----------
    path : Path
    name : str
        Path within the folder, with slashes.
    tissue : str
        The folder directly below, or the file's own name where there is none.
    part : {"train", "test"}
    """

    path: Path
    name: str
    tissue: str
    part: str


def tissue_sources(
    folder: str | os.PathLike,
    only: str = "*",
    test_tissues: Sequence[str] = (),
    test_share: float = 0.2,
    split_seed: int = 0,
) -> tuple[list[TissueSource], list[str]]:
    """List the images of sections and split them by tissue: sections of one tissue are never parted.

    Parameters
    ----------
    folder : str or path
        Holds a folder per tissue, which may hold further folders; an image directly in it is a tissue of its own.
    only : str
        Pattern of the images' paths within the folder, such as ``"*/scale-50pc/*"``; each must match from its end.
    test_tissues : sequence of str
        Tissues to test with; where there are none, `test_share` of them are taken, chosen by `split_seed`.
    test_share, split_seed
        See `split_files`.

    Returns
    -------
    sources : list of TissueSource
        Sorted by name.
    empty : list of str
        Folders directly below `folder` that give no image.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If there is no image, no tissue is left for one of the parts, or a named tissue is not there.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"Expected a folder of section images. Received: folder={folder}")
    names = sorted(path.relative_to(folder) for path in folder.rglob("*") if _is_image(path, folder))
    names = [name for name in names if name.match(only)]
    if not names:
        raise ValueError(
            f"Expected a folder with images of sections ({', '.join(REGION_SUFFIXES)}). "
            f"Received: folder={folder}, only={only!r}"
        )
    tissues = sorted({name.parts[0] for name in names})
    tested = _tested(folder, tissues, tuple(test_tissues), test_share, split_seed)
    sources = []
    for name in names:
        tissue = name.parts[0]
        part = "test" if tissue in tested else "train"
        sources.append(TissueSource(folder / name, name.as_posix(), tissue, part))
    below = {path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")}
    return sources, sorted(below.difference(tissues))


def _is_image(path, folder):
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return path.name.lower().endswith(REGION_SUFFIXES) and path.is_file() and not hidden


def _tested(folder, tissues, named, share, seed):
    unknown = sorted(set(named).difference(tissues))
    if unknown or len(set(named)) == len(tissues):
        raise ValueError(
            f"Expected some, not all, of the tissues {', '.join(tissues)} to test with. "
            f"Received: test_tissues={list(named)}"
        )
    if named:
        return set(named)
    return {path.name for path in split_files([folder / tissue for tissue in tissues], folder, "test", share, seed)}
