"""One run by two workers and on two devices, in processes of their own: the curve of one process, also after a kill."""

import dataclasses
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.datasets import ChessboardPairs
from dirv_tf.models import registry
from dirv_tf.training.config.config_sections import read_section
from dirv_tf.training.config.distribution_settings import MirroredSettings, MultiWorkerSettings
from dirv_tf.training.config.run_config import RunConfig
from dirv_tf.training.execution.distribution import Distribution, start_distribution
from dirv_tf.training.execution.environment import keras_version
from dirv_tf.training.execution.history import read_history
from dirv_tf.training.execution.local_workers import _free_addresses
from dirv_tf.training.execution.run import execute
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.training.execution.staged_training import StagedTraining
from dirv_tf.training.execution.worker_cluster import WorkerCluster
from dirv_tf.training.execution.worker_loss import WORKER_LOST
from dirv_tf.validation import ConfigError

SCRIPT = Path(__file__).with_name("worker_process.py")
CLUSTER = WorkerCluster(("127.0.0.1:1", "127.0.0.1:2"), 0)
RUN = {
    "name": "shared",
    "description": "two stages",
    "model": {"kind": "shared_stages"},
    "data": {
        "kind": "chessboard",
        "size": [16, 16],
        "cell_range": [3, 5],
        "transform": "affine",
        "desensitize": False,
        "train_images": 12,
        "test_images": 6,
    },
    "training": {"epochs": 2, "batch_size": 4, "learning_rate": 1e-2, "loss": "unsupervised", "clip_norm": 0.1},
    "evaluation": {"batch_size": 4},
}
IS_KERAS_2 = keras_version().startswith("2.")


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The run by one process: its settings and its folder."""
    specification = importlib.util.spec_from_file_location("worker_process", SCRIPT)
    # Makes the network known here as well.
    specification.loader.exec_module(importlib.util.module_from_spec(specification))
    config = read_section(RunConfig, RUN, "the test")
    folder = RunFolder(tmp_path_factory.mktemp("alone") / "run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StagedTraining, "say_expected_time", lambda *_: None)
        execute(config, folder, tensorboard=False, report=lambda line: None)
    yield config, folder
    registry._registered.pop("shared_stages")
    registry._settings.pop("shared_stages", None)


def started(what, config, folder, distribution, cluster=None):
    """Start `dirv-tf train` in a process of its own."""
    given = RunFolder(folder.path.parent / "given")
    given.write_config(dataclasses.replace(
        config, training=dataclasses.replace(config.training, distribution=distribution)
    ))
    command = [sys.executable, str(SCRIPT), what, "train", str(given.config), "--output", str(folder.path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TF_CPP_MIN_LOG_LEVEL": "3"}
    if cluster is not None:
        environment["TF_CONFIG"] = cluster.tf_config()
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*command, "--continue", "--no-tensorboard"], env=environment, **pipes)


def train_until_the_chief_is_killed(config, folder):
    """Train by two workers, of which the chief kills itself after the first stage."""
    addresses = _free_addresses(2)
    chief, other = (
        started(what, config, folder, MultiWorkerSettings(), WorkerCluster(addresses, number))
        for number, what in enumerate(("killed", "not killed"))
    )
    (said, _), (silence, errors) = (process.communicate(timeout=600) for process in (chief, other))
    assert chief.returncode == -9 and other.returncode == WORKER_LOST, errors
    assert "shared    2 workers, 2 replicas, 2 pairs of each batch for each of them" in said and "epoch 1/2" in said
    assert silence == "" and "error: Expected all 2 workers to go on. Received: " in errors
    assert f"To go on, on all workers: the first command again, with --output {folder.path} --continue" in errors


def test_two_workers_and_two_devices_learn_as_one_process_through_stages_and_a_kill(alone, tmp_path):
    config, expected = alone
    folder = RunFolder(tmp_path / "run")
    if IS_KERAS_2:
        train_until_the_chief_is_killed(config, folder)
    # Goes on where the workers ended, on other devices than they had; under Keras 3 it begins.
    process = started("mirrored", config, folder, MirroredSettings(devices=2, device_type="cpu"))
    said, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    assert ("Going on after epoch 1 of 2." in said) == IS_KERAS_2
    assert folder.read_record()["distribution"] == {"kind": "mirrored", "workers": 1, "replicas": 2}
    rows, others = read_history(folder.history), read_history(expected.history)
    assert [row["stage"] for row in rows] == ["coarse", "fine"] and len(others) == 2
    for row, other in zip(rows, others):
        for name in other.keys() - {"seconds", "stage"}:
            # A reduction is a small difference of large numbers, in percent.
            absolute = 1e-4 if "dl_" in name else 1e-9
            assert float(row[name]) == pytest.approx(float(other[name]), rel=1e-5, abs=absolute), name
    with np.load(folder.path / "weights.npz") as weights, np.load(expected.path / "weights.npz") as others:
        for name in others.files:
            np.testing.assert_allclose(weights[name], others[name], rtol=1e-4, atol=1e-6)
    # Of the gradients' sum (0, -10) the norm is clipped to 1; clipped one by one they would add up to (-0.05, -0.32).
    clipped = json.loads(said.splitlines()[-1])
    np.testing.assert_allclose(clipped, [0.0, np.sqrt(1 - 0.999)], atol=1e-4)


@pytest.mark.skipif(IS_KERAS_2, reason="Keras 2 can")
def test_several_workers_under_keras_3_are_refused():
    with pytest.raises(ConfigError, match="multi_worker needs Keras 2, with TensorFlow 2.15.*On one machine, mirrored"):
        start_distribution(MultiWorkerSettings(), CLUSTER)


def test_devices_that_are_not_there_are_refused():
    with pytest.raises(ConfigError, match="the GPUs that TensorFlow sees.*device_type=cpu.*devices=9, GPUs="):
        start_distribution(MirroredSettings(devices=9))
    # TensorFlow has computed something in this process.
    tf.zeros(()).numpy()
    with pytest.raises(ConfigError, match="must be asked for before TensorFlow has computed anything"):
        start_distribution(MirroredSettings(devices=3, device_type="cpu"))
    with pytest.raises(ConfigError, match="key 'training.distribution.devices' is missing"):
        MirroredSettings(device_type="cpu")


def test_one_process_has_what_it_has():
    alone = Distribution()
    assert (alone.is_chief, alone.workers, alone.replicas) == (True, 1, 1)
    assert alone.record("none") == {"distribution": {"kind": "none", "workers": 1, "replicas": 1}}
    assert alone.from_chief({"a": 3})["a"] == 3 and alone.any_worker(True) and not alone.any_worker(False)


@pytest.mark.parametrize("asked, count", [(None, 3), (2, 2)])
def test_the_batches_of_a_pass_come_with_what_keras_must_be_told(asked, count):
    pairs = ChessboardPairs((16, 16), 5, 2, cell_range=(3, 5), transform="affine", desensitize=False)
    batches, steps = Distribution().evaluation(pairs, asked)
    expected = list(pairs.evaluation())[:count]
    found = list(batches)
    assert len(found) == count
    for (_, field), (_, expected_field) in zip(found, expected):
        np.testing.assert_array_equal(field, expected_field)
    # Keras 2 makes one iterator alone where it does not see the end.
    cardinality = int(batches.cardinality())
    if keras_version().startswith("2."):
        assert (steps, cardinality) == (count, tf.data.UNKNOWN_CARDINALITY)
    else:
        assert (steps, cardinality) == (None, count)
