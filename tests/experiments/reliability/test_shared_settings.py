"""The campaign of settings that reach into a step: what it looks for is found, and its runs are what they say."""

import json
import subprocess

import numpy as np
import pytest

from experiments.benchmark.plan import QUICK
from experiments.folders import RECORDS
from experiments.reliability import shared_settings
from experiments.reliability.shared_settings import CASES, GROWN, RATES, STEPS_PER_EPOCH, all_faults, compare, run_of
from experiments.reliability.workers_page import settings_tables

RECORD = RECORDS / "reliability" / shared_settings.RECORD_NAME


def write_run(folder, loss=2.0, logs=()):
    folder.mkdir()
    (folder / "history.csv").write_text(f"epoch,loss,val_loss\n1,{loss},1\n", encoding="utf-8")
    np.savez(folder / "weights.npz", a=np.ones(2))
    for name in logs:
        (folder / name).mkdir()
        (folder / name / "events.1").touch()
    return folder


@pytest.fixture
def runs(monkeypatch):
    """What the trainings of a case leave, by name: a loss and the names of its logs."""
    left = {}

    def trained(place, name, *_):
        if left.get(name) == "hangs":
            raise subprocess.TimeoutExpired("dirv-tf", 1200)
        return write_run(place / name, *left.get(name, ()))

    monkeypatch.setattr(shared_settings, "trained", trained)
    monkeypatch.setattr("dirv_tf.training.execution.environment.keras_version", lambda: "2.15")
    return left


def faults_of(name, folder):
    return compare([name], 4, folder, lambda line: None)["rows"][name]["faults"]


def test_another_curve_and_a_training_that_hangs_are_faults(runs, tmp_path):
    assert faults_of("steps", tmp_path) == []
    runs.update({"2 virtual devices": (2.0001,), "2 workers": "hangs"})
    found = faults_of("steps", tmp_path)
    assert found[0] == "2 virtual devices: another curve" and found[1].startswith("2 workers: TimeoutExpired")
    # Of 16 bits, more is allowed.
    assert faults_of("mixed", tmp_path) == found[1:]


def test_logs_of_tensorboard_are_written_once_and_only_where_asked_for(runs, tmp_path):
    assert faults_of("terms", tmp_path) == ["2 virtual devices: logs []", "2 workers: logs []"]
    runs.update({"one": (2.0, ["train"]), "2 virtual devices": (2.0, ["train"]), "2 workers": (2.0, ["train", "b"])})
    assert faults_of("terms", tmp_path) == ["2 workers: logs ['b', 'train']"]
    runs["2 workers"] = (2.0, ["train"])
    assert faults_of("terms", tmp_path) == []
    assert faults_of("steps", tmp_path) == ["2 virtual devices: logs ['train']", "2 workers: logs ['train']"]


def test_a_run_that_was_not_stopped_on_the_way_or_goes_on_otherwise_is_a_fault(runs, tmp_path, monkeypatch):
    monkeypatch.setattr(shared_settings, "_stopped", lambda *_: 4)
    runs["1-to-2"] = (2.0001,)
    record = compare(["1-to-2"], 4, tmp_path, lambda line: None)
    assert all_faults(record) == ["1-to-2: another curve", "1-to-2: stopped too late"]
    assert (record["grown"]["1-to-2"]["first"], record["grown"]["1-to-2"]["second"]) == (0, 2)


def test_the_record_keeps_what_it_has_of_others_and_of_as_many_epochs(runs, tmp_path, monkeypatch):
    monkeypatch.setattr("experiments.benchmark.shared_steps.measure_shared_steps", lambda plan: [])
    faults_of("steps", tmp_path)
    record = compare(["mixed", RATES], 4, tmp_path, lambda line: None, QUICK)
    assert list(record["rows"]) == ["steps", "mixed"] and record["pairs_per_second"] == {}
    assert json.loads((tmp_path / shared_settings.RECORD_NAME).read_text(encoding="utf-8")) == record
    assert list(compare(["mixed"], 6, tmp_path, lambda line: None)["rows"]) == ["mixed"]


@pytest.mark.parametrize("name", CASES)
def test_the_runs_can_be_read_and_are_of_as_many_epochs(name, tmp_path):
    from dirv_tf.training.config.config_loading import load_run

    (tmp_path / "run.yaml").write_text(json.dumps(run_of(CASES[name][1], 4)), encoding="utf-8")
    config = load_run(tmp_path / "run.yaml", overrides={"training.distribution": {"kind": "multi_worker"}})
    assert config.training.epochs == 4 and config.data.train_images == STEPS_PER_EPOCH * config.training.batch_size
    assert len(config.stages) == (2 if "stages" in CASES[name][1]["training"] else 1)
    assert config.training.batch_size % 4 == 0 and config.training.clip_norm


def test_the_record_is_without_faults_and_the_page_says_what_it_lacks():
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    assert {"mixed", "steps", "terms", "dlir"} <= set(record["rows"]) <= set(CASES)
    assert {"1-to-2"} <= set(record["grown"]) <= set(GROWN)
    assert all_faults(record) == []
    for row in record["rows"].values():
        for who in ("2 virtual devices", "2 workers"):
            assert max(row[who].values()) <= row["tolerance"] <= 1e-3
    assert [row["tolerance"] for row in record["rows"].values()].count(1e-3) == 1
    text = settings_tables(record)
    assert all(f"| {row['title']} |" in text for row in record["rows"].values()) and "; 0 faults." in text
    assert "| one process |" in text and "| 2 workers |" in text
    measured, _, lacking = text.partition("Not measured yet: ")
    for name, (title, _) in CASES.items():
        assert title in (measured if name in record["rows"] else lacking)
    assert ("pairs per second" in lacking.lower()) == (not record["pairs_per_second"])
    assert ("2 workers, then 4" in lacking) == ("2-to-4" not in record["grown"])
