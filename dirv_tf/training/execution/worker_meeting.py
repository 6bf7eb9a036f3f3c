"""Waits until all workers are there, before TensorFlow does, which would wait an hour and hear no signal meanwhile."""

from __future__ import annotations

import contextlib
import socket
import time

from dirv_tf.training.execution.worker_cluster import WorkerCluster
from dirv_tf.validation import ConfigError

_SECONDS_BETWEEN_TRIES = 0.2
_SECONDS_TO_ANSWER = 2.0
_GREETING = "dirv_tf worker "


def missing_workers(cluster: WorkerCluster, seconds: float) -> list[str]:
    """Wait until every worker has reached every other one, but not longer than so many seconds.

    Parameters
    ----------
    cluster : WorkerCluster
    seconds : float

    Returns
    -------
    list of str
        Addresses of workers that did not come; empty when all are there.

    Raises
    ------
    ConfigError
        When this worker's port is taken.
    """
    others = {number: address for number, address in enumerate(cluster.addresses) if number != cluster.number}
    to_reach, to_come, end = dict(others), set(others), time.monotonic() + seconds
    with _listener(cluster.addresses[cluster.number]) as listener:
        while to_reach or to_come:
            if time.monotonic() > end:
                return [address for number, address in others.items() if number in to_reach or number in to_come]
            for number, address in list(to_reach.items()):
                if _greeted(address, cluster.number):
                    del to_reach[number]
            to_come.discard(_guest(listener))
    return []


def _listener(address):
    port = int(address.rpartition(":")[2])
    try:
        listener = socket.create_server(("", port), backlog=1024)
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"Expected a port of this machine that is free, for a worker to listen at. Received: {address} ({error})"
        ) from error
    listener.settimeout(_SECONDS_BETWEEN_TRIES)
    return listener


def _greeted(address, number):
    host, _, port = address.rpartition(":")
    with contextlib.suppress(OSError):
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS_TO_ANSWER) as other:
            other.sendall(f"{_GREETING}{number}\n".encode())
        return True
    return False


def _guest(listener):
    """Return the number of a worker that has come, or None: nobody came, or somebody else."""
    try:
        guest, _ = listener.accept()
    except OSError:
        return None
    with guest, contextlib.suppress(OSError, ValueError):
        guest.settimeout(_SECONDS_TO_ANSWER)
        begin, greeting, number = guest.recv(64).decode(errors="replace").partition(_GREETING)
        # Another one that has seen all of us calls by TensorFlow already, and will again.
        return int(number) if greeting and not begin else None
    return None
