"""Weights, cards and Keras files that are damaged or meant to do harm: one kind of error, before any harm."""

import hashlib
import io
import json
import zipfile

import h5py
import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.io import UnreadableFileError
from dirv_tf.losses import IntensityLoss
from dirv_tf.models import (
    DIRVNet,
    RecurrentRefinement,
    load_keras_file,
    load_weights_file,
    read_card,
    save_weights_file,
)
from dirv_tf.models.weight_files import WeightFileError

CONFIG, WEIGHTS = "config.json", "model.weights.h5"


@pytest.fixture(scope="module")
def model():
    return DIRVNet(rank=2, levels=1, units=1, experts=2, kernel_sizes=3, knots=4, normalization="each")


@pytest.fixture
def saved(model, tmp_path):
    save_weights_file(model, tmp_path)
    return tmp_path


def change_card(folder, **entries):
    card = folder / "weights.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), **entries}), encoding="utf-8")


@pytest.mark.parametrize(
    "entries",
    [
        {"input": []},
        {"input": "each"},
        {"input": {"normalization": []}},
        {"model": None},
        {"model": []},
        {"model": {}},
        {"network": ["dirv_net"]},
        {"network": "os"},
        {"parameters": "many"},
        {"parameters": True},
        {"sha256": 3},
        {"metrics": []},
        {"data": "none"},
    ],
)
def test_entries_of_another_type_are_named(saved, entries):
    change_card(saved, **entries)
    name = next(iter(entries))
    message = f"'{name}' on the card|card with {name}|normalization on the card|known network|arguments of DIRVNet"
    with pytest.raises(WeightFileError, match=message):
        load_weights_file(saved)


def test_an_entry_that_is_null_was_left_out(saved, model):
    change_card(saved, input=None, metrics=None)
    assert load_weights_file(saved).normalization is None and read_card(saved)["metrics"] is None


@pytest.mark.parametrize("text", ["[]", '"card"', "3", "null", "[" * 100_000, '{"format": ' + "1" * 5000 + "}", "\xff"])
def test_a_card_that_is_no_mapping(saved, text):
    (saved / "weights.json").write_text(text, encoding="latin-1")
    for read in (read_card, load_weights_file):
        with pytest.raises(WeightFileError, match="Expected a weights card") as raised:
            read(saved)
        assert len(str(raised.value)) < 2000


@pytest.mark.parametrize(
    "arguments",
    [
        {"levels": 10**9},
        {"units": [10**9]},
        {"units": 1000, "levels": 16},
        {"experts": 10**9},
        {"experts": 4096},
        {"knots": 10**9},
        {"kernel_sizes": [10**9 + 1, 3]},
        {"spacing": 10**12},
        {"levels": "1"},
        {"levels": None},
        {"dtype": {"module": "os", "class_name": "system", "config": {"name": "float32"}}},
        {"unknown": 1},
        {"rank": [2]},
    ],
)
def test_arguments_on_a_card_have_bounds(saved, model, arguments):
    change_card(saved, model={**json.loads(json.dumps(model.architecture())), **arguments})
    with pytest.raises(WeightFileError, match="the arguments of DIRVNet on the card"):
        load_weights_file(saved)


def test_a_damaged_archive_with_its_own_checksum(saved):
    arrays = saved / "weights.npz"
    for content in (arrays.read_bytes()[:-30], b"PK", b"\x93NUMPY"):
        arrays.write_bytes(content)
        change_card(saved, sha256=hashlib.sha256(content).hexdigest())
        with pytest.raises(WeightFileError, match="an archive of weights .BadZipFile"):
            load_weights_file(saved)


def test_weights_that_are_no_numbers(saved):
    arrays = saved / "weights.npz"
    values = dict(np.load(arrays))
    name = next(iter(values))
    for wrong in (np.full_like(values[name], np.nan), values[name].astype("S4")):
        np.savez(arrays, **{**values, name: wrong})
        change_card(saved, sha256=hashlib.sha256(arrays.read_bytes()).hexdigest())
        with pytest.raises(WeightFileError, match="Expected finite numbers as weights"):
            load_weights_file(saved)


