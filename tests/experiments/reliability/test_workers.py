"""The campaign of workers: what it looks for is found where it is, and the page is what its record says."""

import json
import subprocess

import numpy as np
import pytest

from experiments.folders import RECORDS
from experiments.reliability import workers
from experiments.reliability.shared_runs import TOLERANCE, differences, differs
from experiments.reliability.workers import RUN
from experiments.reliability.workers_page import PAGE, ends_of_the_curve, workers_tables


def write_run(folder, losses, weight=2.0, first=1):
    folder.mkdir()
    lines = [f"{first + number},{loss},{loss + 1}" for number, loss in enumerate(losses)]
    (folder / "history.csv").write_text("\n".join(["epoch,loss,val_loss", *lines, ""]), encoding="utf-8")
    np.savez(folder / "weights.npz", a=np.array([weight, -1.0]), b=np.zeros(3))
    return folder


def test_other_losses_weights_and_epochs_are_found(tmp_path):
    whole = write_run(tmp_path / "whole", [4.0, 2.0])
    assert differences(whole, write_run(tmp_path / "same", [4.0, 2.0])) == {"loss": 0.0, "unseen": 0.0, "weights": 0.0}
    found = differences(whole, write_run(tmp_path / "other", [4.0, 2.5], weight=1.5))
    assert found == pytest.approx({"loss": 0.25, "unseen": 0.5 / 3, "weights": 0.25})
    for name, losses, first in (("short", [4.0], 1), ("late", [4.0, 2.0], 2)):
        with pytest.raises(RuntimeError, match=r"Expected the epochs \[1, 2\]"):
            differences(whole, write_run(tmp_path / name, losses, first=first))


def test_what_hangs_or_lacks_an_epoch_is_a_fault_of_the_record(tmp_path, monkeypatch):
    def trained(place, name, *_):
        if name == "2 virtual devices":
            raise subprocess.TimeoutExpired("dirv-tf", 1200)
        return write_run(place / name, {"one": [4.0, 2.0], "2 workers": [4.0], "4 workers": [4.0, 2.0]}[name])

    def killed(place, victim, *_):
        if victim == "chief":
            raise subprocess.TimeoutExpired("dirv-tf", 1200)
        return {"loss": 0.0, "unseen": 0.0, "weights": 0.0, "seconds_to_end": 3.0, "faults": ["exit statuses [1]"]}

    monkeypatch.setattr(workers, "trained", trained)
    monkeypatch.setattr(workers, "_killed", killed)
    monkeypatch.setattr("dirv_tf.training.execution.environment.keras_version", lambda: "2.15")
    record = workers.compare([2, 4], 2, tmp_path / "record", lambda line: None)
    assert [fault.partition(" timed")[0] for fault in record["faults"]] == [
        "2 virtual devices: TimeoutExpired: Command 'dirv-tf'",
        "2 workers: RuntimeError: Expected the epochs [1, 2]. Received: [1]",
        "chief killed: TimeoutExpired: Command 'dirv-tf'",
        "other killed: exit statuses [1]",
    ]
    assert json.loads((tmp_path / "record" / "workers.json").read_text(encoding="utf-8")) == record
    assert [row["name"] for row in record["rows"]] == ["4 workers"] and record["losses"] == [4.0, 2.0]


def test_each_of_the_three_differences_is_judged():
    same = {"loss": 0.0, "unseen": 0.0, "weights": 1e-5}
    assert not differs(same)
    for name in same:
        assert differs({**same, name: 2e-5}) and differs({**same, name: float("nan")})


def test_the_run_can_be_read(tmp_path):
    from dirv_tf.training.config.config_loading import load_run

    (tmp_path / "run.yaml").write_text(RUN, encoding="utf-8")
    config = load_run(tmp_path / "run.yaml", overrides={"training.distribution": {"kind": "multi_worker"}})
    assert config.training.batch_size % 4 == 0 and config.training.clip_norm


def test_the_page_is_that_of_the_record(capsys):
    assert PAGE.main(["--check"]) == 0, "run: python -m experiments.reliability.workers_page"
    assert "up to date" in capsys.readouterr().out


def test_the_record_is_of_the_whole_campaign():
    record = json.loads((RECORDS / "reliability" / "workers.json").read_text(encoding="utf-8"))
    assert record["steps"] >= 50 and record["faults"] == [] and record["tolerance"] == TOLERANCE == 1e-5
    assert [row["name"] for row in record["rows"]] == ["2 virtual devices", "2 workers", "4 workers"]
    # A curve that stands still would agree with anything.
    first, last = ends_of_the_curve(record["losses"])
    assert last < 0.95 * first
    assert [row["killed"] for row in record["kills"]] == ["chief", "other"]
    for row in (*record["rows"], *record["kills"]):
        assert max(row["loss"], row["unseen"], row["weights"]) <= 1e-5
    assert all(row["statuses"] == [75] and 0 < row["after_epochs"] < 25 for row in record["kills"])
    # The tables say of how many workers one was killed.
    record["kills"][0]["workers"] = 4
    tables = workers_tables(record)
    assert "| the chief of 4 workers |" in tables and "| another one of 2 workers |" in tables
