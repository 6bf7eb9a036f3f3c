"""Trains with the settings that reach into a step, shared by devices and by workers, beside one process.

``python -m experiments.reliability.shared_settings`` starts real processes on this machine, as `dirv-tf train` does on
several. Every case is a small run that is trained by one process, on two virtual devices and by two workers; others are
stopped on the way and gone on with by more workers. Several workers need Keras 2. Last, the benchmark's training step
that virtual devices share is timed.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import add_output, at_least, say
from experiments.benchmark.plan import FULL
from experiments.reliability import curves
from experiments.reliability.shared_runs import (
    LONGEST_SECONDS,
    TOLERANCE,
    differences,
    differs,
    noted,
    started,
    trained,
    training_arguments,
    wait_for_epochs,
)

RECORD_NAME = "shared_settings.json"
STEPS_PER_EPOCH = 4
# Convolutions of 16 bits round to some 0.4 %; a gradient that is rounded otherwise goes on in all steps behind it.
ROUNDED_TOLERANCE = 1e-3
# A title, and keys of a run file by case; a dictionary is put into the one that is there.
CASES = {
    "mixed": ("`precision: mixed_bfloat16`", {"training": {"precision": "mixed_bfloat16"}}),
    "steps": (
        "`checkpoint_units: true`, `steps_per_execution: 2`",
        {"training": {"checkpoint_units": True, "steps_per_execution": 2}},
    ),
    "terms": (
        "terms of labels, boxes and smoothness, with TensorBoard",
        {
            "data": {"kind": "shapes", "shape_size": [4, 8], "labels": 3, "label_maps": True},
            "training": {"terms": [
                {"kind": "own"}, {"kind": "labels", "measure": "dice"}, {"kind": "boxes", "measure": "dice"},
                {"kind": "smoothness"},
            ]},
        },
    ),
    **{
        kind: (
            f"`{kind}`, {len(stages)} stages",
            {
                "model": {"kind": kind, **arguments},
                "data": {"size": [32, 32], "cell_range": [4, 7]},
                "training": {"loss": "unsupervised", "learning_rate": 1e-3, "stages": stages},
            },
        )
        for kind, (arguments, stages) in curves.CASES.items() if stages
    },
}  # fmt: skip
# The case whose runs write logs: pictures and graphs take longer than such a training.
WITH_LOGS = "terms"
# Workers that begin, 0 for one process, and workers that go on.
GROWN = {"1-to-2": (0, 2), "2-to-4": (2, 4)}
RATES = "rates"
_ONE, _DEVICES = "{kind: none}", "{kind: mirrored, device_type: cpu, devices: 2}"
_WORKERS = "{kind: multi_worker}"
_BATCH = 4
_RUN = {
    "name": "shared",
    "description": "a small training that several processes can share",
    "model": {"levels": 1, "units": 2, "experts": 4, "knots": 8, "kernel_sizes": [3, 3]},
    "data": {
        "kind": "chessboard", "size": [16, 16], "cell_range": [3, 5], "transform": "affine",
        "train_images": STEPS_PER_EPOCH * _BATCH, "test_images": _BATCH,
    },
    "training": {"batch_size": _BATCH, "learning_rate": 3e-3, "loss": "displacement", "clip_norm": 1.0},
    "evaluation": {"batch_size": _BATCH, "validation_images": _BATCH},
}  # fmt: skip


def main(arguments=None):
    """Read the command line and train.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status: 0 all curves are one, 1 not so.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    record = compare(options.only or (*CASES, *GROWN, RATES), options.epochs, options.output, say)
    return 1 if all_faults(record) else 0


def compare(names, epochs, output, report=print, plan=FULL):
    """Carry out trainings and write the record, after each of them.

    Parameters
    ----------
    names : sequence of str
        Keys of `CASES` and `GROWN`, or "rates", the step that is timed.
    epochs : int
        Of four steps each; even, for two stages share them.
    output : str or Path
        Folder of the record, `shared_settings.json`. What it has of others stays if it is of as many epochs.
    report : callable
        Says a line of text.
    plan : experiments.benchmark.plan.Plan
        Of the step that is timed.

    Returns
    -------
    dict
        The record.
    """
    from dirv_tf.io.atomic_write import write_json
    from dirv_tf.io.output_paths import check_output_folder
    from dirv_tf.training.execution.environment import hardware, versions
    from experiments.benchmark.shared_steps import measure_shared_steps

    file = check_output_folder(output) / RECORD_NAME
    older = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    record = {"epochs": epochs, "rows": {}, "grown": {}, "pairs_per_second": {}}
    if older.get("epochs") == epochs:
        record.update({key: older[key] for key in record})
    record.update(versions=versions(), hardware=hardware())
    with tempfile.TemporaryDirectory() as place:
        for name in names:
            report(f"{name} ...")
            folder = Path(place) / (name if name in CASES else "grown")
            if name in CASES:
                record["rows"][name] = _shared(name, _written(folder, CASES[name][1], epochs))
            elif name in GROWN:
                record["grown"][name] = _grown(name, _written(folder, {}, epochs), epochs)
            else:
                # By turns, so that what else runs on the machine slows all of them.
                rates = measure_shared_steps(plan)
                record["pairs_per_second"] = {row.name: round(row.value.median, 1) for row in rates}
            write_json(file, record)
    faults = all_faults(record)
    report("\n".join([*faults, f"{len(faults)} faults. Written: {file}"]))
    return record


