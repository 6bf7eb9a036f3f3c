"""A run from start to end, stopped and resumed, and diverging."""

import csv
import dataclasses
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import yaml

from dirv_tf.models.weight_files import load_weights_file, read_card
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.config.config_sections import read_section
from dirv_tf.training.config.run_config import RunConfig
from dirv_tf.training.execution.building import build_model, compile_model, training_pairs
from dirv_tf.training.execution.history import read_history
from dirv_tf.training.execution.interruption import StepGuard, TrainingDiverged, TrainingInterrupted
from dirv_tf.training.execution.run import execute
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.validation import ConfigError

# Ends itself as kill -9 does, in the middle of the write of the checkpoint of an epoch.
KILLED = """\
import os, signal, sys
import dirv_tf.training.execution.checkpoints as checkpoints
from dirv_tf.cli.main import main
from dirv_tf.training.execution.staged_training import StagedTraining
StagedTraining.say_expected_time = lambda *_: None
write = checkpoints.write_arrays
def killed(path, arrays):
    if arrays["epoch"] == 2:
        with open(path, "wb") as stream:
            stream.write(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
    write(path, arrays)
checkpoints.write_arrays = killed
main(["train", "--resume", sys.argv[1], "--no-tensorboard"])
"""


def _without_time(folder):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in read_history(folder.history)]


def test_a_run_leaves_all_its_files(finished):
    folder, _, _ = finished
    expected = {"config.yaml", "run.json", "history.csv", "metrics.json", "metrics.csv", "weights.npz", "weights.json"}
    assert expected | {"checkpoints", "tensorboard"} == {path.name for path in folder.path.iterdir()}
    assert [path.name for path in (folder.path / "checkpoints").iterdir()] == ["last.npz"]
    assert list(folder.tensorboard.rglob("events.out.tfevents.*"))


def test_the_written_configuration_is_the_effective_one(finished, tiny_config):
    folder, _, _ = finished
    assert load_run(folder.config) == tiny_config
    assert yaml.safe_load(folder.config.read_text(encoding="utf-8"))["training"]["epochs"] == 2


def test_the_record_names_seeds_versions_hardware_and_times(finished):
    record = json.loads(finished[0].record.read_text(encoding="utf-8"))
    assert record["state"] == "finished"
    assert record["seeds"] == {"training": 42, "testing": 77}
    assert {"python", "tensorflow", "keras", "numpy", "dirv_tf"} <= record["versions"].keys()
    assert {"processor", "cores", "gpus"} <= record["hardware"].keys()
    assert record["started"] <= record["ended"] and record["seconds"] > 0


def test_the_history_has_every_logged_value_of_every_epoch(finished):
    rows = read_history(finished[0].history)
    assert [row["epoch"] for row in rows] == ["1", "2"]
    for column in ("loss", "l_dis", "dl_int", "dl_dis_finest", "val_loss", "val_dl_dis", "learning_rate", "seconds"):
        assert all(np.isfinite(float(row[column])) for row in rows), column
    rates = [float(row["learning_rate"]) for row in rows]
    np.testing.assert_allclose(rates, [5e-4, 0.0], atol=1e-9)


def test_the_test_metrics_are_written_beside_those_of_the_reference(finished):
    folder, measured, lines = finished
    written = json.loads(folder.metrics_json.read_text(encoding="utf-8"))
    assert written["test"] == measured and written["reference"]["metrics"]["dl_int"] == 75.9
    assert read_card(folder.path)["reference"] == written["reference"]
    header, row = csv.reader(folder.metrics_csv.read_text(encoding="utf-8").splitlines())
    row = dict(zip(header, row))
    assert float(row["dl_dis"]) == measured["dl_dis"] and float(row["reference_dl_dis"]) == 68.6
    assert (row["reference_source"], row["reference_split"]) == ("thesis, table 1", "test")
    (line,) = (line for line in lines if line.startswith("thesis, table 1, mean of levels"))
    assert "75.90" in line and "68.60" in line


