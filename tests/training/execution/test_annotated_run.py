"""Runs on pairs with labels, landmarks and masks, from start to end, and the loss of every family with labels."""

import json

import numpy as np
import pytest
import tensorflow as tf
import tifffile
import yaml

from dirv_tf import losses
from dirv_tf.datasets import ShapePairs
from dirv_tf.io import Landmarks, write_landmarks
from dirv_tf.models.own_similarity import own_similarity
from dirv_tf.models.weight_files import load_weights_file, read_card
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.config.loss_terms import MaskedTerm, OwnTerm
from dirv_tf.training.execution.annotations import loss_of_terms
from dirv_tf.training.execution.building import build_model, compile_model
from dirv_tf.training.execution.history import read_history
from dirv_tf.training.execution.progress import Progress
from dirv_tf.training.execution.run import execute
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.validation import ConfigError

TERMS = "[{kind: own}, {kind: labels, weight: 0.5}, {kind: landmarks, weight: 0.01}, {kind: masked, similarity: ncc}]"
RUN = """\
name: mine
description: Own pairs with labels
model: {{kind: voxelmorph, encoder: [4], decoder: [4], last: [4]}}
data: {{kind: pairs, size: [16, 16], train_pairs: train.csv, test_pairs: test.csv, train_images: 4, test_images: 2}}
training: {{epochs: 2, batch_size: 2, learning_rate: 1e-3, {loss}terms: {terms}}}
evaluation: {{batch_size: 2, validation_images: 2}}
"""
COLUMNS = "fixed,moving,fixed_labels,moving_labels,fixed_landmarks,moving_landmarks,fixed_mask"
FILES = "fixed.tif,moving.tif,fixed_labels.tif,moving_labels.tif,fixed.csv,moving.csv,mask.tif"


def write(folder, train=COLUMNS, test=COLUMNS, terms=TERMS):
    """A square that lies two rows lower in the moving image, with all that can be drawn on it."""
    rng = np.random.default_rng(1)
    for name, row in (("fixed", 5), ("moving", 7)):
        labels = np.zeros((24, 24), np.uint8)
        labels[row : row + 8, 6:16] = 4
        labels[row + 4 : row + 8, 6:16] = 9
        tifffile.imwrite(folder / f"{name}.tif", rng.random((24, 24)).astype(np.float32))
        tifffile.imwrite(folder / f"{name}_labels.tif", labels)
        write_landmarks(folder / f"{name}.csv", Landmarks(("one", "two"), [[row + 3.0, 10], [row + 6.0, 12]]))
    tifffile.imwrite(folder / "mask.tif", np.ones((24, 24), np.uint8))
    cells = dict(zip(COLUMNS.split(","), FILES.split(",")))
    for part, columns in (("train", train), ("test", test)):
        text = f"{columns}\n{','.join(cells[column] for column in columns.split(','))}\n"
        (folder / f"{part}.csv").write_text(text)
    loss = "loss: unsupervised, " if "own" in terms else ""
    (folder / "mine.yaml").write_text(RUN.format(loss=loss, terms=terms))
    return load_run(folder / "mine.yaml")


@pytest.fixture(scope="module")
def annotated_run(tmp_path_factory, untimed):
    folder = tmp_path_factory.mktemp("annotated")
    config, lines = write(folder), []
    run = RunFolder.new(config, folder / "run")
    # With TensorBoard, which calls the loss by itself.
    with untimed():
        return run, execute(config, run, tensorboard=True, report=lines.append), lines


def test_a_run_says_what_it_trains_with_and_how_well_labels_and_landmarks_fit(annotated_run):
    _, measured, lines = annotated_run
    assert any("unknown fields, labels, landmarks, mask, batches of 2" in line for line in lines)
    assert "  loss      1 × own + 0.5 × labels + 0.01 × landmarks + 1 × masked" in lines
    assert {"dice", "dice_before", "dice_label4", "dice_before_label9", "tre", "tre_before"} <= measured.keys()
    assert measured["tre_before"] == pytest.approx(2, abs=1e-5)
    assert f"Dice {measured['dice_before']:.3f} → {measured['dice']:.3f}" in lines
    assert f"TRE {measured['tre_before']:.3f} → {measured['tre']:.3f} px" in lines
    assert f"     9: {measured['dice_before_label9']:.3f} → {measured['dice_label9']:.3f}" in lines


def test_records_hold_them_and_the_weights_say_how_they_were_trained(annotated_run):
    run, measured, _ = annotated_run
    assert json.loads(run.metrics_json.read_text())["test"] == measured
    assert {"dice", "val_dice", "tre", "val_tre_before"} <= read_history(run.history)[0].keys()
    card = read_card(run.path)
    assert [term["kind"] for term in card["training"]["terms"]] == ["own", "labels", "landmarks", "masked"]
    assert load_weights_file(run.path).similarity == "mse", "that of its own loss"


