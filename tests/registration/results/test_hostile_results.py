"""The folder of a registration whose list of contents was changed."""

import json

import numpy as np
import pytest

from dirv_tf import load_result, register
from dirv_tf.io import UnreadableFileError


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    image = np.random.default_rng(0).random((40, 40)).astype(np.float32)
    folder = tmp_path_factory.mktemp("results") / "result"
    register(image, np.roll(image, 1, 0), align="none").save(folder)
    return image, folder


def _remove(content, key):
    content.pop(key)


def _set(content, key, value):
    content[key] = value


@pytest.mark.parametrize(
    "change",
    [
        lambda content: _set(content, "files", [3]),
        lambda content: _set(content, "files", {"a": 1}),
        lambda content: _set(content, "files", [name for name in content["files"] if "registered" not in name]),
        lambda content: _set(content, "files", [name.replace("registered.", "registered./../../x.") for name in content["files"]]),
        lambda content: _set(content, "affine", "x"),
        lambda content: _set(content["map"], "control_point_spacing", [0, 0]),
        lambda content: _set(content["map"], "fixed_geometry", []),
        lambda content: _set(content["map"], "moving_size", [10**9]),
        lambda content: _set(content["map"], "choices", 3),
        lambda content: _set(content, "map", []),
        lambda content: _set(content, "intensity_ranges", None),
        lambda content: _set(content, "notes", 3),
        lambda content: _remove(content, "seconds"),
    ],
)
def test_a_changed_list_is_an_error_of_the_file(saved, change):
    image, folder = saved
    text = (folder / "metrics.json").read_text(encoding="utf-8")
    content = json.loads(text)
    change(content)
    (folder / "metrics.json").write_text(json.dumps(content), encoding="utf-8")
    try:
        with pytest.raises(UnreadableFileError, match="Expected the (folder of a registration|results of this version)"):
            load_result(folder, image, image)
    finally:
        (folder / "metrics.json").write_text(text, encoding="utf-8")
    assert load_result(folder, image, image).flow_field.shape == (40, 40, 2)
