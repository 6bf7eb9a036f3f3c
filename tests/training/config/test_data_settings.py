"""The data of a run by their kind, and every way in which they can be wrong."""

import dataclasses
import inspect

import pytest

from dirv_tf import datasets, synthesis
from dirv_tf.datasets import random_patch
from dirv_tf.io.atomic_write import write_text
from dirv_tf.training.config import common_data_settings
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.config.data_settings import DATA_KINDS
from dirv_tf.training.config.pairs_settings import AugmentationSettings
from dirv_tf.training.config.yaml_text import format_yaml, parse_yaml
from dirv_tf.validation import ConfigError

_FILE = """\
name: mine
description: Own images
model: {levels: 1, units: 2, experts: 4}
data: %s
training: {epochs: 2, batch_size: 5, loss: %s}
"""
_DATA = {
    "chessboard": "{size: [32, 32], train_images: 10, test_images: 5}",
    "shapes": "{kind: shapes, size: [32, 32], train_images: 10, test_images: 5, labels: 5}",
    "folder": "{kind: folder, size: [32, 32], folder: images/all}",
    "pairs": "{kind: pairs, size: [32, 32], train_pairs: train.csv, test_pairs: ../test.csv, train_images: 7}",
    "mixture": "{kind: mixture, size: [32, 32], train_images: 8, test_images: 4, parts: "
    "[{kind: chessboard, cell_range: [3, 5]}, {kind: folder, folder: images, made_by: make images}]}",
}


def _file(folder, kind, loss="intensity"):
    folder.mkdir(exist_ok=True)
    path = folder / "mine.yaml"
    path.write_text(_FILE % (_DATA[kind], loss), encoding="utf-8")
    return path


def test_relative_paths_are_taken_from_the_folder_of_the_file(tmp_path, monkeypatch):
    path = _file(tmp_path / "runs", "pairs")
    monkeypatch.chdir(tmp_path)
    for given in (path, path.relative_to(tmp_path)):
        data = load_run(given).data
        assert data.train_pairs == str(tmp_path / "runs" / "train.csv")
        assert data.test_pairs == str(tmp_path / "test.csv")


def test_relative_paths_of_the_command_line_are_taken_from_the_working_folder(tmp_path, monkeypatch):
    path = _file(tmp_path / "runs", "folder")
    monkeypatch.chdir(tmp_path)
    data = load_run(path, overrides={"data.folder": "here", "data.test_folder": "~/there"}).data
    assert data.folder == str(tmp_path / "here")
    assert "~" not in data.test_folder and data.test_folder.endswith("/there")


@pytest.mark.parametrize("kind", _DATA)
def test_the_configuration_survives_being_written_elsewhere(tmp_path, kind):
    config = load_run(_file(tmp_path / "runs", kind))
    (tmp_path / "config.yaml").write_text(format_yaml(config.as_mapping()), encoding="utf-8")
    assert load_run(tmp_path / "config.yaml") == config
    assert config.data.kind == kind and "null" not in (tmp_path / "config.yaml").read_text(encoding="utf-8")


def test_every_kind_gives_the_arguments_of_its_parts(tmp_path):
    folder = load_run(_file(tmp_path, "folder")).data
    for part in ("train", "test"):
        arguments = folder.dataset(part)
        assert (arguments["folder"], arguments["part"]) == (str(tmp_path / "images" / "all"), part)
        assert "count" not in arguments and "test_share" not in arguments
    overrides = {"data.test_folder": str(tmp_path / "other"), "data.test_images": 9, "data.train_images": 4}
    folder = load_run(_file(tmp_path, "folder"), overrides=overrides).data
    train, test = folder.dataset("train"), folder.dataset("test")
    assert (train["folder"], train["count"]) == (str(tmp_path / "images" / "all"), 4)
    assert (test["folder"], test["count"]) == (str(tmp_path / "other"), 9)
    assert not {"part", "test_folder"} & {*train, *test}
    pairs = load_run(_file(tmp_path, "pairs")).data
    assert pairs.dataset("train")["pairs"] == pairs.train_pairs and pairs.dataset("train")["count"] == 7
    assert pairs.dataset("test")["pairs"] == pairs.test_pairs and "count" not in pairs.dataset("test")


