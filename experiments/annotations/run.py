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
from dirv_tf.training.execution.building import training_pairs
from dirv_tf.training.execution.environment import hardware, versions
from dirv_tf.training.execution.history import read_history
from dirv_tf.training.execution.run import execute
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.validation import ConfigError
from experiments.annotations.members import (
    MEMBERS,
    RUN,
    TEST,
    member_config,
    people_of,
    person_of,
    tested_people,
    write_pairs,
)
from experiments.annotations.pair_scores import mean_dice, pair_scores
from experiments.annotations.table import markdown, text_lines

RECORD = "hippocampus.json"
_MEANS = {"dice_before": "before", "dice": "once", "dice_twice": "twice"}
_LABELED = ("dice", "dice_twice")
_MEASURED = ("folded_percent", "dl_int_finest")


def compare_annotations(people, folder, names, overrides=None, report=print) -> dict:
    """Train and test members, unless they are finished, and write the record.

    Parameters
    ----------
    people : Path
        Folder of the people to train on, see `people_of`.
    folder : Path
        Gets one run's folder per member, the table of training pairs and the record. A stopped training goes on, and
        members that are not asked for stay in the record; what the record notes of a finished run stays, too.
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
        As `people_of` and the runs do, and where the folder holds a record of other people, or a run of other settings
        or people.
    """
    folder = check_output_folder(folder)
    tested = tested_people()
    chosen = people_of(people, tested)
    who = {"trained_on": [person.name for person in chosen], "tested_on": tested}
    members = _older_members(folder / RECORD, who)
    folder.mkdir(parents=True, exist_ok=True)
    count = write_pairs(chosen, folder / "train.csv")
    report(f"{len(chosen)} people to train on, {count} ordered pairs; tested on {', '.join(tested)}")
    record = {
        **who, "training_pairs": count, "members": [], "versions": versions(), "hardware": hardware(),
    }  # fmt: skip
    for number, name in enumerate(names, start=1):
        report(f"[{number}/{len(names)}] {name}: {MEMBERS[name].what}")
        config, run = member_config(name, folder / "train.csv", overrides), RunFolder(folder / name)
        noted = _noted(members.get(name, {})) if run.metrics_json.is_file() else {}
        _carry_out(config, run, who["trained_on"], report)
        members[name] = {**_measured(name, config, run), **noted}
        # Also those of a record that this command does not know any more.
        record["members"] = [members[each] for each in dict.fromkeys([*MEMBERS, *members]) if each in members]
        record["date"] = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        write_json(folder / RECORD, record)
        write_text(folder / RECORD.replace(".json", ".md"), markdown(record))
    for line in text_lines(record):
        report(line)
    return record


def _older_members(path: Path, who):
    """Return the members of a record that is there already, by name; they must be of the same people."""
    if not path.is_file():
        return {}
    older = file_json(path)
    for key, people in who.items():
        if sorted(older[key]) != sorted(people):
            raise ConfigError(
                f"Expected the people that {path} says, {key}: {', '.join(older[key])}; another folder (-o) takes "
                f"other people. Received: {', '.join(people)}"
            )
    return {member["name"]: member for member in older["members"]}


def _noted(member):
    """Return what somebody wrote beside the numbers of a member."""
    return {"note": member["note"]} if "note" in member else {}


def _carry_out(config, run: RunFolder, people, report):
    """Train and test a member, unless that is done."""
    if run.config.is_file() and load_run(run.config) != config:
        raise ConfigError(f"Expected a run of the settings asked for, or none. Received: {run.path}")
    if run.metrics_json.is_file():
        # The table of pairs has been written anew since, under the name that the settings have.
        trained_on = sorted({person_of(file) for pair in run.read_record()["files"]["train"] for file in pair[:2]})
        if trained_on != sorted(people):
            raise ConfigError(
                f"Expected a run that was trained on {', '.join(people)}, or none. Received: {run.path}, trained on "
                f"{', '.join(trained_on)}"
            )
        report(f"{run.path.name}: finished before, in {run.path}")
        return
    begun = time.process_time()
    try:
        execute(config, run, tensorboard=False, report=report)
    finally:
        # A training that was stopped counts as far as it came.
        if run.record.is_file():
            before = run.read_record().get("processor_seconds", 0.0)
            run.write_record(processor_seconds=round(before + time.process_time() - begun, 1))


def _measured(name, config, run: RunFolder):
    """Return the entry of a finished member."""
    measured = json.loads(run.metrics_json.read_text(encoding="utf-8"))
    weights, labels = run.path / ARRAYS_NAME, load_run(RUN).data.labels
    test = pair_scores(weights, TEST, config.data, labels)
    training = pair_scores(weights, Path(config.data.train_pairs), config.data, labels, twice=False)
    each = {
        f"{key}_label{label}": round(float(np.mean([pair[_MEANS[key]][place] for pair in test])), 4)
        for key in _LABELED for place, label in enumerate(labels)
    }  # fmt: skip
    kept = run.read_record()
    return {
        "name": name, "what": MEMBERS[name].what, **{key: round(measured["test"][key], 4) for key in _MEASURED},
        **each, **{key: round(mean_dice(test, name), 4) for key, name in _MEANS.items()},
        "training_dice": round(mean_dice(training, "once"), 4), "pairs": test,
        "test_pairs": measured["test_images"],
        # Of the epochs that were trained: a run may have been ended before its last one.
        "steps": len(read_history(run.history)) * training_pairs(config).steps_per_epoch,
        "parameters": measured["parameters"], "seconds": kept["seconds"],
        "processor_seconds": kept.get("processor_seconds"),
        # Members of one record may have been trained on different machines.
        **({"hardware": kept["hardware"]} if "hardware" in kept else {}),
    }  # fmt: skip
