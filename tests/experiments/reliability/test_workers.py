"""The campaign of workers: what it looks for is found where it is, and the page is what its record says."""

import json

import numpy as np
import pytest

from experiments.folders import RECORDS
from experiments.reliability.workers import RUN, TOLERANCE, differences
from experiments.reliability.workers_page import PAGE, workers_tables


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
    assert record["losses"][-1] < 0.95 * record["losses"][0]
    assert [row["killed"] for row in record["kills"]] == ["chief", "other"]
    for row in (*record["rows"], *record["kills"]):
        assert max(row["loss"], row["weights"]) <= 1e-5
    assert all(row["statuses"] == [75] and 0 < row["after_epochs"] < 25 for row in record["kills"])
    assert "| killed, of two workers |" in workers_tables(record)