def test_pairs_are_augmented_for_the_training_alone(tmp_path):
    changes = {"data.augmentation": {"rotation": 8, "flips": [1]}, "data.change_appearance": True}
    config = load_run(_file(tmp_path, "pairs"), overrides=changes)
    train, test = (config.data.dataset(part) for part in ("train", "test"))
    assert train["augmentation"]["rotation"] == 8 and train["augmentation"]["flips"] == (1,)
    assert train["change_appearance"] and not {"augmentation", "change_appearance"} & set(test)
    default = load_run(_file(tmp_path, "pairs"), overrides={"data.augmentation": {}}).data.augmentation
    parameters = inspect.signature(datasets.Augmentation).parameters
    for field in dataclasses.fields(default):
        assert getattr(default, field.name) == parameters[field.name].default, field.name
    assert len(dataclasses.fields(default)) == len(parameters) - 2
    (tmp_path / "again").mkdir()
    write_text(tmp_path / "again" / "config.yaml", format_yaml(config.as_mapping()))
    assert load_run(tmp_path / "again" / "config.yaml") == config


@pytest.mark.parametrize("kind", ["chessboard", "folder"])
def test_patches_are_trained_on_and_whole_images_tested_on(tmp_path, kind):
    overrides = {"data.patch_size": [16, 8], "data.patches_per_image": 3}
    overrides.update({"data.train_images": 10, "data.test_images": 5})
    data = load_run(_file(tmp_path, kind), overrides=overrides).data
    train, test = data.dataset("train"), data.dataset("test")
    assert (train["count"], test["count"]) == (30, 5)
    assert (train["size"], train["patch_size"], train["patches_per_image"]) == ((32, 32), (16, 8), 3)
    assert test["size"] == (32, 32) and "patch_size" not in test
    if kind == "folder":
        assert test["patches_per_image"] == 1 and "made_by" not in {*train, *test}
        first = load_run(_file(tmp_path, kind), overrides={**overrides, "data.deform_first": True}).data
        assert [first.dataset(part)["deform_first"] for part in ("train", "test")] == [True, False]
        with pytest.raises(ConfigError, match="'data.deform_first' needs a 'data.patch_size'"):
            load_run(_file(tmp_path, kind), overrides={"data.deform_first": True})


@pytest.mark.parametrize("overrides", [{}, {"data.patch_size": [16, 8]}])
def test_drawn_images_may_be_tested_at_another_size(tmp_path, overrides):
    data = load_run(_file(tmp_path, "chessboard"), overrides={**overrides, "data.test_size": [48, 40]}).data
    train, test = data.dataset("train"), data.dataset("test")
    assert (train["size"], test["size"]) == ((32, 32), (48, 40))
    assert train.get("patch_size") == (tuple(overrides["data.patch_size"]) if overrides else None)
    assert "patch_size" not in test and "test_size" not in {**train, **test}


def test_the_parts_of_a_mixture_take_over_what_holds_for_all(tmp_path):
    data = load_run(_file(tmp_path, "mixture"), overrides={"data.test_images": 6}).data
    assert [part.kind for part in data.parts] == ["chessboard", "folder"]
    assert {(part.size, part.train_images, part.test_images) for part in data.parts} == {((32, 32), 8, 6)}
    assert data.parts[1].folder == str(tmp_path / "images")
    assert (data.normalization, data.transform, data.made_by) == ("joint", "both", "make images")
    arguments = data.dataset("train")
    assert arguments["kind"] == "mixture" and [part["count"] for part in arguments["parts"]] == [8, 8]


_BOARD = {"kind": "chessboard"}


