"""The measurement of what a hole does to a field: its measures, its record, its page, its run file."""

import json

import numpy as np
import pytest

from dirv_tf.models import CounterpartNetwork, load_weights_file, read_card, save_weights_file
from dirv_tf.registration.networks.model_choice import model_path
from dirv_tf.training.config.config_loading import load_run
from experiments.counterpart import page, run
from experiments.counterpart.measures import mask_scores, moved, ring
from experiments.counterpart.methods import Method
from experiments.counterpart.pair_sets import HolePairs
from experiments.counterpart.table import COLUMNS, markdown, met, rows, text_lines
from experiments.folders import ALL_RUNS, RECORDS


def hole():
    values = np.zeros((1, 40, 40), np.float32)
    values[:, 15:25, 15:25] = 1
    return values


def test_the_ring_is_the_pixels_beside_the_hole():
    around = ring(hole()[0])
    assert not around[15:25, 15:25].any() and around[14, 20] and around[7, 20] and not around[6, 20]


def test_how_far_a_field_moved():
    fields = np.zeros((1, 40, 40, 2), np.float32)
    other = fields.copy()
    other[0, 15:25, 15:25] = 50
    assert moved(fields, other, hole())["mean"] == 0
    other[ring(hole()[0])[None]] = (3, 4)
    found = moved(fields, other, hole())
    assert found == {"mean": 5, "median": 5, "p95": 5, "pairs_below": 0}


def test_scores_of_masks(rng):
    assert mask_scores(hole(), hole()) == {"dice": 1.0, "auc": 1.0}
    assert mask_scores(1 - hole(), hole()) == {"dice": 0.0, "auc": 0.0}
    assert mask_scores(0 * hole(), hole()) == {"dice": 0.0, "auc": 0.5}
    assert mask_scores(rng.random((1, 40, 40)), hole())["auc"] == pytest.approx(0.5, abs=0.1)


def test_a_record_holds_what_was_measured(tmp_path, monkeypatch, rng):
    image = rng.random((2, 40, 40)).astype(np.float32)
    holes = np.concatenate([hole(), hole()])
    pairs = HolePairs("tissue", "noise", image, image, np.zeros((2, 40, 40, 2), np.float32), {"torn": (image + 1, holes)})
    monkeypatch.setattr(run, "hole_pairs", lambda count: [pairs])
    way = Method("way", "a shift", lambda fixed, moving: (np.full((40, 40, 2), fixed.max() > 1, np.float32), hole()[0]))
    monkeypatch.setattr(run, "methods", lambda model: [way, way._replace(name="blind", register=lambda *_: (way.register(*_)[0], None))])
    base = {"kind": "voxelmorph", "encoder": [4], "decoder": [4], "last": [4]}
    save_weights_file(CounterpartNetwork(base, features=2, halvings=1), tmp_path / "weights", {"training": {}, "run": "holes"})
    record = run.measure_counterpart(tmp_path / "out", str(tmp_path / "weights"), 2, report=lambda line: None)
    assert json.loads((tmp_path / "out" / run.RECORD).read_text()) == json.loads(json.dumps(record))
    first, second = record["sets"][0]["methods"]
    assert first["holes"]["torn"]["mean"] == pytest.approx(2**0.5) and first["holes"]["torn"]["dice"] == 1
    assert "dice" not in second["holes"]["torn"] and first["endpoint_error"] == 0
    assert {len(row) for row in rows(record)} == {len(COLUMNS)} and len(text_lines(record)) == 3
    assert met(record) == [("tissue", "torn", "way", False), ("tissue", "torn", "blind", False)]
    assert "| tissue | torn | way | 1.41 |" in markdown(record)


def test_the_page_is_up_to_date():
    assert page.PAGE.main(["--check"]) == 0


def test_the_run_file_is_legal():
    config = load_run("counterpart-2d", folder=ALL_RUNS)
    # The record is that of the shipped weights.
    network = model_path("counterpart-2d")
    card, record = read_card(network), json.loads((RECORDS / "counterpart" / "counterpart.json").read_text())
    assert card["run"] == record["model"] == config.name and card["sha256"] == record["sha256"]
    assert load_weights_file(network).architecture()["base"] == config.model.build(2).architecture()["base"]
    assert config.model.has_mask and [stage.name for stage in config.stages] == ["mask"]
