"""Registrations that are read from their folder; what comes back is in `test_derived_results.py`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import dirv_tf
from dirv_tf.io import write_image


@pytest.fixture
def folder(known_2d, known_result, tmp_path):
    """A registration of two files, in the folder "result"."""
    result = known_result(known_2d)
    for name in ("fixed", "moving"):
        write_image(tmp_path / f"{name}.tif", getattr(result, name))
    paths = {f"{name}_path": tmp_path / f"{name}.tif" for name in ("fixed", "moving")}
    return known_result(known_2d, **paths).save(tmp_path / "result")


def test_the_images_are_read_from_where_they_were(folder):
    result = dirv_tf.load_result(folder)
    assert result.fixed_path == folder.parent / "fixed.tif"
    assert result.fixed.shape == (56, 48) and result.moving.shape == (50, 60)
    assert result.quality.warnings == dirv_tf.load_result(str(folder)).quality.warnings


def test_images_that_have_moved_are_asked_for(folder):
    (folder.parent / "moving.tif").rename(folder.parent / "elsewhere.tif")
    with pytest.raises(FileNotFoundError, match=r"moving image that was registered.*moving.tif, which does not exist"):
        dirv_tf.load_result(folder)
    result = dirv_tf.load_result(folder, moving=folder.parent / "elsewhere.tif")
    assert result.moving_path.name == "elsewhere.tif"
    with pytest.raises(ValueError, match="fixed image of the registration.*56 x 48 pixels. Received: fixed of 50 x 60"):
        dirv_tf.load_result(folder, fixed=result.moving, moving=result.moving)


def test_the_channel_that_was_registered_is_read_again(known_2d, known_result, tmp_path):
    result = known_result(known_2d)
    colors = np.rint(255 * np.stack([result.fixed, result.fixed / 2, result.fixed / 3], -1)).astype(np.uint8)
    write_image(tmp_path / "fixed.png", colors)
    write_image(tmp_path / "moving.tif", result.moving)
    changes = {"fixed_path": tmp_path / "fixed.png", "moving_path": tmp_path / "moving.tif"}
    result = known_result(known_2d, fixed=colors[..., 1], choices=((1, None), (None, None)), **changes)
    read = dirv_tf.load_result(result.save(tmp_path / "result"))
    np.testing.assert_array_equal(read.fixed, colors[..., 1])
    assert read.inverse().choices == ((None, None), (1, None))


def test_arrays_are_asked_for(known_2d, known_result, tmp_path):
    folder = known_result(known_2d).save(tmp_path / "arrays")
    with pytest.raises(ValueError, match="an array was registered. Received: fixed=None"):
        dirv_tf.load_result(folder)


def test_other_folders_are_refused(folder):
    with pytest.raises(FileNotFoundError, match="folder of a registration.*nowhere"):
        dirv_tf.load_result(folder.parent / "nowhere")
    with pytest.raises(ValueError, match="without the metrics.json of one"):
        dirv_tf.load_result(folder.parent)
    path = Path(folder) / "metrics.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["map"]
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ValueError, match="its field can be used alone: .*flow_field.npz"):
        dirv_tf.load_result(folder)


def test_the_map_is_right_in_the_file(folder, known_2d):
    content = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert content["map"]["moving_size"] == list(known_2d.moving_size)
    np.testing.assert_allclose(np.array(content["affine"])[:, :2], known_2d.linear.matrix)
