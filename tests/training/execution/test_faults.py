"""Full disks and want of memory in a training; kills are in test_run.py."""

import errno
import json
import os

import pytest
import tensorflow as tf

from dirv_tf.io import atomic_write
from dirv_tf.training.execution import run as module
from dirv_tf.training.execution.interruption import TrainingInterrupted, stopping_signal
from dirv_tf.training.execution.run import execute
from dirv_tf.training.execution.run_folder import RunFolder


def silent(line):
    pass


@pytest.fixture
def quick_end(monkeypatch):
    """A training that ends with an error as soon as it begins, without a network."""

    def end_with(error):
        def train(*_):
            raise error

        monkeypatch.setattr(module, "StagedTraining", type("Ended", (), {"__init__": train}))
        return lambda config: None

    return end_with


@pytest.mark.parametrize("error, raised, message", [
    (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a/last.npz"), OSError, "No space left on device: 'a/last.npz'"),
    (tf.errors.ResourceExhaustedError(None, None, "x; No space left on device"), OSError, "device: '.*tensorboard'"),
    (tf.errors.ResourceExhaustedError(None, None, "Error:\nOOM when allocating tensor with shape[4]"), MemoryError,
     r"^Expected memory for steps of 4 pairs of 16 x 16 pixels; --set training.batch_size=. .*Received: OOM when"),
])
def test_a_fault_is_said_and_stands_in_the_record(tiny_config, tmp_path, quick_end, error, raised, message):
    folder = RunFolder.new(tiny_config, tmp_path / "run")
    with pytest.raises(raised, match=message):
        execute(tiny_config, folder, tensorboard=False, report=silent, build=quick_end(error))
    assert folder.read_record()["state"] == f"stopped by {raised.__name__}"
    assert [path.name for path in folder.path.glob(".*")] == []


def test_the_record_has_bytes_of_its_own_on_a_full_disk(tiny_config, tmp_path, quick_end, monkeypatch):
    folder = RunFolder.new(tiny_config, tmp_path / "run")
    sync, reserve = os.fsync, folder.path / ".reserve"

    def full_while_reserved(descriptor):
        if reserve.exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    def fill(*_):
        assert reserve.stat().st_size == 2**16
        monkeypatch.setattr(atomic_write.os, "fsync", full_while_reserved)
        folder.write_record(more="than fits")

    monkeypatch.setattr(module, "StagedTraining", fill)
    with pytest.raises(OSError, match="No space left on device: '.*run.json'"):
        execute(tiny_config, folder, tensorboard=False, report=silent, build=lambda config: None)
    assert json.loads(folder.record.read_text(encoding="utf-8"))["state"] == "stopped by OSError"


def test_where_not_even_the_record_can_be_written_the_first_error_is_said(tiny_config, tmp_path, monkeypatch):
    folder = RunFolder.new(tiny_config, tmp_path / "run")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fill(*_):
        monkeypatch.setattr(atomic_write.os, "fsync", full)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "history.csv")

    monkeypatch.setattr(module, "StagedTraining", fill)
    with pytest.raises(OSError, match="history.csv"):
        execute(tiny_config, folder, tensorboard=False, report=silent, build=lambda config: None)
    assert folder.read_record()["state"] == "running"


def test_the_signal_that_stopped_is_known():
    assert stopping_signal(TrainingInterrupted()) == stopping_signal(KeyboardInterrupt()) == 2
    assert stopping_signal(TrainingInterrupted(15)) == 15
