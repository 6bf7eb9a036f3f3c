"""How long the first registration takes, from the shell to the written folder, and that of a size not seen before."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from dirv_tf.io import ImageGeometry, write_image
from dirv_tf.registration import register
from experiments.benchmark.fresh_process import run_python
from experiments.benchmark.networks import pairs
from experiments.benchmark.rows import Row, find
from experiments.benchmark.timing import ratio, spread

IMPORT, FIRST, NEW, REPEATED = "import of TensorFlow", "first pair from the shell", "new size", "repeated size"
# By how many pixels per side each new size is smaller than the one before.
_STEP = 5


def section(side, rank):
    """Return the name of the section of images or volumes of that size."""
    return f"first answer, {side}{'²³'[rank - 2]}"


def measure_first_answer(plan):
    """Measure fresh processes: TensorFlow's import alone, `dirv-tf register`, and one that registers many sizes.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    list of Row
        In seconds; the notes give times the import of TensorFlow of the same turn. A new size is one that the process
        has not registered before, a repeated size its second pair.

    Raises
    ------
    RuntimeError
        When a process fails; with what it said.
    """
    rows = []
    for rank, side in plan.first_answers:
        turns = [_turn(rank, side, plan.new_sizes) for _ in range(plan.first_answer_turns)]
        times = {name: [turn[name] for turn in turns] for name in (IMPORT, FIRST, NEW, REPEATED)}
        for name, seconds in times.items():
            note = "" if name == IMPORT else f"{ratio(seconds, times[IMPORT]).median:.2f} times the import"
            rows.append(Row(section(side, rank), name, spread(seconds), "s", note=note))
    return rows


def times_the_import(rows, side, rank):
    """Return the time of the first pair over that of the import, or None where they were not measured."""
    first, alone = (find(rows, section(side, rank), name) for name in (FIRST, IMPORT))
    return None if first is None or alone is None else first.value.median / alone.value.median


def _turn(rank, side, new_sizes):
    with tempfile.TemporaryDirectory() as folder:
        files = _write_pair(Path(folder), rank, side)
        times = {IMPORT: run_python("-c", "import tensorflow")[0]}
        times[FIRST], _ = run_python("-m", "dirv_tf", "register", *files, "-o", str(Path(folder, "result")))
        _, said = run_python("-m", "experiments.benchmark.first_answer", json.dumps([rank, side, new_sizes]))
    return {**times, **json.loads(said.splitlines()[-1])}


def _write_pair(folder, rank, side):
    files = [folder / f"{name}.tif" for name in ("fixed", "moving")]
    for file, image in zip(files, pairs(side, rank, 1)[0]):
        write_image(file, np.rint(255 * image.numpy()[0, ..., 0]).astype(np.uint8), ImageGeometry.unit(rank))
    return [str(file) for file in files]


def _sizes(rank, side, new_sizes):
    """Median seconds of pairs of new and of repeated sizes, after a first pair."""
    times = {NEW: [], REPEATED: []}
    random = np.random.default_rng(0)
    for number in range(new_sizes + 1):
        images = random.random((2, *[side - _STEP * number] * rank), np.float32)
        for name in (NEW, REPEATED):
            begun = time.perf_counter()
            register(*images)
            times[name].append(time.perf_counter() - begun)
    return {name: float(np.median(seconds[1:])) for name, seconds in times.items()}


if __name__ == "__main__":
    print(json.dumps(_sizes(*json.loads(sys.argv[1]))))
