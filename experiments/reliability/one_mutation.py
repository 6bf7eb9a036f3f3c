"""One damaged file, and what its reader makes of it."""

from __future__ import annotations

import shutil
import time
import warnings
import zlib
from pathlib import Path

import numpy as np

from dirv_tf.io import UnreadableFileError
from experiments.reliability.mutations import mutated
from experiments.reliability.packing import packed, parts_of
from experiments.reliability.readers import READERS

# An error that repeats a file is no use to anyone.
LONGEST_ERROR = 4000
VALUE, ERROR = "value", "error"


def whole_files(name: str, folder: Path) -> list[Path]:
    """Write the whole files of a reader, and return those that it reads."""
    folder.mkdir(parents=True, exist_ok=True)
    READERS[name].write(folder)
    # What a header or a card names is read with it.
    beside = {"weights": (".npz",)}.get(name, (".raw", ".zraw"))
    return [path for path in sorted(folder.iterdir()) if path.suffix not in beside]


def outcome(name: str, folder: Path, files: list[Path], seed: int, number: int) -> dict:
    """Damage one of the files and read it.

    Parameters
    ----------
    name : str
        Of the reader.
    folder : Path
        For the damaged file; emptied afterwards.
    files : list of Path
        As `whole_files` returned them.
    seed, number : int
        Give the same damage every time.

    Returns
    -------
    dict
        `outcome`: "value", "error" for the documented kind, else what went wrong; `seconds`; `file`.
    """
    reader = READERS[name]
    random = np.random.default_rng([seed, zlib.crc32(name.encode()), number])
    file, other = (files[random.integers(len(files))] for _ in range(2))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for beside in file.parent.glob(f"{file.name.split('.')[0]}.*"):
        shutil.copy(beside, folder / beside.name)
    # Of a header or a card also the file beside it.
    target, both = folder / file.name, sorted(path for path in folder.iterdir() if path.stem == file.stem)
    if random.random() < 0.4:
        target = both[random.integers(len(both))]
    target.write_bytes(_damaged(target.read_bytes(), random, other.read_bytes()))
    if random.random() < 0.8:
        reader.repair(folder / file.name)
    begun = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = reader.read(folder / file.name)
        result = VALUE if found is not None else "nothing was returned"
    except UnreadableFileError as error:
        length = len(str(error))
        result = ERROR if length <= LONGEST_ERROR else f"an error of {length} characters"
    except Exception as error:
        result = f"{type(error).__name__}: {str(error)[:200]}"
    seconds = time.perf_counter() - begun
    return {"outcome": result, "seconds": seconds, "file": file.name}


def _damaged(content, random, other):
    parts, how = parts_of(content)
    if how is None or random.random() < 0.25:
        return mutated(content, random, other)
    at = int(random.integers(len(parts)))
    parts[at] = mutated(parts[at], random, other)
    return packed(parts, how)
