"""Checkpoints that are missing, damaged or of another network."""

import dataclasses

import numpy as np
import pytest

from dirv_tf.training.execution.building import build_model, compile_model
from dirv_tf.training.execution.checkpoints import (
    CheckpointError,
    CheckpointFile,
    load_checkpoint,
    save_checkpoint,
    take_state,
)


@pytest.fixture(scope="module")
def model(tiny_config):
    return _compiled(tiny_config)


def _compiled(config):
    model = build_model(config)
    compile_model(model, config, steps=6)
    return model


def test_the_same_seed_gives_the_same_weights(model, tiny_config):
    again, other = take_state(_compiled(tiny_config)), take_state(model)
    assert again.keys() == other.keys()
    for name in again:
        np.testing.assert_array_equal(again[name], other[name])


def test_a_checkpoint_restores_weights_optimizer_and_epoch(model, tmp_path):
    before = take_state(model)
    assert any(name.startswith("optimizer/") for name in before)
    save_checkpoint(tmp_path / "last.npz", model, 7)
    for variable in model.trainable_variables:
        variable.assign(variable + 1.0)
    assert load_checkpoint(tmp_path / "last.npz", model) == 7
    after = take_state(model)
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])


def test_what_could_not_be_written_is_found_out_before_the_training(tiny_config, tmp_path):
    model = _compiled(tiny_config)
    # As a subclass of the unit would, that has further experts.
    model.pyramid_levels[0].variational_units[0].expert_terms = ("data_experts",)
    callback = CheckpointFile(tmp_path / "last.npz")
    callback.set_model(model)
    with pytest.raises(ValueError, match="name all that a network learns. Received: a DIRVNet that leaves out 2 variables"):
        callback.on_train_begin()


def test_a_missing_checkpoint_is_an_error(model, tmp_path):
    with pytest.raises(CheckpointError, match="Expected a checkpoint file"):
        load_checkpoint(tmp_path / "none.npz", model)


def test_a_damaged_checkpoint_is_an_error(model, tmp_path):
    path = tmp_path / "last.npz"
    save_checkpoint(path, model, 1)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(CheckpointError, match="whole checkpoint"):
        load_checkpoint(path, model)


def test_a_checkpoint_of_another_network_changes_nothing(model, tiny_config, tmp_path):
    larger = dataclasses.replace(tiny_config, model=dataclasses.replace(tiny_config.model, experts=5))
    save_checkpoint(tmp_path / "last.npz", _compiled(larger), 1)
    before = take_state(model)
    with pytest.raises(CheckpointError, match="arrays differ"):
        load_checkpoint(tmp_path / "last.npz", model)
    for name, array in take_state(model).items():
        np.testing.assert_array_equal(array, before[name])


def test_a_checkpoint_of_another_keras_generation_is_an_error(model, tmp_path, monkeypatch):
    save_checkpoint(tmp_path / "last.npz", model, 1)
    monkeypatch.setattr("dirv_tf.training.execution.checkpoints.keras_version", lambda: "9.0.0")
    with pytest.raises(CheckpointError, match="Keras 9.*Received: Keras [23]"):
        load_checkpoint(tmp_path / "last.npz", model)
