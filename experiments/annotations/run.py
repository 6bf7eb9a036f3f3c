"""The comparison from start to end: tables, trainings, tests, record."""

from __future__ import annotations

import datetime
import json
import time
from pathlib import Path

from dirv_tf.io.atomic_write import write_json, write_text
from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution.environment import hardware, versions
from dirv_tf.training.execution.history import read_history
from dirv_tf.training.execution.run import execute
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.validation import ConfigError
from experiments.annotations.members import TERMS, WHAT, member_config, people_of, tested_people, write_pairs
from experiments.annotations.table import markdown, text_lines

RECORD = "hippocampus.json"
_MEASURED = ("dice_before", "dice", "dice_label1", "dice_label2", "folded_percent", "dl_int_finest")


def compare_annotations(people, folder, names, overrides=None, report=print) -> dict:
    """Train and test members, unless they are finished, and write the record.

    Parameters
    ----------
    people : Path
        Folder of the people to train on, see `people_of`.
    folder : Path
        Gets one run's folder per member, the tables and the record. A stopped training goes on.
    names : sequence of str
        Members, of `members.TERMS`.
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
        "trained_on": [person.name for person in chosen], "tested_on": tested, "training_pairs": count, "members": [],
        "versions": versions(), "hardware": hardware(),
    }
    for number, name in enumerate(names, start=1):
        report(f"[{number}/{len(names)}] {name}: {WHAT[name]}")
        record["members"].append(_carried_out(name, folder, overrides, report))
        record["members"].sort(key=lambda member: list(TERMS).index(member["name"]))
        record["date"] = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        write_json(folder / RECORD, record)
        write_text(folder / RECORD.replace(".json", ".md"), markdown(record))
    for line in text_lines(record):
        report(line)
    return record


def _carried_out(name, folder: Path, overrides, report):
    config = member_config(name, folder / "train.csv", overrides)
    run = RunFolder(folder / name)
    if run.config.is_file() and load_run(run.config) != config:
        raise ConfigError(f"Expected a run of the settings asked for, or none. Received: {run.path}")
    if run.metrics_json.is_file():
        report(f"{name}: finished before, in {run.path}")
    else:
        begun = time.process_time()
        execute(config, run, tensorboard=False, report=report)
        # Of the part that was just carried out; one that was stopped before counts from there on.
        before = run.read_record().get("processor_seconds", 0.0)
        run.write_record(processor_seconds=round(before + time.process_time() - begun, 1))
    measured = json.loads(run.metrics_json.read_text(encoding="utf-8"))
    kept = run.read_record()
    epochs, batch = config.training.epochs, config.training.batch_size
    pairs = config.data.train_images or len((folder / "train.csv").read_text(encoding="utf-8").splitlines()) - 1
    return {
        "name": name, "what": WHAT[name], **{key: round(measured["test"][key], 4) for key in _MEASURED},
        "training_dice": round(float(read_history(run.history)[-1]["dice"]), 4),
        "test_pairs": measured["test_images"], "steps": epochs * -(-pairs // batch),
        "parameters": measured["parameters"], "seconds": kept["seconds"],
        "processor_seconds": kept.get("processor_seconds"),
    }
