"""Weights files: what is saved is loaded, and what is missing, damaged or foreign is said."""

import json

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.models import DIRVNet
from dirv_tf.models.weight_files import WeightFileError, load_weights_file, read_card, save_weights_file


@pytest.fixture(scope="module")
def model():
    return DIRVNet(rank=2, levels=2, units=(2, 1), experts=(4, 3), kernel_sizes=(3, 3), knots=8)


@pytest.fixture
def saved(model, tmp_path):
    save_weights_file(model, tmp_path, {"run": "mine"})
    return tmp_path


def _parameters(model):
    return sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)


def _change_card(folder, **entries):
    card = folder / "weights.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), **entries}), encoding="utf-8")


def test_the_loaded_network_predicts_the_same(model, saved):
    pair = tf.random.stateless_uniform((2, 1, 16, 16, 1), (1, 2))
    loaded = load_weights_file(saved)
    np.testing.assert_array_equal(loaded((pair[0], pair[1]))["flow_field"], model((pair[0], pair[1]))["flow_field"])
    assert _parameters(loaded) == _parameters(model) == read_card(saved)["parameters"]


def test_the_arrays_carry_the_paths_of_their_variables(saved):
    with np.load(saved / "weights.npz") as arrays:
        assert "level0/unit1/data_experts/kernels" in arrays and "level1/unit0/step_size" in arrays
        assert arrays["level0/unit0/data_experts/kernels"].shape == (3, 3, 1, 4)


def test_a_file_of_another_name_has_its_card_beside_it(model, tmp_path):
    assert save_weights_file(model, tmp_path / "best.npz") == tmp_path / "best.npz"
    assert read_card(tmp_path / "best.json")["format"] == 1
    assert _parameters(load_weights_file(tmp_path / "best.npz")) == _parameters(model)


def test_a_card_cannot_contradict_the_file(model, tmp_path):
    save_weights_file(model, tmp_path, {"sha256": "0", "parameters": 3})
    assert _parameters(load_weights_file(tmp_path)) == read_card(tmp_path)["parameters"]


def test_a_network_of_which_a_part_would_be_lost_is_not_written(tmp_path):
    class Extended(DIRVNet):
        def build(self, input_shape=None):
            super().build(input_shape)
            self.gain = self.add_weight(name="gain", shape=(3,), initializer="zeros")

    network = Extended(rank=2, levels=1, units=1, experts=1, kernel_sizes=(3, 3), knots=8)
    network.build()
    with pytest.raises(ValueError, match="name all that a network learns. Received: a Extended.*1 variables, such as .*gain"):
        save_weights_file(network, tmp_path)
    assert not list(tmp_path.iterdir())


def test_missing_files_are_named(saved, tmp_path):
    with pytest.raises(WeightFileError, match="Expected a weights card.*Received: path=.*nowhere"):
        load_weights_file(tmp_path / "nowhere")
    (saved / "weights.npz").unlink()
    with pytest.raises(WeightFileError, match="weights.npz beside their card"):
        load_weights_file(saved)


def test_a_damaged_file_is_an_error(saved):
    arrays = saved / "weights.npz"
    content = bytearray(arrays.read_bytes())
    content[len(content) // 2] ^= 1
    arrays.write_bytes(content)
    with pytest.raises(WeightFileError, match="SHA-256.*damaged"):
        load_weights_file(saved)


def test_a_card_of_another_network_is_an_error(saved, model):
    _change_card(saved, model={**model.get_config(), "experts": [5, 3]})
    with pytest.raises(WeightFileError, match="arrays of the network on the card.*differ, first 'level0/unit0/data_exp"):
        load_weights_file(saved)


def test_a_card_with_impossible_arguments_is_an_error(saved, model):
    _change_card(saved, model={**model.get_config(), "rank": 7})
    with pytest.raises(WeightFileError, match="arguments of DIRVNet.*rank"):
        load_weights_file(saved)


@pytest.mark.parametrize("text, message", [("{", "in JSON"), ("[]", "format 1"), ('{"format": 9}', "format=9"),
                                           ('{"format": 1}', "with model, parameters, sha256")])
def test_a_card_that_is_none_is_an_error(saved, text, message):
    (saved / "weights.json").write_text(text, encoding="utf-8")
    with pytest.raises(WeightFileError, match=message):
        load_weights_file(saved)


def test_a_card_from_before_an_argument_means_what_there_was(saved, model):
    _change_card(saved, model={key: value for key, value in model.get_config().items() if key != "squarings"})
    assert load_weights_file(saved).squarings == 0
    assert type(model).later_arguments == {"squarings": 0}


def test_a_card_without_an_argument_is_an_error(saved, model):
    _change_card(saved, model={key: value for key, value in model.get_config().items() if key != "step_size_scale"})
    with pytest.raises(WeightFileError, match="all arguments .*Received: model without step_size_scale"):
        load_weights_file(saved)
