"""The comparison from start to end: teachers, trainings, tests, record."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dirv_tf.io.atomic_write import write_json
from dirv_tf.io.file_paths import file_json
from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.metrics import folded_percent
from dirv_tf.models import load_weights_file
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution.building import training_pairs
from dirv_tf.training.execution.environment import hardware, versions
from dirv_tf.training.execution.run import execute
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.training.execution.teaching import find_teacher_fields
from dirv_tf.validation import ConfigError
from experiments.comparison.measurement import measure
from experiments.comparison.networks import network_flow_field
from experiments.comparison.pair_sets import Pairs, draw
from experiments.distillation.members import MEMBERS, SIZES, TARGETS, TESTS, member_config, teachers

RECORD = "distillation.json"


def compare_students(
    folder: Path, names: Sequence[str], pairs: int = 100, overrides: dict | None = None,
    report: Callable[[str], None] = print,
) -> dict:  # fmt: skip
    """Measure the teachers, train and test students unless they are finished, and write the record.

    Parameters
    ----------
    folder : Path
        Gets one run's folder per student, the teacher's fields and the record. A stopped training goes on, and students
        that are not asked for stay in the record.
    names : sequence of str
        Of `members.MEMBERS`.
    pairs : int
        To test on, of each kind.
    overrides : dict, optional
        Further settings of all students.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
        The record.

    Raises
    ------
    ConfigError
        As the runs do, and where the folder holds a run of other settings, or a record of another number of pairs.
    """
    folder = check_output_folder(folder)
    older = file_json(folder / RECORD) if (folder / RECORD).is_file() else {"pairs": pairs, "rows": []}
    if older["pairs"] != pairs:
        raise ConfigError(f"Expected the number of pairs of the record, {older['pairs']}. Received: pairs={pairs}")
    folder.mkdir(parents=True, exist_ok=True)
    tests = {test.name: draw(test, "test", pairs) for test in TESTS}
    found = {row["name"]: row for row in older["rows"]}
    record: dict[str, Any] = {"pairs": pairs, "tests": {test.name: test.what for test in TESTS}, **_training(overrides)}
    record["teacher_seconds"] = _teacher_seconds(folder, names, overrides, older, report)

    def add(row):
        found[row["name"]] = row
        order = [name for name, *_ in teachers_of] + list(MEMBERS)
        record["rows"] = [found[name] for name in order if name in found]
        record.update(versions=versions(), hardware=hardware())
        record["date"] = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        write_json(folder / RECORD, record)

    teachers_of = teachers()
    for name, what, register in teachers_of:
        if name not in found:
            report(f"{name}: {what}")
            add({"name": name, "what": what, **_measured(register, tests)})
    for number, name in enumerate(names, start=1):
        report(f"[{number}/{len(names)}] {name}")
        config, run = member_config(name, folder / "teacher", overrides), RunFolder(folder / name)
        seconds = _carry_out(config, run, report)
        network = load_weights_file(run.path)
        member = MEMBERS[name]
        row = {"name": name, "size": member.size, "target": member.target, "parameters": network.count_params()}
        row.update(_measured(network_flow_field(network), tests), processor_seconds=seconds)
        add(row)
        report(", ".join(f"{test} {values}" for test, values in row["tests"].items()))
    return record


def _training(overrides):
    """Return the record's entry of what the students were trained with."""
    config = member_config("medium-known", Path("teacher"), overrides)
    steps = config.training.epochs * -(-config.data.train_images // config.training.batch_size)
    return {
        "training_pairs": config.data.train_images, "epochs": config.training.epochs, "steps": steps,
        "batch_size": config.training.batch_size, "size": list(config.data.size), "seed": config.seeds.training,
    }  # fmt: skip


def _teacher_seconds(folder, names, overrides, older, report):
    """Find the teacher's fields, and return how many seconds of a processor that took, all calls together."""
    taught = [name for name in names if MEMBERS[name].target == "taught"]
    if not taught:
        return older.get("teacher_seconds", 0.0)
    config, begun = member_config(taught[0], folder / "teacher", overrides), time.process_time()
    find_teacher_fields(config, training_pairs(config), None, report)
    return round(older.get("teacher_seconds", 0.0) + time.process_time() - begun, 1)


def _carry_out(config, run: RunFolder, report) -> float | None:
    """Train and test a student unless that is done; return how many seconds of a processor it took."""
    if run.config.is_file() and load_run(run.config) != config:
        raise ConfigError(f"Expected a run of the settings asked for, or none. Received: {run.path}")
    if run.metrics_json.is_file():
        report(f"{run.path.name}: finished before, in {run.path}")
        return run.read_record().get("processor_seconds")
    begun = time.process_time()
    try:
        execute(config, run, tensorboard=False, report=report)
    finally:
        # A training that was stopped counts as far as it came.
        if run.record.is_file():
            before = run.read_record().get("processor_seconds", 0.0)
            run.write_record(processor_seconds=round(before + time.process_time() - begun, 1))
    return run.read_record()["processor_seconds"]


def _measured(register, tests: dict[str, Pairs]) -> dict:
    """Return what a function of a pair does to the pairs of every test."""
    return {"tests": {name: _of_test(register, pairs) for name, pairs in tests.items()}}


def _of_test(register, pairs):
    fields = []

    def kept(fixed, moving):
        fields.append(register(fixed, moving))
        return fields[-1]

    measured = measure(kept, pairs)
    # The first call was to prepare.
    measured["folded_percent"] = round(float(np.mean(folded_percent(np.stack(fields[1:])))), 4)
    return measured


def by_size_and_target(record: dict) -> dict[tuple[str, str], dict]:
    """Return the rows of students by size and target, in the order of `SIZES` and `TARGETS`."""
    rows = {(row["size"], row["target"]): row for row in record["rows"] if "size" in row}
    return {(size, target): rows[size, target] for size in SIZES for target in TARGETS if (size, target) in rows}
