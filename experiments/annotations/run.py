"""The comparison from start to end: tables, trainings, tests, record."""

from __future__ import annotations

import datetime
import json
import time
from pathlib import Path

import numpy as np

from dirv_tf.io.atomic_write import write_json, write_text
from dirv_tf.io.file_paths import file_json
from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.models.weight_files import ARRAYS_NAME
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution.environment import hardware, versions
from dirv_tf.training.execution.run import execute
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.validation import ConfigError
from experiments.annotations.members import MEMBERS, TEST, member_config, people_of, tested_people, write_pairs
from experiments.annotations.pair_scores import mean_dice, pair_scores
from experiments.annotations.table import markdown, text_lines

RECORD = "hippocampus.json"
_EACH = ("dice_label1", "dice_label2", "dice_twice_label1", "dice_twice_label2")
_MEANS = {"dice_before": "before", "dice": "once", "dice_twice": "twice"}
_MEASURED = ("folded_percent", "dl_int_finest")


def compare_annotations(people, folder, names, overrides=None, report=print) -> dict:
    """Train and test members, unless they are finished, and write the record.

    Parameters
    ----------
    people : Path
        Folder of the people to train on, see `people_of`.
    folder : Path
        Gets one run's folder per member, the tables and the record. A stopped training goes on, and members that are
        not asked for stay in the record.
    names : sequence of str
        Members, of `members.MEMBERS`.
    overrides : dict, optional
        Further settings of all members.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
        The record.

    Raises
    ------
    ConfigError
        As `people_of` and the runs do, and where the folder holds a run of other settings.
    """
    folder = check_output_folder(folder)
    tested = tested_people()
    chosen = people_of(people, tested)
    folder.mkdir(parents=True, exist_ok=True)
    count = write_pairs(chosen, folder / "train.csv")
    report(f"{len(chosen)} people to train on, {count} ordered pairs; tested on {', '.join(tested)}")
    record = {
        "trained_on": [person.name for person in chosen], "tested_on": tested, "training_pairs": count,
        "members": _kept(folder / RECORD, names), "versions": versions(), "hardware": hardware(),
    }
    for number, name in enumerate(names, start=1):
        report(f"[{number}/{len(names)}] {name}: {MEMBERS[name].what}")
        record["members"].append(_carried_out(name, folder, overrides, report))
        record["members"].sort(key=lambda member: list(MEMBERS).index(member["name"]))
        record["date"] = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        write_json(folder / RECORD, record)
        write_text(folder / RECORD.replace(".json", ".md"), markdown(record))
    for line in text_lines(record):
        report(line)
    return record


def _kept(path: Path, names):
    """Return the members of a record that is there already which are not measured again."""
    if not path.is_file():
        return []
    return [member for member in file_json(path)["members"] if member["name"] not in names]


def _carried_out(name, folder: Path, overrides, report):
    config = member_config(name, folder / "train.csv", overrides)
    run = RunFolder(folder / name)
    if run.config.is_file() and load_run(run.config) != config:
        raise ConfigError(f"Expected a run of the settings asked for, or none. Received: {run.path}")
    if run.metrics_json.is_file():
        report(f"{name}: finished before, in {run.path}")
    else:
        begun = time.process_time()
        try:
            execute(config, run, tensorboard=False, report=report)
        finally:
            # A training that was stopped counts as far as it came.
            if run.record.is_file():
                before = run.read_record().get("processor_seconds", 0.0)
                run.write_record(processor_seconds=round(before + time.process_time() - begun, 1))
    measured = json.loads(run.metrics_json.read_text(encoding="utf-8"))
    weights, size = run.path / ARRAYS_NAME, config.data.size
    test = pair_scores(weights, TEST, size)
    training = pair_scores(weights, folder / "train.csv", size, twice=False)
    each = [[pair[name][label] for pair in test] for name in ("once", "twice") for label in range(2)]
    kept = run.read_record()
    epochs, batch = config.training.epochs, config.training.batch_size
    pairs = config.data.train_images or len((folder / "train.csv").read_text(encoding="utf-8").splitlines()) - 1
    return {
        "name": name, "what": MEMBERS[name].what, **{key: round(measured["test"][key], 4) for key in _MEASURED},
        **{name: round(float(np.mean(values)), 4) for name, values in zip(_EACH, each)},
        **{key: round(mean_dice(test, name), 4) for key, name in _MEANS.items()},
        "training_dice": round(mean_dice(training, "once"), 4), "pairs": test,
        "test_pairs": measured["test_images"], "steps": epochs * -(-pairs // batch),
        "parameters": measured["parameters"], "seconds": kept["seconds"],
        "processor_seconds": kept.get("processor_seconds"),
    }
