"""Run files that are meant to break their reader: a ConfigError, short, in no time."""

import pytest
import yaml

from dirv_tf.training.config import yaml_text
from dirv_tf.training.config.config_loading import load_run, parse_override
from dirv_tf.training.config.yaml_text import parse_yaml
from dirv_tf.validation import ConfigError, UnreadableFileError

RUN = """\
name: mine
description: a run
model: {levels: 2, units: 1, experts: 4}
data: {kind: chessboard, size: [32, 32], train_images: 8, test_images: 4}
training: {batch_size: 4, epochs: 2}
"""
# Nine lines of nine aliases stand for 3.4 billion entries.
LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
TEXTS = {
    "brackets": "[" * 5000,
    "mappings": "{a: " * 5000,
    "no integer": "name: !!int abc",
    "no boolean": "name: !!bool abc",
    "no number": "name: !!float abc",
    "no time": "name: !!timestamp abc",
    "no date": "name: 2024-02-31",
    "no binary": "name: !!binary ?",
    "an object": "name: !!python/object/apply:os.system [ls]",
    "laughs": RUN + LAUGHS,
    "laughs of merges": "a: &a {x: 1}\n" + "".join(f"b{n}: &b{n} {{<<: [{', '.join(['*a'] * 400)}]}}\n" for n in range(99)) + "c: {<<: [" + ", ".join(f"*b{n}" for n in range(99)) + "]}",
    "a list of itself": "name: &a [*a]",
    "long": "name: " + "x" * 2**20,
    "unhashable": "? [a]\n: 1",
    "a list": "- 1",
    "null": "",
    "control": "name: \x00",
    "digits": RUN.replace("levels: 2", "levels: " + "1" * 5000),
    "hexadecimal": RUN.replace("levels: 2", "levels: 0x" + "f" * 5000),
    "number": RUN + "  \ntraining: {batch_size: 4, epochs: 2, learning_rate: 0x" + "f" * 5000 + "}",
    "key": RUN + "x" * 100_000 + ": 1",
    "home": RUN.replace("data: {", "data: {kind: folder, folder: ~nobody-of-this-name/x, size: [32, 32]} #"),
    "zero": RUN.replace("data: {", 'data: {kind: pairs, train_pairs: "a\\0", test_pairs: b, size: [32, 32]} #'),
    "presets": RUN + "presets: [1]",
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_file_is_an_error_of_the_configuration(tmp_path, name):
    path = tmp_path / "mine.yaml"
    path.write_text(TEXTS[name], encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.yaml") as raised:
        load_run(path)
    assert len(str(raised.value)) < 3000 and isinstance(raised.value, UnreadableFileError)


def test_a_file_in_another_encoding(tmp_path):
    path = tmp_path / "mine.yaml"
    for encoding in ("utf-16", "latin-1"):
        path.write_text(RUN.replace("a run", "Übung"), encoding=encoding)
        with pytest.raises(ConfigError, match="a run file in UTF-8"):
            load_run(path)
    path.write_text(RUN, encoding="utf-8-sig")
    assert load_run(path).name == "mine"


@pytest.mark.parametrize(
    "key, value",
    [
        ("model.levels", 10**9),
        ("model.units", [10**9]),
        ("model.units", [1] * 10**5),
        ("model.experts", 10**9),
        ("model.kernel_sizes", [10**9 + 1, 5]),
        ("model.knots", 10**9),
        ("model.spacing", 10**9),
        ("data.size", [10**9, 10**9]),
        ("data.size", [2**16, 2**16]),
        ("data.train_images", 10**30),
        ("training.epochs", 10**30),
        ("model", {"kind": "voxelmorph", "encoder": [10**9], "decoder": [1]}),
        ("model", {"kind": "voxelmorph", "encoder": [1] * 100, "decoder": [1] * 100}),
        ("model", {"kind": "avsm", "affine_size": 16 * 10**8}),
        ("model", {"kind": "avsm", "width": 1e9}),
        ("model", {"kind": "dlir", "filters": 10**9}),
        ("model", {"kind": "rwcnet", "blocks": [1] * 30}),
        ("model", {"kind": "rwcnet", "radii": 10**9}),
        ("model", {"kind": "voxelmorph", "encoder": [4096] * 16, "decoder": [4096] * 16}),
    ],
)
def test_sizes_have_bounds(tmp_path, key, value):
    path = tmp_path / "mine.yaml"
    path.write_text(RUN, encoding="utf-8")
    with pytest.raises(ConfigError, match="Received: ") as raised:
        load_run(path, overrides={key: value})
    assert len(str(raised.value)) < 3000


def test_a_setting_of_the_command_line_is_read_alike():
    assert parse_override("model.levels=3") == ("model.levels", 3)
    for value in ("!!int abc", "[" * 5000, "2024-02-31", "!!python/name:os.system"):
        with pytest.raises(ConfigError, match="Expected a YAML value for 'model.levels'"):
            parse_override(f"model.levels={value}")


def test_what_aliases_stand_for_counts_every_time(monkeypatch):
    monkeypatch.setattr(yaml_text, "MOST_ENTRIES", 20)
    text = "a: &a [1, 2, 3, 4]\nb: [*a, *a"
    assert parse_yaml(text + "]") == {"a": [1, 2, 3, 4], "b": [[1, 2, 3, 4]] * 2}
    with pytest.raises(yaml.YAMLError, match="more than 20 entries"):
        parse_yaml(text + ", *a]")
