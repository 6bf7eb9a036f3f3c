"""Runs that go on from trained weights."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from dirv_tf.models import VoxelMorph
from dirv_tf.models.weight_files import load_weights_file, read_card, save_weights_file
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution.run import execute
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.training.execution.starting_weights import starting_weights
from dirv_tf.validation import ConfigError

MINE = """\
name: mine
description: goes on
model: {levels: 1, units: 7, experts: 24}
data: {kind: chessboard, size: [64, 64], train_images: 4, test_images: 4}
training: {epochs: 1, batch_size: 4, start_from: START}
"""


def _from(config, start_from, **changes):
    training = dataclasses.replace(config.training, start_from=str(start_from), **changes)
    return dataclasses.replace(config, training=training)


def test_a_run_starts_with_the_weights_of_another(finished, tiny_config, tmp_path, untimed, untraced):
    folder, _, _ = finished
    # Steps too short to change anything.
    config = _from(tiny_config, folder.path, learning_rate=1e-12, epochs=1)
    run, lines = RunFolder.new(config, tmp_path / "run"), []
    with untimed():
        execute(config, run, tensorboard=False, report=lines.append)
    expected = load_weights_file(folder.path).named_variables()
    for path, variable in load_weights_file(run.path).named_variables().items():
        np.testing.assert_allclose(variable, expected[path], atol=1e-8, err_msg=path)
    sha256 = read_card(folder.path)["sha256"]
    assert f"  start     weights of {folder.path.name}, SHA-256 {sha256[:12]}…" in lines
    record = json.loads(run.record.read_text(encoding="utf-8"))
    assert record["started_from"] == {"name": "run", "run": "A-6", "preset": None, "sha256": sha256}
    card = read_card(run.path)
    assert card["training"]["start_from"] == "run" and str(tmp_path.parent) not in json.dumps(card)


def test_a_resumed_run_does_not_start_again(finished, tiny_config, tmp_path, untraced):
    whole = load_weights_file(finished[0].path)
    # Trained, but not tested yet. The weights to start from are not there any more; the checkpoint has all that counts.
    run = RunFolder(shutil.copytree(finished[0].path, tmp_path / "run"))
    run.metrics_json.unlink()
    (run.path / "weights.npz").unlink()
    run.write_config(_from(tiny_config, tmp_path / "gone"))
    resumed, config = RunFolder.existing(run.path)
    assert config.training.start_from == str(tmp_path / "gone")
    execute(config, resumed, tensorboard=False, report=lambda line: None)
    for path, variable in load_weights_file(run.path).named_variables().items():
        np.testing.assert_array_equal(variable, whole.named_variables()[path])


def test_shipped_networks_are_known_by_name_and_paths_are_relative_to_the_file(tmp_path):
    (tmp_path / "mine.yaml").write_text(MINE.replace("START", "A-6"), encoding="utf-8")
    weights = starting_weights(load_run(tmp_path / "mine.yaml"))
    assert (weights.name, weights.card["run"]) == ("A-6", "A-6")
    (tmp_path / "mine.yaml").write_text(MINE.replace("START", "./other/run"), encoding="utf-8")
    assert load_run(tmp_path / "mine.yaml").training.start_from == str(tmp_path / "other" / "run")


@pytest.mark.parametrize(("last", "message"), [(4, None), (6, r"the run's settings: last=\(6,\)")])
def test_a_network_goes_on_in_more_passes_than_it_was_trained_in(tmp_path, last, message):
    network = VoxelMorph(2, encoder=(4, 4), decoder=(4, 4), last=(4,))
    save_weights_file(network, tmp_path / "weights.npz")
    model = f"kind: voxelmorph, encoder: [4, 4], decoder: [4, 4], last: [{last}], passes: 3"
    text = MINE.replace("START", "./weights.npz").replace("levels: 1, units: 7, experts: 24", model)
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    if message:
        with pytest.raises(ConfigError, match=message):
            starting_weights(load_run(tmp_path / "mine.yaml"))
    else:
        values = starting_weights(load_run(tmp_path / "mine.yaml")).values
        np.testing.assert_array_equal(values["field_layer/kernel"], network.named_variables()["field_layer/kernel"])


@pytest.mark.parametrize(
    "start_from, model, message",
    [
        ("A-66", "experts: 24", "name of a shipped network, A-1, .*Received: training.start_from='A-66'"),
        ("./nowhere", "experts: 24", "'training.start_from': Expected a weights card"),
        ("A-6", "experts: 20", r"settings: experts=\(20, 20\). Received: experts=\(24, 24\) in A-6"),
        ("best-3d", "experts: 24", r"settings: rank=2, .*Received: rank=3, "),
    ],
)
def test_other_weights_are_refused_before_anything_is_written(start_from, model, message, tmp_path):
    text = MINE.replace("START", start_from).replace("experts: 24", model)
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    config = load_run(tmp_path / "mine.yaml")
    run = RunFolder(tmp_path / "run")
    with pytest.raises(ConfigError, match=message):
        execute(config, run, tensorboard=False, report=lambda line: None)
    assert not run.path.exists() or not list(run.path.iterdir())


def test_damaged_weights_are_refused(finished, tiny_config, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(finished[0].path, source)
    arrays = (source / "weights.npz").read_bytes()
    (source / "weights.npz").write_bytes(arrays[:-1])
    config = _from(tiny_config, source)
    with pytest.raises(ConfigError, match="'training.start_from': Expected weights with the SHA-256 on their card"):
        execute(config, RunFolder(tmp_path / "run"), tensorboard=False, report=lambda line: None)
    assert not (tmp_path / "run").exists() or not list((tmp_path / "run").iterdir())
