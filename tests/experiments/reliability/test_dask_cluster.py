"""The comparison of a Dask cluster with one process: what it looks for is found where it is."""

import dataclasses
import os
import shutil
import signal

import numpy as np

from dirv_tf.registration import register_pairs
from experiments.reliability import dask_cluster
from experiments.reliability.dask_cluster import Killing, differences, write_pairs


def test_what_is_not_as_by_one_process_is_found(tmp_path):
    table = write_pairs(tmp_path / "inputs", 2)
    rows = register_pairs(table, tmp_path / "one", effort="fast")
    assert [row.is_done for row in rows] == [True, True]
    cluster = tmp_path / "cluster"
    shutil.copytree(tmp_path / "one", cluster)
    later = [dataclasses.replace(row, seconds=row.seconds + 1) for row in rows]
    assert differences(rows, later, tmp_path) == (0.0, [])

    _, (reason,) = differences(rows, [later[0], dataclasses.replace(later[1], status="failed", reason="why")], tmp_path)
    assert reason == "0002 failed: why"
    other = dataclasses.replace(later[1], similarity_after=later[1].similarity_after + 1e-4)
    assert differences(rows, [later[0], other], tmp_path)[1] == ["0002 has another row"]
    assert "some are missing" in differences(rows, later[:1], tmp_path)[1][0]

    shutil.rmtree(cluster / "0002")
    shutil.copytree(cluster / "0001", cluster / "0002")
    (cluster / "0001" / "stray.txt").touch()
    largest, faults = differences(rows, later, tmp_path)
    assert largest > 0.01 and len(faults) == 2
    assert faults[0] == "other files: ['0001/stray.txt']" and f"fields differ by {largest:g} pixels" in faults[1]


def test_one_worker_is_killed_on_the_way_and_pairs_that_are_done_again_are_found(tmp_path, monkeypatch):
    class Client:
        def run(self, function):
            return {"tcp://first": 11, "tcp://second": 12}

    kills = []
    monkeypatch.setattr(dask_cluster.os, "kill", lambda *what: kills.append(what))
    rows = [type("Row", (), {"name": name}) for name in "abc"]
    for row in rows:
        (tmp_path / row.name).mkdir()
        (tmp_path / row.name / "metrics.json").touch()
    killing = Killing(Client(), tmp_path, at=2)
    killing(0, 3, None)
    for number, row in enumerate(rows, 1):
        killing(number, 3, row)
    assert kills == [(11, signal.SIGKILL)] and killing.killed == 1
    assert killing.faults(["a", "b", "c"]) == []
    assert killing.faults(["a", "b", "c", "d"]) == ["d was told 0 times"]
    os.utime(tmp_path / "b" / "metrics.json", (1, 1))
    assert killing.faults(["a", "b", "c"]) == ["b was done again"]


def test_the_pairs_are_the_same_each_time(tmp_path):
    first, second = (write_pairs(tmp_path / name, 1) for name in ("first", "second"))
    assert first.read_text(encoding="utf-8") == "fixed,moving\nfixed_0.png,moving_0.png\n"
    contents = [np.frombuffer((table.parent / "moving_0.png").read_bytes(), np.uint8) for table in (first, second)]
    np.testing.assert_array_equal(*contents)
