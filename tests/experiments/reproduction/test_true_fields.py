"""Lengths of true vectors, measured on pairs that are made here, and the committed record."""

import json

import numpy as np
import pytest

from dirv_tf.datasets import ChessboardPairs
from experiments.folders import RECORDS
from experiments.reproduction.true_fields import RECORD, main, measure_true_fields


def test_the_lengths_are_those_of_the_vectors_at_the_control_points():
    pairs = ChessboardPairs((32, 32), count=5, batch_size=2, seed=77)
    fields = np.concatenate([np.asarray(field) for _, field in pairs.evaluation()])
    lengths = np.sqrt((fields[:, ::4, ::4] ** 2).sum(axis=-1))
    measured = measure_true_fields(pairs)
    assert measured == {
        "pairs": 5, "max_d": pytest.approx(lengths.max(), rel=1e-5), "mean_d": pytest.approx(lengths.mean(), rel=1e-5)
    }


def test_every_committed_run_was_measured_on_its_own_test_pairs():
    runs = json.loads(RECORD.read_text(encoding="utf-8"))["runs"]
    folders = {path.parent for path in RECORDS.glob("*/config.yaml")}
    assert set(runs) == {folder.name for folder in folders}
    for folder in folders:
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        assert runs[folder.name]["pairs"] == metrics["test_images"], folder
        # The run itself recorded the mean over all pixels.
        assert runs[folder.name]["mean_d"] == pytest.approx(metrics["test"]["endpoint_error_initial"], rel=0.02), folder


def test_what_was_measured_before_is_kept(tmp_path):
    # Nothing is new: no pair is made.
    assert main(["-o", str(tmp_path / "record.json")]) == 0
    kept = json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))
    assert kept["runs"] == json.loads(RECORD.read_text(encoding="utf-8"))["runs"]
