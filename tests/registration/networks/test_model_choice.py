from __future__ import annotations

import numpy as np
import pytest

from dirv_tf.models import pretrained
from dirv_tf.models.weight_files import save_weights_file
from dirv_tf.registration import choose_model, register


@pytest.fixture
def zoo(tmp_path, monkeypatch, network_2d, network_3d):
    """A folder of shipped models with one network a rank."""
    for name, network in (("flat", network_2d), ("deep", network_3d)):
        (tmp_path / "zoo" / name).mkdir(parents=True)
        save_weights_file(network, tmp_path / "zoo" / name)
    monkeypatch.setattr(pretrained, "WEIGHTS_FOLDER", tmp_path / "zoo")
    return tmp_path / "zoo"


def test_a_network_is_taken_as_it_is(network_2d):
    assert choose_model(network_2d, 2) == (network_2d, network_2d.name)


def test_names_folders_and_files_give_the_same_weights(zoo, network_2d):
    folder = zoo / "flat"
    saved = network_2d.named_variables()
    for model in ("flat", folder, str(folder), folder / "weights.npz"):
        network, name = choose_model(model, 2)
        assert name == str(model)
        for path, variable in network.named_variables().items():
            np.testing.assert_array_equal(variable.numpy(), saved[path].numpy())


def test_register_takes_a_name(zoo, network_2d, make_pair):
    pair = make_pair((16, 20))
    result = register(*pair, model="flat")
    assert result.model_name == "flat"
    np.testing.assert_array_equal(result.flow_field, register(*pair, model=network_2d).flow_field)


def test_a_model_is_read_once(zoo):
    assert choose_model("flat", 2)[0] is choose_model("flat", 2)[0]
    assert choose_model(zoo / "flat", 2)[0] is choose_model(str(zoo / "flat"), 2)[0]


def test_weights_written_anew_are_read_anew(tmp_path, make_network):
    network = make_network(2)
    save_weights_file(network, tmp_path)
    first, _ = choose_model(tmp_path, 2)
    for variable in network.trainable_variables:
        variable.assign(variable * 0.0)
    save_weights_file(network, tmp_path)
    second, _ = choose_model(tmp_path, 2)
    assert first is not second
    assert all(np.all(variable.numpy() == 0) for variable in second.trainable_variables)


def test_the_other_rank_names_the_models_that_fit(zoo, make_pair):
    with pytest.raises(ValueError, match="a model for 3D images; shipped models for 3D: deep. Received: model='flat'"):
        register(*make_pair((8, 8, 8)), model="flat")
    with pytest.raises(ValueError, match="a model for 2D images; shipped models for 2D: flat. Received: model='deep'"):
        register(*make_pair((8, 8)), model="deep")


def test_an_unknown_name_lists_the_shipped_models(zoo):
    with pytest.raises(ValueError, match=r"shipped model \(deep, flat\).*Received: model='A-66', which is neither"):
        choose_model("A-66", 2)


@pytest.mark.parametrize("model", [None, 6, b"A-6"])
def test_other_types_are_refused(model):
    with pytest.raises(TypeError, match="Expected model to be.*Received: model="):
        choose_model(model, 2)