@pytest.fixture(scope="module")
def keras_file(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("keras") / "network.keras"
    model.compile("adam", IntensityLoss())
    model.save(path)
    return path


def changed(source, target, **parts):
    """Write a Keras file with other parts; None leaves one out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        known = {name: old.read(name) for name in old.namelist()}
        for name, content in {**known, **parts}.items():
            if content is not None:
                new.writestr(name, content)
    return target


def test_a_keras_file_gives_the_network(model, keras_file, tmp_path):
    pair = tuple(tf.random.stateless_uniform((2, 1, 16, 16, 1), (1, 2)))
    loaded = load_keras_file(keras_file)
    np.testing.assert_array_equal(loaded(pair)["flow_field"], model(pair)["flow_field"])
    assert loaded.normalization == "each"
    RecurrentRefinement(model, rounds=3).save(tmp_path / "refinement.keras")
    refinement = load_keras_file(tmp_path / "refinement.keras")
    assert refinement.rounds == 3
    np.testing.assert_array_equal(refinement.network(pair)["flow_field"], model(pair)["flow_field"])


@pytest.mark.parametrize(
    "change",
    [
        # A Lambda layer, and a class that Keras would import for it: neither is looked up.
        lambda config: {**config, "class_name": "Lambda", "registered_name": "Lambda", "module": "keras.layers"},
        lambda config: {**config, "registered_name": "os>system", "module": "os", "class_name": "system"},
        lambda config: {**config, "registered_name": ["dirv_tf>DIRVNet"]},
        lambda config: {**config, "registered_name": "dirv_tf>RecurrentRefinement"},
        lambda config: {**config, "config": {**config["config"], "levels": 10**9}},
        lambda config: {**config, "config": {**config["config"], "experts": 4096}},
        lambda config: {**config, "config": {**config["config"], "dtype": {"module": "os"}}},
        lambda config: {**config, "config": {**config["config"], "spacing": {"class_name": "Lambda"}}},
        lambda config: {**config, "config": None},
        lambda config: [],
    ],
)
def test_a_keras_file_makes_no_other_objects(keras_file, tmp_path, change):
    with zipfile.ZipFile(keras_file) as archive:
        config = json.loads(archive.read(CONFIG))
    path = changed(keras_file, tmp_path / "a.keras", **{CONFIG: json.dumps(change(config))})
    with pytest.raises(UnreadableFileError, match="Expected a Keras file of a network"):
        load_keras_file(path)


def test_a_keras_file_has_its_three_parts_alone(keras_file, tmp_path):
    parts = ({"../outside.py": b"x"}, {CONFIG: None}, {WEIGHTS: b"none"}, {CONFIG: b"[" * 10_000}, {CONFIG: b" " * 2**21})
    for number, part in enumerate(parts):
        with pytest.raises(UnreadableFileError, match="Expected a Keras file of a network"):
            load_keras_file(changed(keras_file, tmp_path / f"{number}.keras", **part))
    (tmp_path / "a.keras").write_bytes(keras_file.read_bytes()[:200])
    with pytest.raises(UnreadableFileError, match="BadZipFile"):
        load_keras_file(tmp_path / "a.keras")


def _link(file):
    file["layers"].attrs["a"] = 1
    file["elsewhere"] = h5py.ExternalLink("/etc/hostname", "/a")


def _circle(file):
    file["layers/circle"] = file["layers"]


def _external(file):
    file.create_dataset("elsewhere", (16,), "u1", external=[("/etc/hostname", 0, 16)])


def _virtual(file):
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "a", (4,))
    file.create_virtual_dataset("elsewhere", layout)


def _large(file):
    file.create_dataset("large", (10**6, 10**6), "f4", chunks=(100, 100), compression="gzip")


@pytest.mark.parametrize("change", [_link, _circle, _external, _virtual, _large])
def test_the_weights_of_a_keras_file_hold_their_own_arrays_alone(keras_file, tmp_path, change):
    with zipfile.ZipFile(keras_file) as archive:
        content = io.BytesIO(archive.read(WEIGHTS))
    with h5py.File(content, "r+") as file:
        change(file)
    path = changed(keras_file, tmp_path / "a.keras", **{WEIGHTS: content.getvalue()})
    with pytest.raises(UnreadableFileError, match="another place|within itself|else than an array|times the size"):
        load_keras_file(path)
