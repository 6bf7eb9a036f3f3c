"""Only runs that are whole and belong together are published."""

import json
import shutil

import numpy as np
import pytest

from dirv_tf.io.atomic_write import write_json
from dirv_tf.models.weight_files import WeightFileError, load_weights_file, read_card, save_weights_file
from dirv_tf.registration import measure_noise_floor
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.validation import ConfigError
from experiments.reproduction import publication
from experiments.reproduction.publication import publish


@pytest.fixture
def run(finished_run, tmp_path):
    shutil.copytree(finished_run.path, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def known_floor(monkeypatch):
    """A noise floor that is not measured, which takes as long as the test of the weights."""
    monkeypatch.setattr(publication, "measure_noise_floor", lambda network: 0.125)


def test_records_and_weights_come_to_their_places(run, tmp_path):
    lines = []
    records, weights = publish(run, checkout=tmp_path, say=lines.append)
    assert records == tmp_path / "experiments" / "results" / "B-1"
    assert weights == tmp_path / "dirv_tf" / "weights" / "B-1"
    expected = {"config.yaml", "history.csv", "metrics.csv", "metrics.json", "run.json"}
    assert {path.name for path in records.iterdir()} == expected
    assert {path.name for path in weights.iterdir()} == {"weights.npz", "weights.json"}
    assert {path.name for path in records.parent.iterdir()} == {"B-1"}, "nothing is left over"
    assert load_run(records / "config.yaml") == load_run(run / "config.yaml")
    pair = np.zeros((1, 16, 16, 1), np.float32), np.full((1, 16, 16, 1), 0.5, np.float32)
    published, own = (load_weights_file(folder)(pair)["flow_field"] for folder in (weights, run))
    np.testing.assert_array_equal(published, own)
    network = load_weights_file(weights)
    assert network.card["noise_floor"] == measure_noise_floor(network)
    assert "4 pairs tested again" in lines[0]
    with pytest.raises(ConfigError, match="Expected a free name.*name=B-1"):
        publish(run, checkout=tmp_path)


def test_weights_that_do_not_give_the_record_are_refused(run, tmp_path, known_floor):
    network, card = load_weights_file(run), read_card(run)
    step_size = network.pyramid_levels[0].variational_units[0].step_size
    step_size.assign(1.5 * step_size + 1.0)
    save_weights_file(network, run, card)
    with pytest.raises(WeightFileError, match="give the recorded metrics again"):
        publish(run, checkout=tmp_path, say=lambda line: None)
    assert not list(tmp_path.glob("experiments/results/*")) and not list(tmp_path.glob("dirv_tf/weights/*"))


def test_a_card_of_another_run_is_refused(run, tmp_path):
    write_json(run / "weights.json", {**read_card(run), "run": "B-3"})
    with pytest.raises(WeightFileError, match="Received: the card of run B-3"):
        publish(run, checkout=tmp_path)


def test_an_older_card_is_completed(run, tmp_path, known_floor):
    card = read_card(run)
    older = {key: value for key, value in card.items() if key not in ("evaluation", "input")}
    older["model"] = {key: value for key, value in card["model"].items() if key != "step_size_scale"}
    write_json(run / "weights.json", older)
    _, weights = publish(run, checkout=tmp_path, say=lambda line: None)
    assert read_card(weights) == {**card, "noise_floor": 0.125}


def test_a_record_that_was_stopped_is_refused(run, tmp_path):
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    write_json(run / "run.json", {**record, "state": "stopped by TrainingInterrupted"})
    with pytest.raises(ConfigError, match="Expected a finished run by its record.*Received: state='stopped by"):
        publish(run, checkout=tmp_path)


def test_an_unfinished_run_is_refused(stopped_series, tmp_path):
    (path,) = stopped_series[1].glob("B-2-*")
    with pytest.raises(ConfigError, match="Expected a finished run"):
        publish(path, checkout=tmp_path)
