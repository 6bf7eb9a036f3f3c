"""Processes that may die: the tasks are Python expressions, so that the processes start without TensorFlow."""

import os
import signal
import subprocess
import sys
import time

import pytest

from dirv_tf.worker_processes import Died, divided_threads, each_in_processes, process_environment

KILLED = "__import__('os').kill(__import__('os').getpid(), 9)"


def evaluated(tasks, processes):
    return dict(each_in_processes("builtins:eval", tasks, processes))


def is_alive(process_id):
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    # What has ended but was not waited for is no process any more.
    with open(f"/proc/{process_id}/stat") as stream:
        return stream.read().rpartition(")")[2].split()[0] != "Z"


def gone_after_a_while(process_id):
    for _ in range(100):
        if not is_alive(process_id):
            return True
        time.sleep(0.05)
    return False


def test_a_process_that_is_killed_takes_its_task_along_and_no_other():
    outcomes = evaluated(["1 + 1", KILLED, "__import__('os')._exit(7)", "print('noise') or 'text'", "[0] * 10**6"], 2)
    assert outcomes.pop(4) == [0] * 10**6
    assert outcomes == {
        0: 2,
        1: Died("its process was ended by SIGKILL, perhaps for want of memory"),
        2: Died("its process ended with status 7"),
        3: "text",
    }


def test_the_cores_are_divided():
    cores = len(os.sched_getaffinity(0))
    task = "__import__('os').environ['OMP_NUM_THREADS'], __import__('os').getpid()"
    outcomes = list(evaluated([task] * 2, 2).values())
    assert {int(threads) for threads, _ in outcomes} == {max(1, cores // 2)}
    assert os.getpid() not in [process_id for _, process_id in outcomes]


def test_a_smaller_number_of_threads_that_is_set_stays(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: range(8), raising=False)
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("MKL_NUM_THREADS", "64")
    threads = divided_threads(3)
    assert threads["OMP_NUM_THREADS"] == "1" and threads["MKL_NUM_THREADS"] == threads["TF_NUM_INTRAOP_THREADS"] == "2"


def test_processes_import_what_this_one_does_and_share_a_gpu_unless_told_otherwise(monkeypatch):
    monkeypatch.setattr(sys, "path", ["relative", "/absolute"])
    monkeypatch.delenv("TF_FORCE_GPU_ALLOW_GROWTH", raising=False)
    monkeypatch.setenv("ONE_OF_MINE", "kept")
    environment = process_environment(2)
    assert environment["PYTHONPATH"] == os.pathsep.join([os.path.abspath("relative"), "/absolute"])
    assert environment["TF_FORCE_GPU_ALLOW_GROWTH"] == "true" and environment["ONE_OF_MINE"] == "kept"
    assert divided_threads(2).items() <= environment.items()
    monkeypatch.setenv("TF_FORCE_GPU_ALLOW_GROWTH", "false")
    assert process_environment(2)["TF_FORCE_GPU_ALLOW_GROWTH"] == "false"


def test_an_error_in_the_function_is_raised_here():
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        evaluated(["1 / 0"], 1)


def test_what_never_starts_is_said_and_not_tried_forever(capfd):
    with pytest.raises(RuntimeError, match="do not start: its process ended with status 1"):
        dict(each_in_processes("no_such_module:nothing", [1, 2], 1))
    assert "no_such_module" in capfd.readouterr().err


def test_who_stops_listening_ends_the_processes():
    tasks = ["__import__('os').getpid()", "__import__('time').sleep(60)"]
    outcomes = each_in_processes("builtins:eval", tasks, 1)
    _, process_id = next(outcomes)
    assert is_alive(process_id)
    outcomes.close()
    assert gone_after_a_while(process_id)


def test_processes_end_with_the_one_that_started_them():
    code = (
        "from dirv_tf.worker_processes import each_in_processes\n"
        "tasks = ['__import__(\"os\").getpid()', '__import__(\"time\").sleep(60)']\n"
        "for index, outcome in each_in_processes('builtins:eval', tasks, 1): print(outcome, flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as starter:
        process_id = int(starter.stdout.readline())
        assert is_alive(process_id)
        starter.send_signal(signal.SIGKILL)
    assert gone_after_a_while(process_id)


def test_an_error_of_the_system_comes_back_as_it_is():
    """A full disk is said in a line, with its path; other errors are our own and keep their trace."""
    full = "(_ for _ in ()).throw(OSError(28, 'No space left on device', 'a/b'))"
    with pytest.raises(OSError, match="No space left on device: 'a/b'") as raised:
        evaluated([full], 1)
    assert raised.value.errno == 28
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        evaluated(["1 / 0"], 1)