def test_the_expected_time_is_said_after_the_plan(finished):
    _, _, lines = finished
    assert lines[0].startswith("Run A-6") and "Expected:" in "".join(lines[6:8])


def test_the_weights_file_holds_the_trained_network(finished, tiny_config):
    folder, measured, _ = finished
    model, card = load_weights_file(folder.path), read_card(folder.path)
    assert card["run"] == "A-6" and card["metrics"] == measured and card["parameters"] == tiny_config.parameters
    with np.load(folder.checkpoint) as state:
        for path, variable in model.named_variables().items():
            np.testing.assert_array_equal(variable, state[f"model/{path}"])


def test_a_run_that_was_stopped_then_killed_inside_a_write_and_resumed_equals_one_that_never_was(
    finished, tiny_config, tmp_path, monkeypatch, untimed
):
    whole, measured, _ = finished
    folder = RunFolder.new(tiny_config, tmp_path / "run")
    step = StepGuard.on_train_batch_end

    def stop_in_the_second_epoch(guard, batch, logs=None):
        if guard._epoch == 1:
            signal.raise_signal(signal.SIGTERM)
        step(guard, batch, logs)

    handler = signal.getsignal(signal.SIGTERM)
    # That the steps are measured before changes nothing: the whole and the last run measure them, the others do not.
    with monkeypatch.context() as patch, untimed(), pytest.raises(TrainingInterrupted):
        patch.setattr(StepGuard, "on_train_batch_end", stop_in_the_second_epoch)
        execute(tiny_config, folder, tensorboard=False, report=lambda line: None)
    assert signal.getsignal(signal.SIGTERM) == handler
    assert not folder.metrics_json.exists()
    # The same seed has given the same curve so far, in a second run.
    assert _without_time(folder) == _without_time(whole)[:1]

    # A process of its own goes on, and is killed while it writes the checkpoint of the second epoch.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder.path)], env=environment, capture_output=True)
    assert killed.returncode == -9, killed.stderr
    # It had come to the end of the epoch: a line too many, which is to be dropped.
    assert len(_without_time(folder)) == 2
    (left,) = folder.checkpoint.parent.glob(".*")
    assert left.read_bytes() == b"half"
    with np.load(folder.checkpoint) as state:
        assert int(state["epoch"]) == 1
    (folder.checkpoint.parent / ".0123456789ab-mine.npz").touch()

    resumed, config = RunFolder.existing(folder.path)
    # As if two workers had begun it.
    folder.write_record(distribution={"kind": "multi_worker", "workers": 2, "replicas": 2})
    lines = []
    assert execute(config, resumed, tensorboard=False, report=lines.append) == measured
    assert "Going on after epoch 1 of 2." in lines
    assert _without_time(folder) == _without_time(whole)
    assert read_card(folder.path)["sha256"] == read_card(whole.path)["sha256"]
    record = json.loads(folder.record.read_text(encoding="utf-8"))
    assert [part["state"] for part in record["parts"]] == ["stopped by TrainingInterrupted", "finished"]
    assert record["distribution"] == {"kind": "none", "workers": 1, "replicas": 1}
    assert not left.exists() and (folder.checkpoint.parent / ".0123456789ab-mine.npz").exists()
    assert not list(folder.path.glob(".*"))


def test_several_steps_at_once_give_the_same_run_stopped_and_resumed(
    finished, tiny_config, tmp_path, monkeypatch, untimed
):
    whole, _, _ = finished
    training = dataclasses.replace(tiny_config.training, steps_per_execution=2)
    config = dataclasses.replace(tiny_config, training=training)
    folder = RunFolder.new(config, tmp_path / "run")
    steps, step = [], StepGuard.on_train_batch_end

    def stop_in_the_second_epoch(guard, batch, logs=None):
        steps.append(batch)
        if guard._epoch == 1:
            signal.raise_signal(signal.SIGINT)
        step(guard, batch, logs)

    with monkeypatch.context() as patch, pytest.raises(TrainingInterrupted):
        patch.setattr(StepGuard, "on_train_batch_end", stop_in_the_second_epoch)
        execute(config, folder, tensorboard=False, report=lambda line: None)
    # Once while the steps are timed, once per epoch, each time for both steps.
    assert steps == [1, 1, 1]
    with untimed():
        execute(RunFolder.existing(folder.path)[1], folder, tensorboard=False, report=lambda line: None)
    for row, expected in zip(_without_time(folder), _without_time(whole)):
        assert {key: float(value) for key, value in row.items()} == pytest.approx(
            {key: float(value) for key, value in expected.items()}, rel=1e-4, abs=1e-6
        )


