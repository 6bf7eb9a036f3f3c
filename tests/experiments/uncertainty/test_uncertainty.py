"""The measurement of predicted uncertainty: its pairs, its record, its table, its page."""

import json

import numpy as np
import pytest

from dirv_tf import geometry
from dirv_tf.models import UncertaintyNetwork, save_weights_file
from dirv_tf.training.config.config_loading import load_run
from experiments.folders import ALL_RUNS, RECORDS
from experiments.uncertainty import page, pair_sets, run
from experiments.uncertainty.measures import measures
from experiments.uncertainty.methods import JudgedMethod
from experiments.uncertainty.pair_sets import KnownPairs
from experiments.uncertainty.table import COLUMNS, losses_markdown, markdown, missed_goals, rows, text_lines


def test_half_of_a_pair_is_flat_and_its_field_is_true():
    pairs = pair_sets._half_flat(5)
    assert pairs.fixed.shape == (5, 96, 96, 1) and pairs.flat.shape == (5, 96, 96)
    np.testing.assert_allclose(geometry.warp_image(pairs.moving, pairs.flow_field), pairs.fixed, atol=1e-6)
    assert 0.2 < pairs.flat.mean() < 0.5
    np.testing.assert_allclose(pairs.fixed[pairs.flat], 0.5, atol=1e-6)


def test_a_record_holds_what_was_measured(tmp_path, monkeypatch, rng):
    images = rng.random((2, 32, 32, 1)).astype(np.float32)
    true = np.zeros((2, 32, 32, 2), np.float32)
    flat = np.broadcast_to(np.arange(32) > 16, (2, 32, 32))
    tissue = KnownPairs("tissue", "noise", images, images, true)
    sets = [tissue, KnownPairs("half flat", "more", images, images, true, flat)]
    monkeypatch.setattr(run, "known_pairs", lambda count: sets)
    method = JudgedMethod("demons", "a shift", lambda fixed, moving: np.full((32, 32, 2), 0.5, np.float32))
    monkeypatch.setattr(run, "METHODS", (method,))
    network = UncertaintyNetwork(features=2, halvings=2)
    card = {"training": {"loss": "gaussian_likelihood", "given_fields": ["zero", "demons:halfway"]}}
    save_weights_file(network, tmp_path / "weights", card)
    record = run.measure_uncertainty(tmp_path / "out", str(tmp_path / "weights"), 2, 0, report=lambda line: None)
    assert json.loads((tmp_path / "out" / run.RECORD).read_text()) == record
    assert (tmp_path / "out" / run.PICTURE).stat().st_size > 1000
    tissue, half = (each["methods"][0] for each in record["sets"])
    assert tissue["error_rms"] == 0.5 and tissue["components"] == 2 * 32 * 32 * 2
    assert half["parts"]["error_flat"] == half["parts"]["error_elsewhere"] == 0.5
    assert len(rows(record)) == 2 and {len(row) for row in rows(record)} == {len(COLUMNS)}
    assert len(text_lines(record)) == 3
    assert "| tissue | demons | 0.50 |" in markdown(record)
    assert tissue["in_training"] and "fields of demons were among those of the training" in markdown(record)
    for each in record["sets"]:
        each["methods"][0]["in_training"] = False
    assert "fields of these methods were not among those of the training" in markdown(record)
    # Sets with a flat part are left out where losses are compared.
    assert losses_markdown([record, record]).count("| `gaussian_likelihood` | tissue | demons | 0.50 |") == 2
    assert "half flat" not in losses_markdown([record])
    # Where all errors are the same, none is larger than another.
    assert tissue["rank_correlation"] is None and "| – |" in markdown(record)


def row_of(**changes):
    found = {"method": "demons", "calibration_error": 0.05, "coverage_90": 90.0, "rank_correlation": 0.6}
    return {**found, **changes}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"calibration_error": 0.12}, ["demons on tissue: calibration error 0.120 px, to be below 0.1"]),
        ({"coverage_90": 96.0}, ["demons on tissue: 96.0 % within the 90 % interval, to be 85 to 95"]),
        ({"rank_correlation": 0.4}, ["demons on tissue: rank correlation 0.40, to be above 0.5"]),
        (
            {"parts": {"predicted_flat": 0.1, "predicted_elsewhere": 0.2}},
            ["demons on tissue: no larger prediction in the flat part"],
        ),
    ],
)
def test_goals_that_are_missed_are_said(changes, expected):
    assert missed_goals({"sets": [{"name": "tissue", "methods": [row_of(**changes)]}]}) == expected


def test_measures_are_those_of_the_metrics(rng):
    deviation = rng.uniform(0.5, 2, (4, 8, 8, 2))
    found = measures(deviation, deviation)
    assert found["coverage_90"] == 100 and found["rank_correlation"] == 1 and found["calibration_error"] == 0
    assert sum(found["bins"]["counts"]) == found["components"] == deviation.size


def test_the_records_know_which_fields_were_learned_from():
    for name, preset in ((page.RECORD, None), (page.OF_IMAGES, "images")):
        given = load_run("uncertainty-2d", preset, folder=ALL_RUNS).training.given_fields
        record = json.loads((RECORDS / "uncertainty" / name).read_text(encoding="utf-8"))
        for each in record["sets"]:
            seen = {row["method"] for row in each["methods"] if row["in_training"]}
            assert seen == {"best-2d", "register", "demons"} & set(given)


def test_the_page_shows_the_record():
    text = page.PAGE.path.read_text(encoding="utf-8")
    assert page.PAGE.written(text, page.blocks()) == text