def test_progress_and_reports_show_them_before_and_after(annotated_run, capsys):
    from dirv_tf.report.run_record import find_runs
    from dirv_tf.report.run_table import run_rows

    run, measured, _ = annotated_run
    (row,) = run_rows(find_runs([run.path]))
    assert row["Dice"] == f"{measured['dice_before']:.3f} → {measured['dice']:.3f}" and "TRE px" in row
    progress = Progress(epochs=1, steps=1)
    progress.on_epoch_end(0, {"dice": 0.75, "dice_before": 0.5, "val_tre": 1.0, "val_tre_before": 3.0})
    assert "Dice 0.500 → 0.750  unseen TRE 3.000 → 1.000 px" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("train", "test", "terms", "message"),
    [
        ("fixed,moving", COLUMNS, TERMS, "kind labels needs labels of the pairs.*columns fixed_labels.*pairs to train with"),
        (COLUMNS, "fixed,moving,fixed_mask", TERMS, "kind labels needs.*Received: pairs to test with.* that have mask"),
        ("fixed,moving", "fixed,moving", "[{kind: landmarks}]", "kind landmarks needs.*moving_landmarks.*that have none"),
    ],
)
def test_a_term_without_its_data_stops_a_run_before_it_writes(tmp_path, train, test, terms, message):
    config = write(tmp_path, train, test, terms)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ConfigError, match=message):
        execute(config, RunFolder.new(config, tmp_path / "run"), tensorboard=False, report=lambda line: None)
    assert sorted(tmp_path.iterdir()) == before


def test_labels_of_both_parts_must_be_the_same(tmp_path):
    config = write(tmp_path, terms="[{kind: labels}]")
    labels = np.where(tifffile.imread(tmp_path / "fixed_labels.tif") > 0, 4, 0).astype(np.uint8)
    tifffile.imwrite(tmp_path / "other.tif", labels)
    images = "fixed.tif,moving.tif,other.tif,other.tif"
    (tmp_path / "test.csv").write_text(f"fixed,moving,fixed_labels,moving_labels\n{images}\n")
    with pytest.raises(ConfigError, match=r"'data.labels' must say .*Received: \[4, 9\] to train with, \[4\] to test with"):
        execute(config, RunFolder.new(config, tmp_path / "run"), tensorboard=False, report=lambda line: None)


FAMILIES = {
    "dirv_net": {"levels": 1, "units": 1, "experts": 2, "kernel_sizes": [3, 3], "knots": 5},
    "voxelmorph": {"encoder": [4], "decoder": [4], "last": [4]},
    "dlir": {"affine_resolution": 2, "spline_resolutions": [1], "spline_spacings": [8], "filters": 4, "hidden": 4},
    "avsm": {"affine_size": 16, "width": 0.0625, "momentum_steps": 1, "affine_steps": 1},
    "rwcnet": {"resolutions": [1], "steps": 1, "radii": 1, "features": 4, "hidden": 8, "blocks": [1, 1]},
}


@pytest.mark.parametrize("kind", FAMILIES)
def test_every_family_learns_from_labels_beside_its_own_loss_in_every_stage(kind, tmp_path, untraced):
    terms = [{"kind": "own"}, {"kind": "labels", "weight": 2.0}, {"kind": "boxes", "weight": 0.5}]
    data = {"kind": "shapes", "size": [16, 16], "labels": 3, "label_maps": True, "train_images": 2, "test_images": 2}
    training = {"epochs": 4, "batch_size": 2, "loss": "unsupervised", "terms": terms}
    content = {"name": "mine", "description": kind, "model": {"kind": kind, **FAMILIES[kind]}, "data": data}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump({**content, "training": training}))
    config = load_run(tmp_path / "run.yaml")
    pair, targets = ShapePairs((16, 16), 2, 2, labels=3, label_maps=True).frozen_batch()
    model = build_model(config)
    for stage in config.stages:
        model.start_stage(stage.name)
        compile_model(model, config, 4, stage)
        with tf.GradientTape(persistent=True) as tape:
            outputs = model(pair, training=True)
            loss = model.compute_loss(pair, targets, outputs)
            drawn = 2 * losses.LabelLoss()(targets, outputs) + 0.5 * losses.LabelLoss("mse", boxes=True)(targets, outputs)
            own = config.model.own_loss(stage.unsupervised, 4)(None, model.completed(pair, outputs))
        assert float(loss) == pytest.approx(float(drawn + own), rel=1e-5)
        learned = [gradient for gradient in tape.gradient(drawn, model.trainable_variables) if gradient is not None]
        assert any(np.abs(tf.convert_to_tensor(each)).max() > 0 for each in learned), "the labels teach the network"
    assert model.similarity == config.model.unsupervised_loss["similarity"]


def test_what_a_network_is_judged_by_is_what_its_terms_compare():
    terms = [{"kind": "labels"}, {"kind": "masked", "similarity": "mind"}]
    card = {"training": {"loss": "displacement", "terms": terms}, "data": {"kind": "pairs"}}
    assert own_similarity("voxelmorph", None, card) == "mind"
    card["training"]["terms"] = terms[:1]
    assert own_similarity("voxelmorph", None, card) is None
    card["training"].update(loss="unsupervised", terms=[*terms, {"kind": "own"}])
    assert own_similarity("voxelmorph", None, card) == "mse"


def test_a_network_is_judged_by_its_own_loss_wherever_that_stands():
    terms = MaskedTerm(similarity="mind"), OwnTerm()
    for own, expected in ((losses.UnsupervisedLoss("ncc"), "ncc"), (losses.IntensityLoss(), "mse")):
        assert loss_of_terms(terms, own).similarity == expected
    assert loss_of_terms(terms[:1], None).similarity == "mind"
