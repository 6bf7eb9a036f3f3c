"""Workers wait for each other, name those that do not come, and take nobody else for a worker."""

import concurrent.futures
import socket

import pytest

from dirv_tf.training.execution.local_workers import _free_addresses
from dirv_tf.training.execution.worker_cluster import WorkerCluster
from dirv_tf.training.execution.worker_meeting import missing_workers
from dirv_tf.validation import ConfigError


def meet(addresses, numbers, seconds):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return list(pool.map(lambda number: missing_workers(WorkerCluster(addresses, number), seconds), numbers))


def test_all_go_on_when_all_have_met():
    assert meet(_free_addresses(3), range(3), 60.0) == [[], [], []]
    assert missing_workers(WorkerCluster(_free_addresses(1), 0), 60.0) == []


def test_those_that_do_not_come_are_named():
    addresses = _free_addresses(3)
    assert meet(addresses, [0, 2], 0.6) == [[addresses[1]]] * 2


def test_somebody_else_is_no_worker():
    addresses = _free_addresses(2)
    stranger = socket.create_server(("127.0.0.1", int(addresses[1].rpartition(":")[2])))
    with stranger, concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(missing_workers, WorkerCluster(addresses, 0), 1.0)
        # It can be reached, as a worker could, and calls with something else than a worker would say.
        guest, _ = stranger.accept()
        assert guest.recv(64) == b"dirv_tf worker 0\n"
        guest.close()
        with socket.create_connection(("127.0.0.1", int(addresses[0].rpartition(":")[2]))) as call:
            call.sendall(b"PRI * HTTP/2.0\r\n")
        assert waiting.result() == [addresses[1]]


def test_a_port_that_is_taken_is_refused():
    with socket.create_server(("", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConfigError, match=f"Expected a port of this machine that is free.*Received: {address} "):
            missing_workers(WorkerCluster((address, "127.0.0.1:1"), 0), 1.0)