@pytest.mark.parametrize(
    "kind, changes, message",
    [
        ("folder", {"cell_range": [3, 5]}, "unknown key 'data.cell_range'.*Legal keys here: size, folder, kind"),
        ("folder", {"train_pairs": "x.csv"}, "unknown key 'data.train_pairs'"),
        ("chessboard", {"folder": "x"}, "unknown key 'data.folder'"),
        ("pairs", {"transform": "both"}, "unknown key 'data.transform'"),
        ("folder", {"folder": ""}, "'data.folder' must be a text that is not empty"),
        ("folder", {"folder": 3}, "'data.folder' must be a text"),
        ("folder", {"kind": "photos"}, "'data.kind' must be one of chessboard, shapes, folder, pairs, mixture. Received: .*'photos'"),
        ("folder", {"kind": ["folder"]}, "'data.kind' must be one of chessboard, shapes, folder, pairs, mixture"),
        ("folder", {"test_share": 1.0}, "'data.test_share' must be a number greater than 0 and less than 1"),
        ("folder", {"test_share": True}, "'data.test_share' must be a number"),
        ("folder", {"normalization": "type"}, "'data.normalization' must be one of joint, each"),
        ("folder", {"on_error": "ignore"}, "'data.on_error' must be one of raise, skip"),
        ("folder", {"least_contrast": -0.1}, "'data.least_contrast' must be a finite number of at least 0"),
        ("folder", {"size": [30, 32]}, "'data.size' must have sides that are multiples of 4"),
        ("folder", {"test_folder": "images/all/x"}, "must not lie within each other"),
        ("folder", {"test_folder": "images"}, "must not lie within each other"),
        ("folder", {"test_folder": "images/all"}, "must not lie within each other"),
        ("folder", {"test_folder": "x", "test_share": 0.5}, "'data.test_share' must be left out"),
        ("folder", {"patch_size": [36, 32]}, "'data.patch_size' must have as many sides as 'data.size', none of them"),
        ("chessboard", {"patch_size": [16]}, "'data.patch_size' must be a list of 2 to 3 entries"),
        ("chessboard", {"patch_size": [16, 16, 16]}, "'data.patch_size' must have as many sides as 'data.size'"),
        ("chessboard", {"patch_size": [16, 18]}, "'data.patch_size' must have sides that are multiples of 4"),
        ("chessboard", {"test_size": [48]}, "'data.test_size' must be a list of 2 to 3 entries"),
        ("chessboard", {"test_size": [48, 48, 48]}, "'data.test_size' must have as many sides as 'data.size'"),
        ("chessboard", {"test_size": [48, 42]}, "'data.test_size' must have sides that are multiples of 4"),
        ("chessboard", {"test_size": [48, 4]}, r"must leave room for one cell .*data.test_size=\[48, 4\]"),
        ("shapes", {"test_size": [48, 42]}, "'data.test_size' must have sides that are multiples of 4"),
        ("folder", {"test_size": [48, 48]}, "unknown key 'data.test_size'"),
        ("shapes", {"shape_size": [1, 4]}, "'data.shape_size' must be "),
        ("shapes", {"labels": 1}, "'data.labels' must be an integer of at least 2"),
        ("shapes", {"patch_size": [16, 16]}, "unknown key 'data.patch_size'"),
        ("pairs", {"test_pairs": "train.csv"}, "'data.test_pairs' must be another file"),
        ("pairs", {"augmentation": {"rotation": -1}}, "'data.augmentation.rotation' must be .*data.augmentation.rotation=-1"),
        ("pairs", {"augmentation": {"flip": [0]}}, "unknown key 'data.augmentation.flip'. Did you mean 'flips'?"),
        ("pairs", {"augmentation": {"flips": [0, 2]}}, r"flips' must be axes of the images, from 0 to 1.*=\[0, 2\]"),
        ("pairs", {"augmentation": 3}, "'data.augmentation' must be a mapping of keys to values. Received: 3"),
        ("folder", {"augmentation": {}}, "unknown key 'data.augmentation'"),
        ("mixture", {"parts": [_BOARD]}, "'data.parts' must be at least two sections. Received: 1"),
        ("mixture", {"parts": "boards"}, "'data.parts' must be a list of mappings. Received: .*boards"),
        ("mixture", {"parts": [_BOARD, {"kind": "pairs"}]}, r"'data.parts\[1\].kind' must be one of chessboard, shapes, folder"),
        ("mixture", {"parts": [_BOARD, {"cells": 3}]}, r"unknown key 'data.parts\[1\].cells'"),
        ("mixture", {"parts": [_BOARD, {**_BOARD, "train_images": 9}]}, "'train_images' must be the same"),
        ("mixture", {"parts": [_BOARD, {**_BOARD, "patch_size": [8, 8]}]}, "'patch_size' must be left out"),
        ("mixture", {"parts": [_BOARD, {**_BOARD, "test_size": [48, 48]}]}, "'test_size' must be left out"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_legal(tmp_path, monkeypatch, kind, changes, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=message) as raised:
        load_run(_file(tmp_path, kind), overrides={f"data.{key}": value for key, value in changes.items()})
    assert "mine.yaml" in str(raised.value) and "Received: " in str(raised.value)


@pytest.mark.parametrize("kind, key", [("folder", "folder"), ("pairs", "train_pairs"), ("pairs", "test_pairs")])
def test_a_missing_path_is_named(tmp_path, kind, key):
    path = _file(tmp_path, kind)
    raw = parse_yaml(path.read_text(encoding="utf-8"))
    del raw["data"][key]
    path.write_text(format_yaml(raw), encoding="utf-8")
    with pytest.raises(ConfigError, match=f"key 'data.{key}' is missing; legal is a text that is not empty"):
        load_run(path)


@pytest.mark.parametrize("loss", ["displacement", "combined"])
def test_real_pairs_refuse_a_loss_that_needs_the_true_field(tmp_path, loss):
    message = f"'training.loss' must be intensity or unsupervised for 'data.kind' pairs.*unknown. Received: training.loss={loss}"
    with pytest.raises(ConfigError, match=message):
        load_run(_file(tmp_path, "pairs", loss))
    assert load_run(_file(tmp_path, "folder", loss)).training.loss == loss


@pytest.mark.parametrize("kind", ["chessboard", "shapes", "folder", "pairs"])
def test_the_defaults_are_those_of_the_datasets(kind):
    settings = DATA_KINDS[kind]
    functions = {
        "chessboard": datasets.ChessboardPairs,
        "shapes": datasets.ShapePairs,
        "folder": datasets.from_folder,
        "pairs": datasets.from_pairs,
    }
    parameters = inspect.signature(functions[kind]).parameters
    for field in dataclasses.fields(settings):
        if field.name in parameters and field.default not in (dataclasses.MISSING, None):
            assert field.default == parameters[field.name].default, field.name
    # Every argument can be set from a run's file, but for those that the run sets itself.
    by_the_run = {"count", "batch_size", "seed", "part", "pairs", "frozen_last_batch"}
    assert set(parameters) - by_the_run <= {field.name for field in dataclasses.fields(settings)}


def test_what_settings_and_datasets_both_define_is_one():
    parameters = list(inspect.signature(datasets.Augmentation).parameters.values())
    assert [each.name for each in parameters[:2]] == ["size", "seed"]
    settings = {field.name: field.default for field in dataclasses.fields(AugmentationSettings)}
    assert settings == {each.name: each.default for each in parameters[2:]}
    assert common_data_settings.LEAST_CONTRAST == random_patch.LEAST_CONTRAST
    assert common_data_settings.COARSE_POINTS == synthesis.COARSE_POINTS


@pytest.mark.parametrize("kind", ["chessboard", "shapes", "folder"])
def test_how_far_fields_go_reaches_the_dataset(tmp_path, kind):
    overrides = {"data.affine_range": "large", "data.coarse_points": [8, 10], "data.max_displacement": 12}
    arguments = load_run(_file(tmp_path, kind), overrides=overrides).data.dataset("test")
    assert (arguments["affine_range"], arguments["coarse_points"]) == ("large", (8, 10))
    with pytest.raises(ConfigError, match="data.affine_range.*small, large"):
        load_run(_file(tmp_path, kind), overrides={"data.affine_range": "huge"})
    with pytest.raises(ConfigError, match="data.coarse_points"):
        load_run(_file(tmp_path, kind), overrides={"data.coarse_points": [1, 4]})


@pytest.mark.parametrize("kind", ["chessboard", "shapes", "folder", "pairs"])
def test_limits_of_appearance_reach_the_dataset(tmp_path, kind):
    overrides = {"data.change_appearance": True, "data.appearance": {"gamma": 3, "noise_chance": 0}}
    config = load_run(_file(tmp_path, kind), overrides=overrides)
    arguments = config.data.dataset("train")
    assert arguments["appearance"]["gamma"] == 3.0 and arguments["appearance"]["noise_chance"] == 0.0
    assert arguments["appearance"]["blur"] == 1.5 and arguments["change_appearance"]
    assert ("appearance" in config.data.dataset("test")) == (kind != "pairs")
    write_text(tmp_path / "again.yaml", format_yaml(config.as_mapping()))
    assert load_run(tmp_path / "again.yaml").data == config.data


@pytest.mark.parametrize("kind", ["chessboard", "folder", "pairs"])
def test_limits_without_a_change_are_an_error(tmp_path, kind):
    with pytest.raises(ConfigError, match=r"'data.appearance' needs 'data.change_appearance: true'. Received: "):
        load_run(_file(tmp_path, kind), overrides={"data.appearance": {"gamma": 3}})


def test_limits_of_appearance_have_ranges(tmp_path):
    overrides = {"data.change_appearance": True, "data.appearance": {"bias": 1.5}}
    with pytest.raises(ConfigError, match=r"'data.appearance.bias' must be a finite number of at least 0 and less than 1"):
        load_run(_file(tmp_path, "chessboard"), overrides=overrides)
