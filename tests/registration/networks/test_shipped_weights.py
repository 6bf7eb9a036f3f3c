"""Every folder of shipped weights: whole, of the stated size, and a network that registers."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from skimage.io import imread

from dirv_tf import geometry, synthesis
from dirv_tf.models.pretrained import WEIGHTS_FOLDER, load_pretrained, pretrained_names
from dirv_tf.models.recurrent_refinement import flow_field_of_any_size
from dirv_tf.models.weight_files import read_card
from dirv_tf.registration import measure_accuracy, register
from dirv_tf.registration.networks import tiling

EXPECTED = {"A-1", "A-6", "best-2d", "best-3d", "F-1-quick"}
NAMES = sorted(EXPECTED | set(pretrained_names()))
# The sizes of the training images: large enough for every level, small enough for a test.
SIDES = {2: (64, 64), 3: (32, 32, 32)}
INDEX = 3
# By kind, for the one mild pair below: least reduction of the errors and most folded pixels in percent, longest vector
# between identical images. One pair says nothing about folding elsewhere; what the cards say of many pairs is below.
# Only a DIRV-Net gives the zero field by its construction; networks that predict a field at once come near it.
PROMISES = {"dirv_net": (60, 0.0, 0.05)}
OTHERS = (20, 1.0, 1.0)
NUCLEI = Path(__file__).parents[3] / "data" / "tissue" / "ki67_scanner_1.png"


@functools.cache
def shipped(name):
    """One network for all tests: its units are compiled once."""
    return load_pretrained(name)


def _known_pair(rank, kind="chessboard"):
    """An unseen image of the kind that a network was trained on, warped by a mild field to the fixed one (thesis 5.5)."""
    size = SIDES[rank]
    if kind == "folder":
        # Another tissue than those of the training.
        pixels = imread(NUCLEI)[: size[0], : size[1]].astype(np.float32)
        moving = tf.constant((pixels - pixels.min()) / np.ptp(pixels))[tf.newaxis, ..., tf.newaxis]
    else:
        moving = synthesis.chessboard_images(size, seed=2024, indices=[INDEX])
    flow_field = synthesis.random_fields(size, seed=2024, indices=[INDEX], batch_index=INDEX, kind="affine")
    fixed = geometry.warp_image(moving, flow_field)
    return fixed[0].numpy(), moving[0].numpy(), flow_field[0].numpy()


@pytest.fixture
def without_graphs(monkeypatch):
    """Networks run as they are: to trace and compile a graph of each takes ten times longer than to run it once."""

    def as_it_is(network, rounds):
        assert rounds is None
        return lambda fixed, moving: (flow_field_of_any_size(network, fixed, moving), tf.constant([1]))

    monkeypatch.setattr(tiling, "compiled_network", as_it_is)


def test_the_promised_models_are_there():
    assert EXPECTED <= set(pretrained_names())


@pytest.mark.parametrize("name", sorted({*NAMES, "uncertainty-2d", *pretrained_names(task=None)}))
def test_files_are_whole(name):
    card = json.loads((WEIGHTS_FOLDER / name / "weights.json").read_text(encoding="utf-8"))
    arrays = WEIGHTS_FOLDER / name / "weights.npz"
    assert hashlib.sha256(arrays.read_bytes()).hexdigest() == card["sha256"]
    with np.load(arrays, allow_pickle=False) as file:
        assert sum(file[key].size for key in file.files) == card["parameters"]
        assert all(np.isfinite(file[key]).all() for key in file.files)
        assert all(file[key].dtype == np.float32 for key in file.files)


@pytest.mark.parametrize("name", NAMES)
def test_the_field_of_a_mild_pair_is_found(name, without_graphs):
    network = shipped(name)
    fixed, moving, flow_field = _known_pair(network.rank, read_card(WEIGHTS_FOLDER / name)["data"]["kind"])
    accuracy = measure_accuracy(register(fixed, moving, model=network), flow_field)
    assert accuracy.endpoint_error_before > 0.5, "the field should be worth finding"
    least, most_folded = PROMISES.get(network.kind, OTHERS)[:2]
    assert accuracy.endpoint_error_reduction > least, accuracy
    assert accuracy.difference_reduction > least, accuracy
    assert accuracy.folded_percent <= most_folded, accuracy


@pytest.mark.parametrize("name", NAMES)
def test_all_test_pairs_of_its_run_together_hardly_fold(name):
    card = read_card(WEIGHTS_FOLDER / name)
    # Single pairs do fold in up to a percent of their pixels.
    assert 0 <= card["metrics"]["folded_percent"] < 0.02, "percent of all pixels of all pairs"


@pytest.mark.parametrize("name", NAMES)
def test_identical_images_are_left_alone(name, without_graphs):
    network = shipped(name)
    _, image, _ = _known_pair(network.rank)
    longest = PROMISES.get(network.kind, OTHERS)[2]
    assert np.abs(register(image, image, model=network).flow_field).max() < longest


@pytest.mark.parametrize("name", ["A-6", "best-2d", "best-3d", "avsm-2d-quick", "voxelmorph-2d-quick"])
@pytest.mark.parametrize("noise", [1e-7, 1e-3])
def test_a_pair_that_fits_is_not_spoiled(name, noise, without_graphs):
    network = shipped(name)
    _, image, _ = _known_pair(network.rank)
    noise = noise * np.random.default_rng(0).standard_normal(image.shape)
    fixed = np.clip(image + noise, 0, 1).astype(np.float32)
    result = register(fixed, image, model=network)
    # The noise floor of the potentials alone would be displacements of up to some pixels.
    assert not result.flow_field.any() and result.rounds == 0
    assert "the images stay where they were" in result.notes[-1]


@pytest.mark.parametrize(("rank", "name"), [(2, "large-2d"), (3, "best-3d")])
def test_without_a_model_the_best_one_for_the_rank_registers(rank, name):
    fixed, moving, flow_field = _known_pair(rank)
    # The first choice for the similarity "mse"; "auto" may decide for local structure.
    plain = register(fixed, moving, similarity="mse", align="none", optimize=False)
    assert plain.model_name == name
    np.testing.assert_array_equal(plain.flow_field, register(fixed, moving, model=name).flow_field)
    found = register(fixed, moving)
    errors = [measure_accuracy(result, flow_field).endpoint_error_after for result in (plain, found)]
    assert errors[1] <= errors[0], found.model_name
