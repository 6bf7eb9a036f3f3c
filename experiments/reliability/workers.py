"""Trains one run by one process, by several workers and on several devices, kills workers, and compares the curves.

``python -m experiments.reliability.workers`` starts real processes on this machine, as `dirv-tf train` does on several.
A worker is killed with SIGKILL on the way, once the chief and once another one; the others must end by themselves, and
the same command must go on to the curve of a run that was never interrupted. Needs Keras 2; not for Windows.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import add_output, at_least, say

RECORD_NAME = "workers.json"
# Of a loss, and of a weight as a share of the largest one.
TOLERANCE = 1e-5
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
_SETTING = "training.distribution"
# Nothing takes so long, however busy the machine.
_LONGEST_SECONDS = 1200.0
_SECONDS_BETWEEN_LOOKS = 0.05


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
    with tempfile.TemporaryDirectory() as place, _noted(faults, "one process"):
        place = Path(place)
        (place / "run.yaml").write_text(RUN, encoding="utf-8")
        mirrored = "{kind: mirrored, device_type: cpu, devices: 2}"
        one = _trained(place, "one", 0, epochs)
        losses = [float(row["loss"]) for row in read_history(one / "history.csv")]
        cases = [("2 virtual devices", 0, mirrored), *((f"{n} workers", n, "{kind: multi_worker}") for n in workers)]
        for name, count, distribution in cases:
            report(f"{name} ...")
            with _noted(faults, name):
                found = differences(one, _trained(place, name, count, epochs, distribution))
                rows.append({"name": name, **found})
                faults += [f"{name}: other curve"] if _differs(found) else []
                report(f"{name}: largest difference of a loss {found['loss']:.1e}")
        for victim in ("chief", "other") if workers else ():
            report(f"{workers[0]} workers, one killed: {victim} ...")
            with _noted(faults, f"{victim} killed"):
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


@contextlib.contextmanager
def _noted(faults, name):
    """Note a training that hangs, fails or lacks an epoch as a fault, with which the others go on."""
    try:
        yield
    except (subprocess.TimeoutExpired, RuntimeError, OSError) as error:
        faults.append(f"{name}: {type(error).__name__}: {error}")


def _differs(found):
    # What is no number differs as well.
    return not all(found[name] <= TOLERANCE for name in ("loss", "unseen", "weights"))


def _arguments(place, folder, epochs, distribution="{kind: none}"):
    settings = {"training.epochs": epochs, _SETTING: distribution}
    return [
        "train", str(place / "run.yaml"), "--output", str(folder), "--continue", "--no-tensorboard",
        *(f"--set={key}={value}" for key, value in settings.items()),
    ]  # fmt: skip


def _trained(place, name, workers, epochs, distribution="{kind: none}"):
    """Carry out the whole run, or the rest of it, and return its folder."""
    folder = place / name
    with _started(place, _arguments(place, folder, epochs, distribution), workers) as (processes, log):
        statuses = [process.wait(_LONGEST_SECONDS) for process in processes]
        if any(statuses):
            raise RuntimeError(f"Expected a training that ends well. Received: {statuses}, {log.read_text()[-2000:]}")
    return folder


@contextlib.contextmanager
def _started(place, arguments, workers):
    """Start one process or several workers; none of them outlives the block."""
    from dirv_tf.training.execution.local_workers import start_local_workers

    log = place / "log.txt"
    with open(log, "w", encoding="utf-8") as stream:
        streams = {"stdout": stream, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
        if workers:
            processes = start_local_workers(workers, arguments, **streams)
        else:
            processes = [subprocess.Popen([sys.executable, "-m", "dirv_tf", *arguments], **streams)]
        try:
            yield processes, log
        finally:
            for process in processes:
                process.kill()
                process.wait()


def _killed(place, victim, workers, epochs, whole):
    """Kill a worker on the way, look how the others end, go on, and compare with the run that was not interrupted."""
    from dirv_tf.training.execution.history import read_history
    from dirv_tf.training.execution.worker_loss import WORKER_LOST

    folder = place / f"killed {victim}"
    arguments = _arguments(place, folder, epochs, "{kind: multi_worker}")
    with _started(place, arguments, workers) as (processes, log):
        end = time.monotonic() + _LONGEST_SECONDS
        while len(read_history(folder / "history.csv")) < max(1, epochs // 3):
            if time.monotonic() > end or processes[0].poll() is not None:
                raise RuntimeError(f"Expected a training that goes on. Received: {log.read_text()[-2000:]}")
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        dead = processes.pop(0 if victim == "chief" else -1)
        dead.send_signal(signal.SIGKILL)
        begun = time.monotonic()
        statuses = [process.wait(_LONGEST_SECONDS) for process in processes]
        seconds = time.monotonic() - begun
        said = "Expected all" in log.read_text(encoding="utf-8")
    kept = len(read_history(folder / "history.csv"))
    _trained(place, folder.name, workers, epochs, "{kind: multi_worker}")
    found = differences(whole, folder)
    faults = [] if set(statuses) == {WORKER_LOST} else [f"exit statuses {statuses}"]
    faults += [] if said else ["no worker said what had happened"]
    faults += [] if kept < epochs else ["it was killed too late"]
    faults += ["another curve"] if _differs(found) else []
    return {"after_epochs": kept, "statuses": statuses, "seconds_to_end": round(seconds, 1), **found, "faults": faults}


def differences(expected, found):
    """Compare two runs.

    Parameters
    ----------
    expected, found : Path
        Their folders.

    Returns
    -------
    dict of float
        `loss`: largest relative difference of a loss in training; `unseen`: of one on unseen pairs; `weights`: largest
        difference of a weight, as a share of the largest weight.

    Raises
    ------
    RuntimeError
        When the epochs are not the same ones.
    """
    import numpy as np

    from dirv_tf.training.execution.history import read_history

    one, other = (read_history(folder / "history.csv") for folder in (expected, found))
    epochs = [[int(row["epoch"]) for row in rows] for rows in (one, other)]
    if epochs[0] != epochs[1] or epochs[0] != list(range(1, len(one) + 1)):
        raise RuntimeError(f"Expected the epochs {epochs[0]}. Received: {epochs[1]}")
    curves = {
        name: [np.array([float(row[column]) for row in rows]) for rows in (one, other)]
        for name, column in (("loss", "loss"), ("unseen", "val_loss"))
    }
    largest = {name: float(np.max(np.abs(second / first - 1))) for name, (first, second) in curves.items()}
    with np.load(expected / "weights.npz") as first, np.load(found / "weights.npz") as second:
        weights = max(float(np.abs(second[name] - first[name]).max()) for name in first.files)
        scale = max(float(np.abs(first[name]).max()) for name in first.files)
    return {**largest, "weights": weights / scale}


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