def test_an_epoch_must_be_a_number_of_whole_executions(tiny_config):
    training = dataclasses.replace(tiny_config.training, steps_per_execution=3)
    with pytest.raises(ConfigError, match="2 steps of an epoch: 1, 2. Received: training.steps_per_execution=3"):
        training_pairs(dataclasses.replace(tiny_config, training=training))


def test_a_run_is_tested_on_images_of_another_size(finished):
    _, measured, lines = finished
    assert any("8 pairs of 16×16," in line for line in lines)
    assert any("6 unseen pairs of 24×20," in line for line in lines)
    assert all(np.isfinite(value) for value in measured.values())


def test_the_network_is_computed_as_the_run_says(tiny_config):
    changes = {"precision": "mixed_bfloat16", "checkpoint_units": True, "jit_compile": True, "steps_per_execution": 2}
    config = dataclasses.replace(tiny_config, training=dataclasses.replace(tiny_config.training, **changes))
    model = build_model(config)
    compile_model(model, config, steps=4)
    assert model.get_config()["dtype"] == "mixed_bfloat16" and model.get_config()["checkpoint_units"]
    assert model.jit_compile is True and int(model.get_compile_config()["steps_per_execution"]) == 2
    assert read_section(RunConfig, config.as_mapping(), "again") == config


def test_loss_gradients_and_levels_are_what_the_run_says(tiny_config):
    plain = build_model(tiny_config)
    compile_model(plain, tiny_config, steps=4)
    assert (plain.loss.unit_decay, plain.optimizer.global_clipnorm, plain.separate_levels) == (0.0, None, False)
    changes = {"unit_decay": 0.3, "spread_weight": 0.2, "clip_norm": 2.0, "separate_levels": True}
    config = dataclasses.replace(tiny_config, training=dataclasses.replace(tiny_config.training, **changes))
    model = build_model(config)
    compile_model(model, config, steps=4)
    assert (model.loss.unit_decay, model.optimizer.global_clipnorm, model.separate_levels) == (0.3, 2.0, True)
    assert (plain.loss.spread_weight, model.loss.spread_weight) == (0.0, 0.2)


def test_a_run_that_another_process_carries_out_is_left_alone(tiny_config, tmp_path):
    folder = RunFolder.new(tiny_config, tmp_path / "run")
    with folder.in_use(), pytest.raises(ConfigError, match="no other process is at work in. Received: .*run, where"):
        execute(tiny_config, folder, report=lambda line: None)
    assert list(folder.path.iterdir()) == []


def test_a_finished_run_cannot_be_resumed(finished):
    with pytest.raises(ConfigError, match="finished"):
        RunFolder.existing(finished[0].path)


def test_a_folder_without_a_run_cannot_be_resumed(tmp_path):
    with pytest.raises(ConfigError, match="config.yaml"):
        RunFolder.existing(tmp_path)


def test_a_new_run_leaves_an_older_one_alone(finished, tiny_config):
    with pytest.raises(ConfigError, match="--resume"):
        RunFolder.new(tiny_config, finished[0].path)


def test_a_loss_that_is_no_number_ends_the_training():
    guard = StepGuard(request=type("Request", (), {"requested": False}))
    guard.on_epoch_begin(4)
    guard.on_train_batch_end(0, {"loss": 0.3})
    with pytest.raises(TrainingDiverged, match="nan in epoch 5, step 2.*smaller learning rate"):
        guard.on_train_batch_end(1, {"loss": float("nan")})
