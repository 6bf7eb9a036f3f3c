"""Trainings of one run by one process, by several workers or on several devices, and whether two of them are one."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time

# Of a loss, and of a weight as a share of the largest one.
TOLERANCE = 1e-5
# Nothing takes so long, however busy the machine.
LONGEST_SECONDS = 1200.0
_SETTING = "training.distribution"
_SECONDS_BETWEEN_LOOKS = 0.05


def training_arguments(place, folder, epochs, distribution="{kind: none}", tensorboard=False):
    """Return the arguments of `dirv-tf` that begin the run `place`/run.yaml in a folder, or go on with it.

    Parameters
    ----------
    place, folder : Path
    epochs : int or None
        None: as many as the file says.
    distribution : str
        The section of the run file.
    tensorboard : bool

    Returns
    -------
    list of str
    """
    settings = {} if epochs is None else {"training.epochs": epochs}
    settings[_SETTING] = distribution
    return [
        "train", str(place / "run.yaml"), "--output", str(folder), "--continue",
        *(() if tensorboard else ("--no-tensorboard",)),
        *(f"--set={key}={value}" for key, value in settings.items()),
    ]  # fmt: skip


def trained(place, name, workers, epochs, distribution="{kind: none}", tensorboard=False):
    """Carry out the whole run, or the rest of it, in processes of their own.

    Parameters
    ----------
    place : Path
        With the file run.yaml.
    name : str
        Of the folder in it.
    workers : int
        How many; 0: one process without `TF_CONFIG`.
    epochs, distribution, tensorboard
        See `training_arguments`.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    RuntimeError
        When a process does not end with 0; with the last of what they said.
    subprocess.TimeoutExpired
        When one hangs.
    """
    folder = place / name
    arguments = training_arguments(place, folder, epochs, distribution, tensorboard)
    with started(place, arguments, workers) as (processes, log):
        statuses = [process.wait(LONGEST_SECONDS) for process in processes]
        if any(statuses):
            raise RuntimeError(f"Expected a training that ends well. Received: {statuses}, {log.read_text()[-2000:]}")
    return folder


@contextlib.contextmanager
def started(place, arguments, workers):
    """Start one process or, of more than 0 workers, several; none of them outlives the block.

    Yields
    ------
    processes : list of subprocess.Popen
    log : Path
        What they say.
    """
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


def wait_for_epochs(folder, epochs, processes, log):
    """Wait until a run that goes on has so many epochs.

    Parameters
    ----------
    folder : Path
        Of the run.
    epochs : int
    processes, log
        See `started`.

    Raises
    ------
    RuntimeError
        When the first process ends before, or hangs.
    """
    from dirv_tf.training.execution.history import read_history

    end = time.monotonic() + LONGEST_SECONDS
    while len(read_history(folder / "history.csv")) < epochs:
        if time.monotonic() > end or processes[0].poll() is not None:
            raise RuntimeError(f"Expected a training that goes on. Received: {log.read_text()[-2000:]}")
        time.sleep(_SECONDS_BETWEEN_LOOKS)


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


def differs(found, tolerance=TOLERANCE):
    """Whether one of the three `differences` is too large; what is no number is."""
    return not all(found[name] <= tolerance for name in ("loss", "unseen", "weights"))


@contextlib.contextmanager
def noted(faults, name):
    """Note a training that hangs, fails or lacks an epoch as a fault, with which the others go on.

    Parameters
    ----------
    faults : list of str
        Gets it.
    name : str
        Of the training.
    """
    try:
        yield
    except (subprocess.TimeoutExpired, RuntimeError, OSError) as error:
        faults.append(f"{name}: {type(error).__name__}: {error}")
