"""The runs of the thesis whose full training is not on record, and how long each would take."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.config.run_config import RunConfig
from experiments.folders import RECORDS, RUNS
from experiments.reproduction.thesis_table import thesis_rows
from experiments.reproduction.time_left import training_work

# What `make tissue-data` gives to train with; how many images a folder has is known once it is there.
_TISSUE_IMAGES = 314


def open_runs_table(results: Path = RECORDS) -> str:
    """Return the runs without a full record in Markdown, with the hours that they would take.

    Parameters
    ----------
    results : path
        The folder of the records.

    Returns
    -------
    str
        A table, and what the hours are estimated from.
    """
    names = list(dict.fromkeys(row["run"] for row in thesis_rows()))
    done = [name for name in names if (results / name / "run.json").is_file()]
    paces = sorted(_pace(results, name) for name in done)
    lines = ["| run | what | pairs of all epochs | hours |", "|---|---|---|---|"]
    for name in (name for name in names if name not in done):
        config = _with_images(load_run(name, folder=RUNS))
        hours = [training_work(config) / pace / 3600 for pace in reversed(paces)]
        span = f"{hours[0]:.1f} to {hours[-1]:.1f}"
        lines.append(f"| {name} | {config.description} | {_pairs(config):,} | {span} |")
    paces_of = "at the paces, in arithmetic per second, of the fastest and of the slowest of them, on one or two cores"
    lines += ["", f"Full trainings on record: {', '.join(done)}. Hours: {paces_of} with other work beside them."]
    return "\n".join(lines) + "\n"


def _pace(results, name):
    record = json.loads((results / name / "run.json").read_text(encoding="utf-8"))
    return training_work(_with_images(load_run(name, folder=RUNS))) / record["seconds"]


def _with_images(config: RunConfig) -> RunConfig:
    if config.data.train_images is not None:
        return config
    return dataclasses.replace(config, data=dataclasses.replace(config.data, train_images=_TISSUE_IMAGES))


def _pairs(config):
    patches = config.data.patches_per_image if config.data.patch_size else 1
    return config.training.epochs * config.data.train_images * patches
