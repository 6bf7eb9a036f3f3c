"""The pairs as tasks of a client: of a Dask cluster, or of anything else that submits functions and returns futures.

Nothing of Dask is imported here: futures that tell when they are done, as those of `concurrent.futures`, are all it
takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import inspect
import queue
import threading
from collections.abc import Generator, Sequence
from typing import Any

from dirv_tf.registration.pairs.one_pair import PairTask, failed_row, register_pair
from dirv_tf.registration.pairs.pair_row import PairRow
from dirv_tf.resource_errors import is_disk_error

# What Dask raises where the workers of a task died again and again (`distributed.scheduler.KilledWorker`).
_KILLED_WORKER = "KilledWorker"
# A worker may have several threads, but warnings belong to the process: those of two pairs would mix.
_one_at_a_time = threading.Lock()


def check_client(client: Any) -> None:
    """Raise a TypeError for what cannot submit functions."""
    if not callable(getattr(client, "submit", None)):
        raise TypeError(
            "Expected a client with the method `submit`, such as dask.distributed.Client or an executor of "
            f"concurrent.futures. Received: client={client!r}"
        )


def register_on_worker(task: PairTask) -> PairRow | None:
    """Register a pair in a worker's process, and write its record there.

    The record is written by who registers: the result of a task is lost with its worker until it is fetched, and the
    task is carried out again. It then finds the record, and the pair is registered once.

    Parameters
    ----------
    task : PairTask

    Returns
    -------
    PairRow or None
        As of `register_pair`.

    Raises
    ------
    FileNotFoundError
        If the worker does not see the folder of the results.
    OSError
        As `register_pair`.
    """
    if not task.folder.is_begun():
        # A folder of the same name would be made on the worker's own disk.
        raise FileNotFoundError(
            f"Expected a folder of results that every worker sees. Received: output={task.folder.path}"
        )
    with _one_at_a_time:
        row = register_pair(task)
        if row is not None:
            task.folder.write_row(row)
    return row


def each_on_cluster(tasks: Sequence[PairTask], client: Any) -> Generator[PairRow | None, None, None]:
    """Carry out tasks on the workers of a client.

    Parameters
    ----------
    tasks : sequence of PairTask
    client : object
        Has ``submit(function, task)``, which returns a future with `add_done_callback` and `result`.

    Yields
    ------
    PairRow or None
        As of `register_pair`, in the order in which the pairs are finished. A pair whose workers died again and again,
        so that Dask gave it up, is a failed one.

    Raises
    ------
    OSError
        When a worker's disk is full or cannot be written.
    RuntimeError
        When the client gives up for another reason: its executor is broken, a worker cannot import the package, ...

    Notes
    -----
    Closing the generator, or an error in it, cancels the tasks that are left; those at work are finished.
    """
    done: queue.SimpleQueue = queue.SimpleQueue()
    # Two calls that submit the same task are two tasks: the results may have been taken away in between.
    choice = {"pure": False} if "pure" in _parameters(client.submit) else {}
    futures: dict[int, Any] = {}
    try:
        for index, task in enumerate(tasks):
            # The records of the pairs that are to be replaced are gone by now: one that is there is of this call.
            futures[index] = client.submit(register_on_worker, dataclasses.replace(task, keep=True), **choice)
            futures[index].add_done_callback(lambda future, index=index: done.put(index))
        for _ in tasks:
            index = done.get()
            # A cluster keeps a result as long as somebody holds its future.
            yield _outcome(futures.pop(index), tasks[index])
    finally:
        for future in futures.values():
            # The connection may be what was lost.
            with contextlib.suppress(Exception):
                future.cancel()


def _outcome(future, task):
    try:
        return future.result()
    except (Exception, asyncio.CancelledError) as error:
        if is_disk_error(error) or isinstance(error, OSError):
            raise
        if type(error).__name__ == _KILLED_WORKER:
            earlier = task.folder.row(task.files.name)
            if earlier is not None and earlier.is_done:
                return earlier
            task.folder.remove_results(task.files.name)
            return failed_row(task.files, "the workers that it was given to died, perhaps for want of memory")
        raise RuntimeError(f"The client gave up; resume=True goes on: {type(error).__name__}: {error}") from error


def _parameters(function):
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}
