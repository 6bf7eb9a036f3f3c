"""Trains one run by one process, by several workers and on several devices, kills workers, and compares the curves.

``python -m experiments.reliability.workers`` starts real processes on this machine, as `dirv-tf train` does on several.
A worker is killed with SIGKILL on the way, once the chief and once another one; the others must end by themselves, and
the same command must go on to the curve of a run that was never interrupted. Needs Keras 2; not for Windows.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import add_output, at_least, say
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

RECORD_NAME = "workers.json"
BATCH = 8
STEPS_PER_EPOCH = 2
RUN = f"""\
name: shared
description: the smallest training that several processes can share
model: {{levels: 1, units: 2, experts: 4, knots: 8, kernel_sizes: [3, 3]}}
data:
  kind: chessboard
  size: [16, 16]
  cell_range: [3, 5]
  transform: affine
  desensitize: false
  train_images: {BATCH * STEPS_PER_EPOCH}
  test_images: 8
training:
  epochs: 25
  batch_size: {BATCH}
  learning_rate: 3.0e-3
  schedule: cosine
  loss: displacement
  clip_norm: 1.0
evaluation: {{batch_size: 8, validation_images: 8}}
"""


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
    record = compare(options.workers, options.epochs, options.output, say)
    return 0 if not record["faults"] else 1


def compare(workers, epochs, output, report=print):
    """Carry out all trainings and write the record.

    Parameters
    ----------
    workers : list of int
        Numbers of worker processes; of the first one, some are killed.
    epochs : int
        Of two steps each.
    output : str or Path
        Folder of the record, `workers.json`.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
        The record.
    """
    from dirv_tf.io.atomic_write import write_json
    from dirv_tf.io.output_paths import check_output_folder
    from dirv_tf.training.execution.environment import hardware, keras_version, versions
    from dirv_tf.training.execution.history import read_history

    if not keras_version().startswith("2."):
        report(f"Several workers need Keras 2, and are left out. Received: Keras {keras_version()}")
        workers = []
    output = check_output_folder(output)
    rows, kills, losses, faults = [], [], [], []
    with tempfile.TemporaryDirectory() as place, noted(faults, "one process"):
        place = Path(place)
        (place / "run.yaml").write_text(RUN, encoding="utf-8")
        mirrored = "{kind: mirrored, device_type: cpu, devices: 2}"
        one = trained(place, "one", 0, epochs)
        losses = [float(row["loss"]) for row in read_history(one / "history.csv")]
        cases = [("2 virtual devices", 0, mirrored), *((f"{n} workers", n, "{kind: multi_worker}") for n in workers)]
        for name, count, distribution in cases:
            report(f"{name} ...")
            with noted(faults, name):
                found = differences(one, trained(place, name, count, epochs, distribution))
                rows.append({"name": name, **found})
                faults += [f"{name}: other curve"] if differs(found) else []
                report(f"{name}: largest difference of a loss {found['loss']:.1e}")
        for victim in ("chief", "other") if workers else ():
            report(f"{workers[0]} workers, one killed: {victim} ...")
            with noted(faults, f"{victim} killed"):
                found = _killed(place, victim, workers[0], epochs, place / f"{workers[0]} workers")
                kills.append({"killed": victim, "workers": workers[0], **found})
                faults += [f"{victim} killed: {fault}" for fault in found["faults"]]
                report(f"{victim}: the others ended after {found['seconds_to_end']:.0f} s")
    record = {
        "steps": epochs * STEPS_PER_EPOCH,
        "tolerance": TOLERANCE,
        "losses": losses,
        "rows": rows,
        "kills": kills,
        "faults": faults,
        "versions": versions(),
        "hardware": hardware(),
    }
    write_json(output / RECORD_NAME, record)
    report("\n".join([*faults, f"{len(faults)} faults. Written: {output / RECORD_NAME}"]))
    return record


def _killed(place, victim, workers, epochs, whole):
    """Kill a worker on the way, look how the others end, go on, and compare with the run that was not interrupted."""
    from dirv_tf.training.execution.history import read_history
    from dirv_tf.training.execution.worker_loss import WORKER_LOST

    folder = place / f"killed {victim}"
    arguments = training_arguments(place, folder, epochs, "{kind: multi_worker}")
    with started(place, arguments, workers) as (processes, log):
        wait_for_epochs(folder, max(1, epochs // 3), processes, log)
        dead = processes.pop(0 if victim == "chief" else -1)
        dead.send_signal(signal.SIGKILL)
        begun = time.monotonic()
        statuses = [process.wait(LONGEST_SECONDS) for process in processes]
        seconds = time.monotonic() - begun
        said = "Expected all" in log.read_text(encoding="utf-8")
    kept = len(read_history(folder / "history.csv"))
    trained(place, folder.name, workers, epochs, "{kind: multi_worker}")
    found = differences(whole, folder)
    faults = [] if set(statuses) == {WORKER_LOST} else [f"exit statuses {statuses}"]
    faults += [] if said else ["no worker said what had happened"]
    faults += [] if kept < epochs else ["it was killed too late"]
    faults += ["another curve"] if differs(found) else []
    return {"after_epochs": kept, "statuses": statuses, "seconds_to_end": round(seconds, 1), **found, "faults": faults}


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.reliability.workers", description=__doc__.split("\n")[0]
    )
    parser.add_argument(
        "--workers", type=at_least(2), nargs="+", default=[2, 4], help="numbers of processes (%(default)s)"
    )
    parser.add_argument("--epochs", type=at_least(3), default=25, help="of two steps each (%(default)s)")
    add_output(parser, "reliability")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
