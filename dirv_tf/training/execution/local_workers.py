"""Several workers of one training on this machine, each a process of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from dirv_tf.stop_signals import Terminated
from dirv_tf.training.execution.worker_cluster import TF_CONFIG, WorkerCluster
from dirv_tf.worker_processes import process_environment

_SECONDS_BETWEEN_LOOKS = 0.2


def train_in_local_workers(count: int, arguments: Sequence[str]) -> int:
    """Start a command once for every worker, and wait until all have ended.

    Parameters
    ----------
    count : int
    arguments : sequence of str
        Of ``dirv-tf``.

    Returns
    -------
    int
        Exit status: that of the chief, unless it is 0, else of the first other one that is not. 128 and the number of
        the signal for a process that was killed.

    Notes
    -----
    Ctrl-C and SIGTERM are passed on to all workers, which stop after their step.
    """
    processes = start_local_workers(count, arguments)
    try:
        _wait(processes)
    except BaseException:
        _kill(processes)
        raise
    statuses = [_status(process.returncode) for process in processes]
    return next((status for status in statuses if status), 0)


def start_local_workers(count: int, arguments: Sequence[str], **settings: Any) -> list[subprocess.Popen]:
    """Start a command once for every worker.

    Parameters
    ----------
    count : int
    arguments : sequence of str
        Of ``dirv-tf``.
    **settings
        Of `subprocess.Popen`, such as `stdout`.

    Returns
    -------
    list of subprocess.Popen
        The chief is the first one. Where not all can be started, none is left.
    """
    cluster = WorkerCluster(_free_addresses(count), 0)
    environment = process_environment(count)
    command = [sys.executable, "-m", "dirv_tf", *arguments]
    processes: list[subprocess.Popen] = []
    try:
        for number in range(count):
            own = {**environment, TF_CONFIG: cluster._replace(number=number).tf_config()}
            # Of their own session, so that a Ctrl-C of the terminal reaches them once: from whoever started them.
            processes.append(subprocess.Popen(command, env=own, start_new_session=True, **settings))
    except BaseException:
        _kill(processes)
        raise
    return processes


def _wait(processes):
    while any(process.poll() is None for process in processes):
        try:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        except KeyboardInterrupt as stop:
            number = signal.SIGTERM if isinstance(stop, Terminated) else signal.SIGINT
            for process in processes:
                if process.poll() is None:
                    process.send_signal(number)


def _kill(processes):
    # What is not expected leaves no workers behind.
    for process in processes:
        process.kill()


def _status(code):
    return code if code >= 0 else 128 - code


def _free_addresses(count):
    # All open at once, so that no two get the same port.
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return tuple(f"127.0.0.1:{each.getsockname()[1]}" for each in sockets)
    finally:
        for each in sockets:
            each.close()
