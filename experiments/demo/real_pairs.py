"""The real pairs of the demo: sections in two stains, one tissue by two scanners, or a user's own images."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dirv_tf.io.file_paths import existing_file
from experiments.comparison.real.pair_table import read_real_pairs
from experiments.comparison.real.poses import turned
from experiments.comparison.real.prepared_pair import SIDE, PreparedPair, prepared
from experiments.demo.cases import DATA_FOLDER

# In degrees, counterclockwise, and in pixels of `SIDE`, up and to the right.
_TURNED = (140, (25, 30))


class DemoPair(NamedTuple):
    """Two real images.

    Attributes
    ----------
    name : str
        That of its picture.
    title : str
    given : str
        How the moving image lies, in a few words.
    files : pair of str
        The fixed and the moving one.
    images : pair of ndarray or Path
        What `dirv_tf.register` is given.
    landmarks : PreparedPair or None
        The pair with its landmarks, where there are any.
    """

    name: str
    title: str
    given: str
    files: tuple[str, str]
    images: tuple[Any, Any]
    landmarks: PreparedPair | None = None


def shipped_pairs(side: int = SIDE) -> list[DemoPair]:
    """Read the pairs that come with the project.

    Parameters
    ----------
    side : int
        Pixels along the longer side of the sections.

    Returns
    -------
    list of DemoPair
    """
    angle, (up, right) = _TURNED
    direction = f"turned by {angle} degrees, shifted by {up} pixels up and {right} to the right"
    return [
        _sections("lung lesion, H&E and CD31", "lung_lesion/he.jpg", "lung_lesion/cd31.jpg", side),
        _sections("lung lobes, CD31 and CC10", "lung_lobes/cd31.png", "lung_lobes/cc10.png", side),
        _sections("lung lobes, H&E and proSPC", "lung_lobes/he.png", "lung_lobes/prospc.png", side, direction),
        _scanners(),
    ]


def own_pairs(paths: list[tuple[str, str]]) -> list[DemoPair]:
    """Return a user's own pairs.

    Parameters
    ----------
    paths : sequence of pair of str or Path
        Fixed and moving images: whatever `dirv_tf.io.load_image` reads.

    Returns
    -------
    list of DemoPair

    Raises
    ------
    FileNotFoundError
        For a file that is not there.
    ValueError
        For two pairs of one name: their pictures would overwrite each other.
    """
    pairs: dict[str, DemoPair] = {}
    for given in paths:
        files = tuple(existing_file(path, "an image").resolve() for path in given)
        name = "-".join(path.name.split(".")[0] for path in files)
        title = f"{files[0].name} and {files[1].name}"
        if name in pairs:
            both = ", ".join(" and ".join(map(str, each)) for each in (pairs[name].files, files))
            raise ValueError(f"Expected pairs of different names. Received: {both}")
        pairs[name] = DemoPair(name, title, "as it is", (str(files[0]), str(files[1])), files)
    return list(pairs.values())


def _sections(title, fixed, moving, side, direction=None):
    table = {pair.name: pair for pair in read_real_pairs(DATA_FOLDER / "histology" / "pairs.csv")}
    pair = prepared(table[f"../sections/{fixed} | ../sections/{moving}"], side)
    if direction:
        angle, (up, right) = _TURNED
        pair = turned(pair, np.radians(angle), 1.0, np.array([-up, right]) * side / SIDE)
    tissue, first, second = *Path(fixed).with_suffix("").parts, Path(moving).stem
    files = (f"sections/{fixed}", f"sections/{moving}")
    given = direction or "as it was cut"
    return DemoPair(f"{tissue}_{first}_{second}", title, given, files, (pair.fixed, pair.moving), pair)


def _scanners():
    files = ("tissue/ki67_scanner_1.png", "tissue/ki67_scanner_2.png")
    images = (DATA_FOLDER / files[0], DATA_FOLDER / files[1])
    return DemoPair("ki67_two_scanners", "nuclei, Ki67, by two scanners", "as it was scanned", files, images)
