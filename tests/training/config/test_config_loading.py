"""Reading a run's configuration, and every way in which it can be wrong."""

import os

import pytest
import yaml

from dirv_tf.training.config.config_loading import known_runs, load_run, parse_override
from dirv_tf.validation import ConfigError

_FILE = """\
name: mine
description: A small run
model: {levels: 2, units: [3, 2], experts: [8, 4]}
data: {size: [32, 32], train_images: 10, test_images: 5}
training: {epochs: 2, batch_size: 5, learning_rate: 1e-3}
presets:
  quick: {training: {epochs: 1}}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(_FILE, encoding="utf-8")
    return path


def test_a_file_fills_all_settings(file):
    config = load_run(file)
    assert config.training.learning_rate == 1e-3 and config.training.schedule == "constant"
    assert config.model.units == (3, 2) and config.model.experts == (8, 4)
    assert config.rank == 2 and config.size_multiples == (8, 8)
    assert (config.seeds.training, config.seeds.testing) == (42, 77)


def test_a_preset_lies_over_the_file_and_overrides_over_both(file):
    assert load_run(file, "quick").training.epochs == 1
    assert load_run(file, "quick").preset == "quick"
    config = load_run(file, "quick", {"training.epochs": 9, "evaluation.batch_size": 7})
    assert (config.training.epochs, config.training.batch_size, config.evaluation.batch_size) == (9, 5, 7)


def test_nothing_in_place_of_a_setting_takes_it_out(file):
    stages = {"training.stages": [{"stage": "all", "epochs": 2}, {"stage": "all", "epochs": 3, "loss": "intensity"}]}
    assert load_run(file, overrides={"training.epochs": None, **stages}).training.epochs == 5
    with pytest.raises(ConfigError, match="epochs"):
        load_run(file, overrides=stages)
    with pytest.raises(ConfigError, match="epohcs"):
        load_run(file, overrides={"training.epohcs": None})
    with pytest.raises(ConfigError, match="batch_size"):
        load_run(file, overrides={"training.batch_size": None})


def test_the_whole_configuration_survives_writing_and_reading(file, tmp_path):
    from dirv_tf.training.config.yaml_text import format_yaml

    config = load_run(file, "quick")
    (tmp_path / "again.yaml").write_text(format_yaml(config.as_mapping()), encoding="utf-8")
    assert load_run(tmp_path / "again.yaml") == config


@pytest.mark.parametrize(
    "key, value, message",
    [
        ("training.epoch", 3, "unknown key 'training.epoch'. Did you mean 'epochs'?"),
        ("color", "red", "unknown key 'color'"),
        ("training", 3, "'training' must be a mapping"),
        ("training.epochs", 0, "'training.epochs' must be an integer of at least 1 and at most 1000000000. Received: training.epochs=0"),
        ("training.epochs", 2.5, "'training.epochs' must be an integer"),
        ("training.epochs", True, "'training.epochs' must be an integer"),
        ("training.batch_size", "many", "'training.batch_size' must be an integer"),
        ("training.learning_rate", 0, "'training.learning_rate' must be a finite number greater than 0"),
        ("training.learning_rate", float("nan"), "'training.learning_rate' must be a finite number greater than 0"),
        ("training.schedule", "linear", "'training.schedule' must be one of constant, cosine"),
        ("training.loss", None, "'training.loss' must be one of displacement, intensity, combined"),
        ("data.kind", "photo", "'data.kind' must be one of chessboard"),
        ("data.train_images", 0, "'data.train_images' must be an integer of at least 1"),
        ("data.size", [32], "'data.size' must be a list of 2 to 3 entries"),
        ("data.size", [32, 30], "multiples of 8 .*such as 24 or 32. Received: data.size=\\[32, 30\\]"),
        ("data.cell_range", [9, 6], "'data.cell_range' must be a pair \\[low, high\\] with low < high"),
        ("data.cell_range", [30, 40], "'data.cell_range' must leave room for one cell of its largest side, 39"),
        ("data.max_displacement", 0, "'data.max_displacement' must be a finite number of at least 0.1"),
        ("model.kernel_sizes", [6, 5], "'model.kernel_sizes' must be an odd integer of at least 1 and at most 63, or a list of 2 entries, each an odd"),
        ("data.swap", "yes please", "'data.swap' must be true or false"),
        ("model.units", [3, 2, 1], "'model.units' must be one number or one number per level"),
        ("model.spacing", [4, 4, 4], "'model.spacing' must be one number or one number per image axis"),
        ("model.experts", [1, 2, 3], "'model.experts' must be an integer of at least 1 and at most 4096, or a list of 2 entries"),
        ("seeds.training", -1, "'seeds.training' must be an integer of at least 0"),
        ("seeds.testing", 2**32, "'seeds.testing' must be an integer of at least 0 and at most 4294967295"),
        ("name", "", "'name' must be a text that is not empty"),
    ],
)
def test_a_wrong_setting_is_named_with_its_path_and_what_is_legal(file, key, value, message):
    with pytest.raises(ConfigError, match=message) as raised:
        load_run(file, overrides={key: value})
    assert "mine.yaml" in str(raised.value) and "Received: " in str(raised.value)


def test_a_missing_key_is_named(file):
    file.write_text(_FILE.replace("epochs: 2, ", ""), encoding="utf-8")
    with pytest.raises(ConfigError, match="mine.yaml: key 'training.epochs' is missing; legal is an integer"):
        load_run(file)


@pytest.mark.parametrize(
    "text, message", [("a: [", "not readable"), ("- 1", "mapping"), ("a: 1\na: 2", "stands twice")]
)
def test_a_file_that_is_no_configuration_is_an_error(file, text, message):
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=f"mine.yaml.*{message}"):
        load_run(file)


def test_the_combined_loss_needs_a_weight(file):
    zero = {"training.loss": "combined", "training.displacement_weight": 0, "training.intensity_weight": 0}
    with pytest.raises(ConfigError, match="must not both be zero"):
        load_run(file, overrides=zero)


def test_an_unknown_preset_lists_the_known_ones(file):
    with pytest.raises(ConfigError, match="no preset 'quik'. Did you mean 'quick'\\? Presets of this run: quick"):
        load_run(file, "quik")


@pytest.mark.parametrize("place", ["argument", "variable", "working folder"])
def test_a_run_is_found_by_its_name(file, tmp_path, monkeypatch, place):
    monkeypatch.delenv("DIRV_TF_RUNS", raising=False)
    if place == "variable":
        monkeypatch.setenv("DIRV_TF_RUNS", str(file.parent))
    if place == "working folder":
        monkeypatch.chdir(file.parent)
    folder = file.parent if place == "argument" else None
    assert known_runs(folder) == ["mine"]
    assert load_run("mine", folder=folder) == load_run(file)
    with pytest.raises(ConfigError, match="no run 'Mine'. Did you mean 'mine'\\? Known runs: mine .in .*; or give"):
        load_run("Mine", folder=folder)


def test_runs_are_looked_up_in_several_folders_the_first_one_first(file, tmp_path, monkeypatch):
    other = tmp_path / "others"
    other.mkdir()
    for name, description in (("mine", "another"), ("yours", "yours")):
        content = {**yaml.safe_load(file.read_text(encoding="utf-8")), "description": description}
        (other / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    folders = (file.parent, other)
    assert known_runs(folders) == ["mine", "yours"]
    assert load_run("mine", folder=folders) == load_run(file) != load_run("mine", folder=folders[::-1])
    monkeypatch.setenv("DIRV_TF_RUNS", os.pathsep.join(map(str, folders)))
    assert load_run("yours").description == "yours"
    with pytest.raises(ConfigError, match=f"Known runs: mine, yours .in .*{other}.; or give"):
        load_run("theirs")


def test_a_reference_is_read_and_changes_nothing_of_the_run(file):
    plain = load_run(file)
    reference = {"source": "thesis, table 1", "metrics": {"dl_int": 76, "max_d": 8.5}}
    config = load_run(file, overrides={"reference": reference})
    expected = {"source": "thesis, table 1", "metrics": {"dl_int": 76.0, "max_d": 8.5}, "split": "test"}
    assert config.as_mapping()["reference"] == expected
    assert config == plain and plain.reference is None and "reference" not in plain.as_mapping()
    assert load_run(file, overrides={"reference": None}).reference is None


@pytest.mark.parametrize(
    "reference, message",
    [
        ({"metrics": {"dl_int": 1}}, "'reference.source' is missing"),
        ({"source": "x"}, "'reference.metrics' is missing; legal is a mapping of names to entries, each a finite number"),
        ({"source": "x", "metrics": {"dl_int": "76 %"}}, "'reference.metrics' must be a mapping of names"),
        ({"source": "x", "metrics": {}}, "'reference.metrics' must be a mapping of names"),
        ({"source": "x", "metrics": {"dl_int": 1}, "split": "all"}, "'reference.split' must be one of test, train"),
        ({"source": "x", "metrics": {"dl_int": 1}, "page": 3}, "unknown key 'reference.page'"),
        ("thesis", "'reference' must be a mapping"),
    ],
)
def test_a_wrong_reference_is_refused(file, reference, message):
    with pytest.raises(ConfigError, match=message):
        load_run(file, overrides={"reference": reference})


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="Expected an existing YAML file. Received: .*none.yaml"):
        load_run(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    "text, expected",
    [
        ("training.epochs=3", ("training.epochs", 3)),
        ("training.learning_rate=2e-4", ("training.learning_rate", 2e-4)),
        ("data.size=[32, 32]", ("data.size", [32, 32])),
        ("data.swap=false", ("data.swap", False)),
    ],
)
def test_an_override_is_a_key_and_a_yaml_value(text, expected):
    assert parse_override(text) == expected


@pytest.mark.parametrize("text", ["training.epochs", "=3", "training.epochs=", "data.size=[1"])
def test_a_malformed_override_is_an_error(text):
    with pytest.raises(ConfigError, match="Received: "):
        parse_override(text)
