"""Files are whole or not there."""

import json

import numpy as np
import pytest

from dirv_tf.io.atomic_write import atomic_path, write_csv, write_json, write_text


def test_a_failed_write_keeps_the_older_file_and_leaves_nothing_behind(tmp_path):
    path = tmp_path / "result.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half", encoding="utf-8")
        raise RuntimeError
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_missing_folders_are_made_and_the_suffix_is_kept(tmp_path):
    path = tmp_path / "a" / "b" / "arrays.npz"
    with atomic_path(path) as temporary:
        assert temporary.suffix == ".npz" and temporary.parent == path.parent
        np.savez(temporary, x=np.ones(3))
    assert np.load(path)["x"].sum() == 3


def test_numpy_numbers_become_json_numbers(tmp_path):
    write_json(tmp_path / "a.json", {"x": np.float32(0.5), "y": np.arange(2)})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"x": 0.5, "y": [0, 1]}
    with pytest.raises(TypeError, match="Received: object="):
        write_json(tmp_path / "b.json", object())
    assert not (tmp_path / "b.json").exists()


def test_a_table_has_a_header_and_empty_cells_for_missing_values(tmp_path):
    write_csv(tmp_path / "a.csv", ["a", "b"], [{"a": 1}, {"a": 2, "b": "x"}])
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "a,b\n1,\n2,x\n"
