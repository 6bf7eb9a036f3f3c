"""Runs on own images from start to end: a folder of images, and real pairs without known fields."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from dirv_tf.models.weight_files import load_weights_file, read_card
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution.building import build_model
from dirv_tf.training.execution.history import read_history
from dirv_tf.training.execution.progress import Progress
from dirv_tf.training.execution.run import execute
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.validation import ConfigError

TISSUE = Path(__file__).parents[3] / "data" / "tissue"
_FILE = """\
name: {kind}
description: Own images
model: {{levels: 1, units: 1, experts: 2, kernel_sizes: [3, 3], knots: 5}}
data: {{kind: {kind}, size: [16, 16], train_images: 8, test_images: 8, {data}}}
training: {{epochs: 2, batch_size: 4, learning_rate: 1e-3, loss: {loss}}}
evaluation: {{batch_size: 4, validation_images: 4}}
"""


def _run(folder, kind, data, loss, untimed, without_tracing):
    """Folder, metrics and lines of a run that is described by a YAML file."""
    path = folder / "mine.yaml"
    path.write_text(_FILE.format(kind=kind, data=data, loss=loss), encoding="utf-8")
    config = load_run(path)
    run, lines = RunFolder.new(config, folder / "run"), []
    # The network is that of `test_run.py`, which trains it traced.
    with untimed(), without_tracing():
        return run, execute(config, run, tensorboard=kind == "pairs", report=lines.append), lines


@pytest.fixture(scope="module")
def folder_run(tmp_path_factory, untimed, without_tracing):
    folder = tmp_path_factory.mktemp("folder")
    shutil.copytree(TISSUE, folder / "images")
    return _run(folder, "folder", "folder: images, transform: affine", "displacement", untimed, without_tracing)


@pytest.fixture(scope="module")
def pairs_run(tmp_path_factory, untimed, without_tracing):
    folder = tmp_path_factory.mktemp("pairs")
    for part, numbers in (("train", (1, 2)), ("test", (2, 1))):
        fixed, moving = (TISSUE / f"ki67_scanner_{number}.png" for number in numbers)
        (folder / f"{part}.csv").write_text(f"fixed,moving\n{fixed},{moving}\n", encoding="utf-8")
    data = "train_pairs: train.csv, test_pairs: test.csv, normalization: each"
    return _run(folder, "pairs", data, "intensity", untimed, without_tracing)


def test_a_run_on_a_folder_leaves_the_files_of_any_run(folder_run):
    folder, measured, lines = folder_run
    written = json.loads(folder.metrics_json.read_text(encoding="utf-8"))
    assert written["test"] == measured and written["reference"] is None and written["test_images"] == 8
    assert {"l_dis", "dl_dis", "endpoint_error", "folded_percent"} <= measured.keys()
    assert any("8 pairs of 16×16 from 4 images, affine fields" in line for line in lines)
    assert any("8 unseen pairs of 16×16 from 1 image," in line for line in lines)
    assert any(line.startswith("test of 8 unseen pairs") for line in lines)
    assert any(line.startswith("endpoint error ") for line in lines)
    assert sum("mean of levels" in line for line in lines) == 1, "nothing to compare with"
    assert load_weights_file(folder.path).rank == 2


def test_the_card_says_how_to_normalize_and_not_where_the_images_lay(folder_run, pairs_run, finished):
    rules = {}
    for run in (folder_run, pairs_run, finished):
        card = read_card(run[0].path)
        rules[card["data"]["kind"]] = card["input"]["normalization"]
        assert str(run[0].path.parent) not in json.dumps(card) and str(TISSUE) not in json.dumps(card)
    assert rules == {"folder": "joint", "pairs": "each", "chessboard": "type"}


def test_the_record_lists_the_files_of_both_parts(folder_run):
    folder, _, _ = folder_run
    files = json.loads(folder.record.read_text(encoding="utf-8"))["files"]
    assert len(files["train"]) == 4 and len(files["test"]) == 1
    images = folder.path.parent / "images"
    assert sorted(files["train"] + files["test"]) == sorted(str(path) for path in images.iterdir())


def test_real_pairs_have_no_metrics_that_need_the_true_field(pairs_run):
    folder, measured, lines = pairs_run
    written = json.loads(folder.metrics_json.read_text(encoding="utf-8"))
    header, row = folder.metrics_csv.read_text(encoding="utf-8").splitlines()
    history = read_history(folder.history)
    unknown = {"l_dis", "dl_dis", "endpoint_error"}
    for names in (measured, written["test"], header.split(","), history[0]):
        assert not [name for name in names if any(part in name for part in unknown)]
    assert {"loss", "l_int", "dl_int", "l_int_finest", "folded_percent"} <= measured.keys() and measured["l_int"] > 0
    assert len(header.split(",")) == len(row.split(",")) and len(history) == 2
    assert {"dl_int", "val_dl_int", "val_folded_percent"} <= history[0].keys()
    mean = next(line for line in lines if "mean of levels" in line)
    assert mean.split()[-4::2] == [f"{measured['l_int']:.2f}", f"{measured['dl_int']:.2f}"]
    assert mean.split()[-3::2] == ["–", "–"]
    assert any(line.startswith("folded ") for line in lines) and not any("endpoint" in line for line in lines)
    assert any("from 1 image pair, unknown fields" in line for line in lines)


def test_real_pairs_train_the_network(pairs_run):
    folder = pairs_run[0]
    before, after = build_model(load_run(folder.config)), load_weights_file(folder.path)
    for name, variable in after.named_variables().items():
        # The regularizer of a single unit sees the zero field alone, and learns nothing.
        changed = (variable.numpy() != before.named_variables()[name].numpy()).any()
        assert changed == ("regularizer" not in name), name
    assert all(np.isfinite(float(row[name])) for row in read_history(folder.history) for name in ("loss", "val_loss"))


def test_tensorboard_shows_no_displacement_errors_of_real_pairs(pairs_run):
    tags = EventAccumulator(str(pairs_run[0].tensorboard / "train"), size_guidance={"tensors": 1}).Reload().Tags()
    assert "4 intensity reduction (%)/average of the levels" in tags["tensors"]
    assert "B flow field/pair 0" in tags["tensors"]
    assert not [tag for tag in tags["tensors"] if "displacement" in tag or "endpoint" in tag]


def test_the_progress_says_what_is_known(capsys):
    progress = Progress(epochs=1, steps=1)
    progress.on_epoch_end(0, {"loss": 0.5, "dl_int": 40.0, "val_dl_int": 30.0})
    assert "ΔL_int 40.0 %  unseen 30.0 %" in capsys.readouterr().out


def test_a_run_on_a_folder_can_be_resumed_anywhere_if_the_images_are_the_same(folder_run, tmp_path, monkeypatch, untraced):
    whole, measured, _ = folder_run
    monkeypatch.chdir(tmp_path)
    shutil.copytree(whole.path, tmp_path / "moved", ignore=shutil.ignore_patterns("metrics.*", "weights.*"))
    folder, config = RunFolder.existing("moved")
    added = whole.path.parent / "images" / "added.png"
    shutil.copy(TISSUE / "colon_ihc.png", added)
    try:
        with pytest.raises(ConfigError, match="Expected the image files that the run began with.*Received: 5 to train"):
            execute(config, folder, tensorboard=False, report=lambda line: None)
    finally:
        added.unlink()
    assert execute(config, folder, tensorboard=False, report=lambda line: None) == measured


@pytest.mark.parametrize(
    ("kind", "data", "loss", "message"),
    [
        ("folder", "folder: none", "displacement", "Pairs to train with, 'data' of kind folder: .*a folder of images"),
        ("folder", "folder: .", "displacement", "folder with images"),
        ("pairs", "train_pairs: a.csv, test_pairs: b.csv", "intensity", "kind pairs: .*CSV file.*a.csv"),
    ],
)
def test_files_that_are_not_there_stop_a_run_before_it_writes(tmp_path, kind, data, loss, message, untimed, without_tracing):
    with pytest.raises(ConfigError, match=message):
        _run(tmp_path, kind, data, loss, untimed, without_tracing)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]
