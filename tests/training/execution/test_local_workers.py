"""Several workers started on this machine: their statuses, their signals, their addresses."""

import json
import signal
import subprocess
import sys

import pytest

from dirv_tf.stop_signals import Terminated
from dirv_tf.training.execution import local_workers as module
from dirv_tf.training.execution.local_workers import start_local_workers, train_in_local_workers
from dirv_tf.training.execution.worker_cluster import worker_cluster

WAITING = "import signal, sys; signal.signal(2, lambda *_: sys.exit(130)); print(1, flush=True); signal.pause()"


def test_each_worker_knows_its_place_and_shares_the_machine(monkeypatch):
    started = []
    monkeypatch.setattr(module.subprocess, "Popen", lambda command, **settings: started.append((command, settings)))
    start_local_workers(3, ["train", "a.yaml"], stdout=5)
    clusters = [worker_cluster(environment=settings["env"]) for _, settings in started]
    assert [cluster.number for cluster in clusters] == [0, 1, 2]
    assert len({cluster.addresses for cluster in clusters}) == 1 and len(set(clusters[0].addresses)) == 3
    for command, settings in started:
        assert command == [sys.executable, "-m", "dirv_tf", "train", "a.yaml"] and settings["stdout"] == 5
        assert int(settings["env"]["TF_NUM_INTRAOP_THREADS"]) >= 1
        assert json.loads(settings["env"]["TF_CONFIG"])["task"]["type"] == "worker"


def test_the_status_is_that_of_the_workers(capfd):
    assert train_in_local_workers(2, ["--version"]) == 0
    assert capfd.readouterr().out.count("dirv-tf") == 2
    assert train_in_local_workers(2, ["train", "--nonsense"]) == 2


@pytest.mark.parametrize("codes, status", [([0, 0], 0), ([75, -9], 75), ([0, -9], 137), ([-15, 75], 143)])
def test_the_chief_s_status_counts_before_that_of_others(codes, status, monkeypatch):
    ended = [type("Process", (), {"returncode": code, "poll": lambda self: 0})() for code in codes]
    monkeypatch.setattr(module, "start_local_workers", lambda *_: ended)
    assert train_in_local_workers(2, []) == status


@pytest.mark.parametrize("stop, code", [(KeyboardInterrupt, 130), (Terminated, -15)])
def test_signals_are_passed_on_once(stop, code, monkeypatch):
    process = subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, start_new_session=True)
    process.stdout.read(1)
    looks = []

    def look(seconds):
        looks.append(seconds)
        if len(looks) == 1:
            raise stop
        process.wait(seconds * 100)

    # Not of the whole process, in which others sleep as well.
    monkeypatch.setattr(module, "time", type("Time", (), {"sleep": staticmethod(look)}))
    module._wait([process])
    process.stdout.close()
    assert process.returncode == code and signal.getsignal(signal.SIGTERM) is not None


def test_an_error_leaves_no_workers_behind(monkeypatch):
    process = subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.DEVNULL)
    monkeypatch.setattr(module, "start_local_workers", lambda *_: [process])
    monkeypatch.setattr(module, "_wait", lambda processes: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train_in_local_workers(1, [])
    assert process.wait(30) == -signal.SIGKILL


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_workers_of_which_not_all_can_be_started_are_ended(error, monkeypatch):
    processes, popen = [], subprocess.Popen

    def start(command, **settings):
        if len(processes) == 2:
            raise error
        processes.append(popen([sys.executable, "-c", WAITING], stdout=subprocess.DEVNULL, start_new_session=True))
        return processes[-1]

    monkeypatch.setattr(module.subprocess, "Popen", start)
    with pytest.raises(error):
        start_local_workers(3, [])
    assert [process.wait(30) for process in processes] == [-signal.SIGKILL] * 2
