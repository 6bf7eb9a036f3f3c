"""What a worker does when another one ends, hangs or never comes: it ends too, within a bounded time, and says so."""

from __future__ import annotations

import contextlib
import math
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from dirv_tf.training.execution.interruption import TrainingInterrupted
from dirv_tf.training.execution.worker_cluster import WorkerCluster

# The exit status: try again later (EX_TEMPFAIL of sysexits.h), as batch systems know it.
WORKER_LOST = 75
# What collective operations raise when a worker is gone, does not answer, or has ended them for a like reason.
_ERRORS = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)
# Others that these operations raise and a worker's own ones as well: the text tells them apart.
_AMBIGUOUS_ERRORS = (tf.errors.InternalError, tf.errors.FailedPreconditionError)
_OF_OTHERS = re.compile("collective|coordination|heartbeat|incarnation|recvbuf|nccl", re.IGNORECASE)
_LONGEST_REASON = 300


class WorkerLost(Exception):
    """Another worker of the training has ended or does not answer; the last checkpoint is whole."""


class Patience:
    """Ends this process, with `WORKER_LOST`, when nothing has gone on for some time.

    TensorFlow finds workers that end. This is for what it does not find: workers that never come, or a network that
    takes messages and loses them.

    Parameters
    ----------
    cluster : WorkerCluster
    seconds : float
    end : callable
        Ends the process with a status; for tests.
    """

    def __init__(self, cluster: WorkerCluster, seconds: float, end: Callable[[int], Any] = os._exit):
        self.cluster, self.seconds, self._end = cluster, seconds, end
        self._renewed, self._over = time.monotonic(), threading.Event()
        self._what = f"the others to join ({', '.join(cluster.addresses)})"

    @property
    def callbacks(self) -> list[tf.keras.callbacks.Callback]:
        """For the training: they see that it goes on."""
        return [_Renewing(self)]

    def joined(self) -> None:
        """All others have joined: wait for none of them until `renew`, since this worker first has work of its own."""
        self._renewed = math.inf

    def renew(self) -> None:
        """Begin to wait anew: something has gone on."""
        self._renewed, self._what = time.monotonic(), "the others to take part in a step"

    def watch(self) -> None:
        """Wait until the training is over or patience is; for a thread."""
        while not self._over.wait(min(1.0, self.seconds / 4)):
            if time.monotonic() - self._renewed > self.seconds:
                print(
                    f"error: Expected {self._what}. Received: nothing within {self.seconds:g} seconds "
                    f"(training.distribution.patience), at {self.cluster.name}",
                    file=sys.stderr,
                    flush=True,
                )
                self._end(WORKER_LOST)
                return

    def stop(self) -> None:
        """Wait no longer."""
        self._over.set()


class _Renewing(tf.keras.callbacks.Callback):
    def __init__(self, patience):
        super().__init__()
        self.patience = patience

    def on_train_begin(self, logs=None):
        self.patience.renew()

    def on_test_begin(self, logs=None):
        self.patience.renew()

    def on_train_batch_end(self, batch, logs=None):
        self.patience.renew()

    def on_test_batch_end(self, batch, logs=None):
        self.patience.renew()

    def on_epoch_end(self, epoch, logs=None):
        self.patience.renew()


@contextlib.contextmanager
def waiting_for_others(cluster: WorkerCluster | None, seconds: float) -> Iterator[Patience | None]:
    """Wait for the other workers within the block, but not longer than so many seconds at a time.

    Parameters
    ----------
    cluster : WorkerCluster or None
        None where there are no others.
    seconds : float

    Yields
    ------
    Patience or None
        To be told what goes on; None where there are no others.
    """
    if cluster is None:
        yield None
        return
    patience = Patience(cluster, seconds)
    threading.Thread(target=patience.watch, daemon=True).start()
    try:
        yield patience
    finally:
        patience.stop()


def leave_within(seconds: float, status: int) -> None:
    """End this process with a status, should Python not have come to its end after so many seconds."""
    timer = threading.Timer(seconds, os._exit, (status,))
    timer.daemon = True
    timer.start()


@contextlib.contextmanager
def others_may_end(cluster: WorkerCluster | None, request: Any) -> Iterator[None]:
    """Turn the errors that the end of another worker brings about into one that says it.

    Parameters
    ----------
    cluster : WorkerCluster or None
        None where there are no others; of one worker alone, all errors are its own.
    request : StopRequest

    Raises
    ------
    WorkerLost
        In place of TensorFlow's error.
    TrainingInterrupted
        Where this worker was asked to stop as well: a signal to all of them finds one first.
    """
    try:
        yield
    except (*_ERRORS, *_AMBIGUOUS_ERRORS) as error:
        if cluster is None or len(cluster.addresses) == 1:
            raise
        if isinstance(error, _AMBIGUOUS_ERRORS) and not _OF_OTHERS.search(str(error)):
            raise
        if request.requested:
            raise TrainingInterrupted(request.number) from error
        raise WorkerLost(
            f"Expected all {len(cluster.addresses)} workers to go on. Received: {_reason(error)}, at {cluster.name}; "
            "the log of the worker that ended first may say more"
        ) from error


def _reason(error):
    """Return the line of TensorFlow's error that says why; it has many about where."""
    lines = [line.strip() for line in str(error).split("\n") if line.strip()]
    telling = [line.partition("aborted by: ")[2] for line in lines if "aborted by: " in line]
    return (telling or lines or [type(error).__name__])[0].rstrip(".")[:_LONGEST_REASON]
