"""The comparison on real pairs from start to end: read, register, measure, write down."""

from __future__ import annotations

import datetime
import json

from dirv_tf.io.atomic_write import write_json, write_text
from dirv_tf.io.output_paths import check_output_file
from dirv_tf.training.execution.environment import hardware, versions
from experiments.comparison.real.judges import JUDGES
from experiments.comparison.real.labeled_pair import SIDE as CUBE
from experiments.comparison.real.labeled_pair import labeled
from experiments.comparison.real.measurement import measure_pairs
from experiments.comparison.real.methods import METHOD_NAMES, RealMethod
from experiments.comparison.real.plain_pair import plain
from experiments.comparison.real.poses import posed
from experiments.comparison.real.prepared_pair import SIDE, prepared
from experiments.comparison.real.table import markdown, text_lines
from experiments.comparison.stages import Stages

SEED = 2024


def compare_on_real_pairs(pairs, methods, file, poses=0, side=None, report=print) -> dict:
    """Register real pairs by each method.

    Parameters
    ----------
    pairs : sequence of RealPair
    methods : sequence of RealMethod
    file : str or Path
        Gets the record, written anew after every method; the same name with .md gets it as a table. Methods that an
        older record of the same pairs has, and that are not measured now, stay.
    poses : int
        Random poses of the moving image per pair with landmarks; 0: the pairs as they are.
    side : int, optional
        Of pairs with landmarks the longer side in pixels that images are resized to (512); of pairs with labels the
        side of the square or cube that they are padded to (64). Pairs without either stay as they are.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
        The record.

    Raises
    ------
    FileNotFoundError
        For an image or landmarks that are not there.
    ValueError
        For files that cannot be read, poses of pairs without landmarks, or a side of pairs that stay as they are.
    """
    file = check_output_file(file)
    annotation = pairs[0].annotation
    drawn = {"none": "nothing drawn"}.get(annotation, annotation)
    if poses and annotation != "landmarks":
        raise ValueError(f"Expected pairs with landmarks for random poses. Received: poses={poses}, pairs with {drawn}")
    if side and annotation == "none":
        raise ValueError(f"Expected no side for pairs with {drawn}, which stay as they are. Received: side={side}")
    side = side or {"landmarks": SIDE, "labels": CUBE, "none": None}[annotation]
    report(f"Reading {len(pairs)} pairs" + (f", longer side {side} pixels" if side else ""))
    read = {"landmarks": prepared, "labels": labeled, "none": lambda pair, _: plain(pair)}[annotation]
    ready = [read(pair, side) for pair in pairs]
    if poses:
        ready = [posed(pair, SEED, index * poses + k) for index, pair in enumerate(ready) for k in range(poses)]
    record = {
        "set": file.stem, "annotation": annotation, "side": side or _sizes(ready), "poses": poses,
        **({"seed": SEED} if poses else {}),
        "pairs": [pair.name for pair in ready], "methods": [],
    }
    older = _older(file, record)
    stages = Stages([len(ready)] * len(methods), report)
    for method in methods:
        stages.begin(f"{file.stem}, {method.name}: {len(ready)} pairs")
        row = _measured(method, ready, JUDGES[annotation], stages.share)
        older = [each for each in older if each["name"] != method.name]
        record["methods"].append(row)
        for line in text_lines(row, JUDGES[annotation]):
            report(line)
        result = {**record, "methods": _ordered(record["methods"] + older), **_environment()}
        write_json(file, result)
        write_text(file.with_suffix(".md"), markdown(result))
    report(f"Written: {file} and {file.with_suffix('.md').name}")
    return result


def _sizes(pairs):
    """The size of pairs that stay as they are, or their sizes where there are several."""
    sizes = sorted({pair.fixed.shape for pair in pairs})
    return list(sizes[0]) if len(sizes) == 1 else [list(size) for size in sizes]


def _measured(method: RealMethod, pairs, judge, progress):
    date = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    measured = measure_pairs(method.register, pairs, judge, progress)
    # A method that is measured again may be so on another machine.
    return {"name": method.name, "what": method.what, "date": date, "hardware": hardware(), **measured}


def _older(file, record):
    if not file.is_file():
        return []
    older = json.loads(file.read_text(encoding="utf-8"))
    same = all(older.get(key) == record.get(key) for key in ("side", "poses", "seed", "pairs"))
    return older["methods"] if same else []


def _ordered(methods):
    return sorted(methods, key=lambda row: ((*METHOD_NAMES, row["name"])).index(row["name"]))


def _environment():
    return {"versions": versions(), "hardware": hardware()}
