"""Many pairs by a client: the workers of these tests are threads, or Dask's where it is installed."""

import csv
import errno
import os
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

import dirv_tf
from dirv_tf.io import read_flow_field
from dirv_tf.registration import register_pairs
from dirv_tf.registration.pairs import cluster, one_pair
from dirv_tf.registration.pairs.one_pair import PairTask
from dirv_tf.registration.pairs.pair_files import read_pairs
from dirv_tf.registration.pairs.pairs_folder import PairsFolder


class KilledWorker(Exception):
    """As Dask's."""


class Client:
    """Carries out a task as it is submitted, in a way of its own."""

    def __init__(self, carry_out):
        self.carry_out, self.submitted = carry_out, []

    def submit(self, function, task, pure=True):
        future = Future()
        self.submitted.append((task.files.name, pure, future))
        try:
            future.set_result(self.carry_out(function, task))
        except Exception as error:
            future.set_exception(error)
        return future


def lines(folder):
    """The table without the times, and the files."""
    with open(folder / "pairs.csv", encoding="utf-8", newline="") as stream:
        rows = [{**row, "seconds": ""} for row in csv.DictReader(stream)]
    return rows, sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def same_as_by_one_process(rows, folder, table, model):
    expected = register_pairs(table, "expected", model=model)
    assert [(row.name, row.status, row.reason) for row in rows] == [
        (row.name, row.status, row.reason) for row in expected
    ]
    assert lines(folder) == lines(folder.parent / "expected")
    for name in ("one", "three", "four"):
        fields = [read_flow_field(f"{place}/{name}/flow_field.npz").flow_field for place in (folder.name, "expected")]
        np.testing.assert_allclose(*fields, atol=1e-6)


def test_an_executor_leaves_what_one_process_leaves(table, model, inside):
    said = []
    with ThreadPoolExecutor(2) as client:
        rows = register_pairs(table, "out", model=model, client=client, progress=lambda *now: said.append(now))
    same_as_by_one_process(rows, inside / "out", table, model)
    assert [(finished, total) for finished, total, _ in said] == [(number, 4) for number in range(5)]
    assert {row.name for _, _, row in said[1:]} == {"one", "two ä", "three", "four"}


def test_a_pair_whose_worker_died_before_its_result_was_fetched_is_registered_once(table, model, inside, monkeypatch):
    registered, register = [], one_pair.register
    monkeypatch.setattr(one_pair, "register", lambda *images, **options: (
        registered.append(images[0].name), register(*images, **options)
    )[1])
    client = Client(lambda function, task: (function(task), function(task))[1])
    (inside / "lost.png").write_bytes((inside / "4.png").read_bytes())
    for choice in ({}, {"overwrite": True}):
        registered.clear()
        rows = register_pairs(table, "out", model=model, client=client, **choice)
        assert [row.status for row in rows] == ["done"] * 4 and registered == ["0.png", "1.png", "2.png", "3.png"]
    # A task that is submitted again is another one.
    assert len(client.submitted) == 8 and not any(pure for _, pure, _ in client.submitted)


def test_a_pair_that_kills_its_workers_fails_alone_and_is_tried_again(table, model, inside, read_table):
    def deadly(function, task):
        if task.files.name == "four":
            function(task)
        if task.files.name in ("one", "four"):
            raise KilledWorker("Attempted to run task 'register' on 4 different workers, but all those workers died")
        return function(task)

    rows = register_pairs(table, "out", model=model, client=Client(deadly))
    # The last one was finished before its worker died.
    assert [row.status for row in rows] == ["failed", "failed", "done", "done"]
    assert rows[0].reason == "the workers that it was given to died, perhaps for want of memory"
    assert read_table(inside / "out")["one"]["reason"] == rows[0].reason and not (inside / "out/one").exists()
    rows = register_pairs(
        table, "out", model=model, client=Client(lambda function, task: function(task)), resume=True
    )
    assert [row.status for row in rows] == ["done", "failed", "done", "done"]


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/full"), OSError, "No space left on device"),
        (ModuleNotFoundError("No module named 'dirv_tf'"), RuntimeError, "gave up; resume=True goes on: ModuleNotFound"),
    ],
)
def test_what_is_wrong_with_all_workers_ends_the_call_and_keeps_what_is_finished(
    table, model, inside, read_table, error, expected, message
):
    def broken(function, task):
        if task.files.name != "one":
            raise error
        return function(task)

    client = Client(broken)
    with pytest.raises(expected, match=message):
        register_pairs(table, "out", model=model, client=client)
    assert list(read_table(inside / "out")) == ["one"] and (inside / "out/index.html").exists()


def test_the_tasks_that_are_left_are_cancelled_when_the_call_ends(table, model):
    class Waiting(Client):
        def submit(self, function, task, pure=True):
            if task.files.name == "one":
                return super().submit(function, task)
            future = Future()
            self.submitted.append((task.files.name, pure, future))
            return future

    def stop(finished, total, row):
        if finished:
            raise KeyboardInterrupt

    client = Waiting(lambda function, task: function(task))
    with pytest.raises(KeyboardInterrupt):
        register_pairs(table, "out", model=model, client=client, progress=stop)
    assert [future.cancelled() for _, _, future in client.submitted] == [False, True, True, True]


def test_a_worker_that_does_not_see_the_folder_makes_none(table, inside):
    task = PairTask(read_pairs(table)[0], PairsFolder(inside / "elsewhere", {}), {})
    with pytest.raises(FileNotFoundError, match="Expected a folder of results that every worker sees. Received: output="):
        cluster.register_on_worker(task)
    assert not (inside / "elsewhere").exists()


def test_a_client_that_cannot_serve_is_refused_before_anything_is_written(table, model, inside):
    client = Client(None)
    with pytest.raises(TypeError, match="Expected a client with the method `submit`.*Received: client='tcp://here'"):
        register_pairs(table, "out", client="tcp://here")
    with pytest.raises(ValueError, match="Expected a client or processes, not both. Received: processes=2 and a client"):
        register_pairs(table, "out", client=client, processes=2)
    network = dirv_tf.models.weight_files.load_weights_file(model)
    with pytest.raises(ValueError, match="name or the path of a model.*Received: a client and a network"):
        register_pairs(table, "out", model=network, client=client)
    assert not (inside / "out").exists()


@pytest.mark.filterwarnings("ignore")
def test_dask_leaves_what_one_process_leaves(table, model, inside):
    distributed = pytest.importorskip("distributed", reason="pip install 'dirv_tf[dask]'")
    with distributed.Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None) as client:
        rows = register_pairs(table, "out", model=model, client=client)
    same_as_by_one_process(rows, inside / "out", table, model)
