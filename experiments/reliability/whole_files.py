"""Whether files are whole, and what is temporary in a folder: for campaigns that kill who writes them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
from PIL import Image


def broken_files(folder: Path) -> list[str]:
    """Return the files with a final name that cannot be read to their end, each with the reason.

    Parameters
    ----------
    folder : Path
        With the folders in it; need not be there.

    Returns
    -------
    list of str
    """
    broken = []
    for path in sorted(folder.rglob("*")):
        temporary = any(part.startswith(".") and part != ".pairs" for part in path.relative_to(folder).parts)
        if path.is_file() and not temporary:
            try:
                _read(path)
            except Exception as error:
                broken.append(f"{path.name}: {type(error).__name__}: {error}")
    return broken


def temporary_paths(folder: Path) -> list[Path]:
    """Return the temporary files and folders in a folder, in those below, and beside it."""
    inside = [path for path in folder.rglob(".*") if path.name != ".pairs"]
    return sorted([*inside, *folder.parent.glob(f".{folder.name}-*")])


def _read(path):
    if path.suffix == ".json":
        json.loads(path.read_text(encoding="utf-8"))
    elif path.suffix == ".npz":
        # NumPy leaves a file open that it cannot read.
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            for name in arrays.files:
                arrays[name]
    elif path.suffix == ".png":
        with Image.open(path) as image:
            image.load()
    elif path.suffix == ".csv":
        text = path.read_text(encoding="utf-8")
        rows = list(csv.reader(text.splitlines()))
        if not text.endswith("\n") or len({len(row) for row in rows}) != 1:
            raise ValueError("a row that is not whole")
    elif not path.read_text(encoding="utf-8").endswith(("\n", "</html>")):
        raise ValueError("no end of line")
