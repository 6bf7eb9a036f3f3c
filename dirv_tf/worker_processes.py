"""A function carried out in processes of its own, any of which may die without taking more along than its task.

The processes are started afresh as ``python -m dirv_tf.worker_processes``, not forked, because TensorFlow's threads do
not survive a fork; and they never import the caller's main module, so that scripts need no guard around theirs. Tasks
and answers are pickled through pipes.
"""

from __future__ import annotations

import collections
import contextlib
import importlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Generator, Sequence
from typing import Any, NamedTuple

_THREAD_VARIABLES = (
    "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)
# Processes that die one after the other before they have done anything: something is wrong with all of them.
_MOST_FALSE_STARTS = 3


class Died(NamedTuple):
    """The outcome of a task whose process died.

    Attributes
    ----------
    reason : str
        How it ended, in words.
    """

    reason: str


class _Raised(NamedTuple):
    text: str
    # A full disk, for instance: who called can say it in a line.
    error: OSError | None = None


def each_in_processes(target: str, tasks: Sequence[Any], processes: int) -> Generator[tuple[int, Any], None, None]:
    """Carry out a function for every task, several at a time.

    Parameters
    ----------
    target : str
        The function of one task, as "module:name".
    tasks : sequence
        What can be pickled.
    processes : int
        Most processes at a time; the machine's threads are divided among them.

    Yields
    ------
    pair of int and object
        The index of a task and what the function returned, or `Died` where its process came to an end. In the order in
        which they are finished.

    Raises
    ------
    OSError
        When the function raised one.
    RuntimeError
        When the function raised something else, or the processes do not even start.

    Notes
    -----
    Closing the generator, or an error in it, ends all processes; so does the end of this process, however it comes.
    """
    processes = min(processes, len(tasks))
    waiting = collections.deque(range(len(tasks)))
    shared = _Shared(target, tasks, waiting, queue.SimpleQueue(), process_environment(processes))
    threads = [threading.Thread(target=shared.serve, daemon=True) for _ in range(processes)]
    for thread in threads:
        thread.start()
    try:
        for _ in tasks:
            index, outcome = shared.outcomes.get()
            if isinstance(outcome, _Raised):
                raise outcome.error or RuntimeError(outcome.text)
            yield index, outcome
    finally:
        shared.stop()
        for thread in threads:
            thread.join()


def divided_threads(processes: int) -> dict[str, str]:
    """Return the environment variables that give each of several processes its share of this machine's cores.

    Parameters
    ----------
    processes : int

    Returns
    -------
    dict of str
        A smaller number that is set already stays.
    """
    # Those that this process may use: a batch system gives fewer than there are.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = max(1, cores // processes)
    return {name: str(min(share, _number(os.environ.get(name), share))) for name in _THREAD_VARIABLES}


def process_environment(processes: int) -> dict[str, str]:
    """Return the environment of one of several processes of this machine: this one's, and what lets them share it.

    Parameters
    ----------
    processes : int

    Returns
    -------
    dict of str
        They import what this process imports, and each has its share of the cores and of a GPU's memory.
    """
    path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)
    # Several processes share a GPU only if none takes all its memory at once.
    growth = {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    return {**growth, **os.environ, **divided_threads(processes), "PYTHONPATH": path}


def _number(text, otherwise):
    return int(text) if text and text.isdigit() and int(text) else otherwise


class _Shared:
    """What the threads have in common; each of them serves one process at a time."""

    def __init__(self, target, tasks, waiting, outcomes, environment):
        self.target, self.tasks, self.waiting, self.outcomes = target, tasks, waiting, outcomes
        self._environment, self._stopped = environment, False
        self._processes, self._false_starts, self._lock = set(), 0, threading.Lock()

    def serve(self):
        """Carry out tasks until there are none left; for a thread."""
        try:
            self._serve()
        except BaseException:
            # Who waits for the outcomes must not wait forever.
            self.outcomes.put((-1, _Raised(traceback.format_exc())))

    def _serve(self):
        process = None
        while not self._stopped:
            try:
                index = self.waiting.popleft()
            except IndexError:
                break
            process = process or self._started()
            if process is None:
                # No task is to blame for a process that never came to it.
                self.waiting.appendleft(index)
                continue
            outcome = _asked(process, self.tasks[index])
            if isinstance(outcome, Died):
                self._end(process)
                process = None
            if not self._stopped:
                self.outcomes.put((index, outcome))
        if process is not None:
            self._end(process)

    def stop(self):
        """End all processes, whatever they do."""
        with self._lock:
            self._stopped = True
            for process in self._processes:
                process.kill()

    def _started(self):
        environment = {"TF_CPP_MIN_LOG_LEVEL": "3", **self._environment}
        command = [sys.executable, "-m", "dirv_tf.worker_processes", self.target]
        with self._lock:
            if self._stopped:
                return None
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
            self._processes.add(process)
        outcome = _answer(process)
        with self._lock:
            self._false_starts = self._false_starts + 1 if isinstance(outcome, Died) else 0
            hopeless = self._false_starts >= _MOST_FALSE_STARTS and not self._stopped
        if isinstance(outcome, Died):
            self._end(process)
            if hopeless:
                self._stopped = True
                self.outcomes.put((-1, _Raised(f"The processes do not start: {outcome.reason}; see standard error.")))
            return None
        return process

    def _end(self, process):
        with self._lock:
            self._processes.discard(process)
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.wait()
        process.stdout.close()


def _asked(process, task):
    try:
        pickle.dump(task, process.stdin)
        process.stdin.flush()
    except OSError:
        pass  # It has died, as the answer will say.
    return _answer(process)


def _answer(process):
    try:
        return pickle.load(process.stdout)
    except (EOFError, pickle.UnpicklingError):
        status = process.wait()
        if status >= 0:
            return Died(f"its process ended with status {status}")
        name = signal.Signals(-status).name
        # The kernel kills; C++ aborts where it gets no memory.
        memory = ", perhaps for want of memory" if name in ("SIGKILL", "SIGABRT") else ""
        return Died(f"its process was ended by {name}{memory}")


def main(target: str) -> None:
    """Answer tasks from standard input until it ends; what the function prints goes to standard error."""
    # Ctrl-C reaches all processes of a terminal; the one that started us decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    tasks: queue.SimpleQueue = queue.SimpleQueue()
    threading.Thread(target=_read_tasks, args=(tasks,), daemon=True).start()
    try:
        _work(target, tasks, answers)
    except BaseException:
        traceback.print_exc()
        # Python would wait for the thread that reads.
        os._exit(1)


def _work(target, tasks, answers):
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    _tell(answers, None)
    while True:
        try:
            answer = function(tasks.get())
        except Exception as error:
            answer = _Raised(traceback.format_exc(), error if isinstance(error, OSError) else None)
        _tell(answers, answer)


def _read_tasks(tasks):
    # The end of the input is the end of who started us: nobody waits for the rest.
    with contextlib.suppress(EOFError):
        while True:
            tasks.put(pickle.load(sys.stdin.buffer))
    os._exit(0)


def _tell(stream, answer):
    pickle.dump(answer, stream)
    stream.flush()


if __name__ == "__main__":
    # As the module that the answers are pickled by, not as the main module.
    importlib.import_module("dirv_tf.worker_processes").main(sys.argv[1])