def all_faults(record):
    """Return what a record has of trainings that are not as by one process, a line each."""
    rows = {**record["rows"], **record["grown"]}
    return [f"{name}: {fault}" for name, row in rows.items() for fault in row["faults"]]


def run_of(settings, epochs):
    """Return the run file of a case as a dictionary.

    Parameters
    ----------
    settings : dict
        One of the values of `CASES`.
    epochs : int
        Shared by the stages, evenly.
    """
    run = {key: {**value, **settings.get(key, {})} if isinstance(value, dict) else value for key, value in _RUN.items()}
    if "kind" in settings.get("model", {}):
        run["model"] = settings["model"]
    if "kind" in settings.get("data", {}):
        run["data"].pop("cell_range")
    training = run["training"]
    stages = training.pop("stages", ())
    if stages:
        training["stages"] = [{"stage": name, "epochs": epochs // len(stages)} for name in stages]
    else:
        training["epochs"] = epochs
    return run


def _written(folder, settings, epochs):
    folder.mkdir(exist_ok=True)
    # JSON is YAML.
    (folder / "run.yaml").write_text(json.dumps(run_of(settings, epochs)), encoding="utf-8")
    return folder


def _shared(name, folder):
    """Train a case by one process, on devices and by workers, and return how far they are from each other."""
    from dirv_tf.training.execution.environment import keras_version

    title, settings = CASES[name]
    tolerance = ROUNDED_TOLERANCE if "precision" in settings["training"] else TOLERANCE
    row, faults = {"title": title, "tolerance": tolerance}, []
    shared = {"2 virtual devices": (0, _DEVICES)}
    if keras_version().startswith("2."):
        shared["2 workers"] = (2, _WORKERS)
    with noted(faults, "one process"):
        one = trained(folder, "one", 0, None, _ONE, name == WITH_LOGS)
        for who, (workers, distribution) in shared.items():
            with noted(faults, who):
                found = trained(folder, who, workers, None, distribution, name == WITH_LOGS)
                row[who] = differences(one, found)
                faults += [f"{who}: another curve"] if differs(row[who], tolerance) else []
                logs, expected = _logs(found), _logs(one)
                faults += [] if logs == expected and bool(logs) == (name == WITH_LOGS) else [f"{who}: logs {logs}"]
    return {**row, "faults": faults}


def _grown(name, folder, epochs):
    """Stop a training and go on with more workers, and return how far it is from one that was not stopped."""
    first, second = GROWN[name]
    row, faults = {"first": first, "second": second}, []
    with noted(faults, "gone on with"):
        whole = trained(folder, "whole", 0, None)
        row["after_epochs"] = _stopped(folder, name, first, epochs)
        row.update(differences(whole, trained(folder, name, second, None, _WORKERS)))
        faults += ["another curve"] if differs(row) else []
        faults += [] if 0 < row["after_epochs"] < epochs else ["stopped too late"]
    return {**row, "faults": faults}


def _logs(folder):
    """Return the names of the logs of TensorBoard: of several workers, the chief alone writes them."""
    return sorted(path.parent.name for path in folder.rglob("events.*"))


def _stopped(folder, name, workers, epochs):
    """Stop a training by SIGTERM to all of its processes, and return its epochs."""
    from dirv_tf.training.execution.history import read_history

    path = folder / name
    arguments = training_arguments(folder, path, None, _WORKERS if workers else _ONE)
    with started(folder, arguments, workers) as (processes, log):
        wait_for_epochs(path, max(1, epochs // 3), processes, log)
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(LONGEST_SECONDS)
    return len(read_history(path / "history.csv"))


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.reliability.shared_settings", description=__doc__.split("\n")[0]
    )
    parser.add_argument(
        "--epochs", type=at_least(4, multiple_of=2), default=4, help="of four steps each, even (%(default)s)"
    )
    parser.add_argument(
        "--only", nargs="+", choices=(*CASES, *GROWN, RATES), help="these; the record keeps what it has of others"
    )
    add_output(parser, "reliability")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
