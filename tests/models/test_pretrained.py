from __future__ import annotations

import numpy as np
import pytest

import dirv_tf
from dirv_tf.models import DIRVNet, pretrained
from dirv_tf.models.pretrained import load_pretrained, pretrained_names
from dirv_tf.models.weight_files import WeightFileError, save_weights_file


def _network(rank):
    network = DIRVNet(rank=rank, levels=1, units=1, experts=2)
    smallest = np.zeros((1, *network.size_multiples, 1), np.float32)
    network((smallest, smallest))
    return network


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "WEIGHTS_FOLDER", tmp_path)
    networks = {"flat": _network(2), "deep": _network(3)}
    for name, network in networks.items():
        (tmp_path / name).mkdir()
        save_weights_file(network, tmp_path / name)
    (tmp_path / "no model").mkdir()
    return networks


def test_names(zoo):
    assert pretrained_names() == ("deep", "flat")
    assert pretrained_names(2) == ("flat",)
    assert pretrained_names(rank=3) == ("deep",)


def test_weights_are_the_saved_ones_and_every_network_is_fresh(zoo):
    first, second = load_pretrained("flat"), load_pretrained("flat")
    assert first is not second
    saved = zoo["flat"].named_variables()
    for name, variable in first.named_variables().items():
        np.testing.assert_array_equal(variable.numpy(), saved[name].numpy())


@pytest.mark.parametrize("spoil", [lambda content: content[:-1], lambda content: content[:200] + b"?" + content[201:]])
def test_truncated_and_changed_weights_are_refused(zoo, tmp_path, spoil):
    arrays = tmp_path / "flat" / "weights.npz"
    arrays.write_bytes(spoil(arrays.read_bytes()))
    with pytest.raises(WeightFileError, match="Expected weights with the SHA-256 on their card.*Received: sha256="):
        load_pretrained("flat")


def test_unknown_name_lists_what_there_is(zoo):
    with pytest.raises(ValueError, match="Expected the name of a shipped model: deep, flat. Received: name='A-66'"):
        load_pretrained("A-66")


def test_no_weights_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "WEIGHTS_FOLDER", tmp_path / "nothing")
    assert pretrained_names() == ()
    with pytest.raises(ValueError, match="this installation lacks the weights"):
        load_pretrained("A-6")


def test_the_package_offers_it():
    assert dirv_tf.load_pretrained is load_pretrained
