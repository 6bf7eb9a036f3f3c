"""Files are whole or not there."""

import errno
import json
import os

import numpy as np
import pytest

from dirv_tf.io import atomic_write, write_flow_field, write_image
from dirv_tf.io.array_archives import write_arrays
from dirv_tf.io.atomic_write import atomic_path, reason_of_failed_write, write_csv, write_json, write_text


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


def no_space(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_an_error_of_the_disk_names_the_final_file(tmp_path):
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(OSError, match=f"No space left on device: '{tmp_path}/a.txt'"), atomic_path(tmp_path / "a.txt"):
        no_space()
    with pytest.raises(IsADirectoryError, match=f"'{tmp_path}/a.txt'"), atomic_path(tmp_path / "a.txt") as temporary:
        temporary.mkdir()
        try:
            temporary.read_bytes()
        finally:
            temporary.rmdir()
    # Of another file, the error stays as it is.
    with pytest.raises(FileNotFoundError, match="nowhere"), atomic_path(tmp_path / "a.txt"):
        (tmp_path / "nowhere").read_bytes()
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "old" and len(list(tmp_path.iterdir())) == 1


def test_numpy_s_words_for_a_full_disk_get_its_number(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic_write.os, "fsync", no_space)
    with pytest.raises(OSError, match="No space left on device: '.*a.npy'") as raised, atomic_path(tmp_path / "a.npy"):
        raise OSError("360000 requested and 102272 written")
    assert raised.value.errno == errno.ENOSPC and list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert reason_of_failed_write(tmp_path / "b").errno == errno.EIO


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_an_archive_on_a_full_disk_is_an_error_that_is_said_once(capfd):
    with pytest.raises(OSError, match="No space left on device"):
        write_arrays("/dev/full", {"a": np.ones(10_000)})
    assert capfd.readouterr().err == ""


def test_an_archive_is_that_of_numpy(tmp_path):
    arrays = {"a/b": np.ones((2, 3), np.float32), "number": 3, "text": "ä"}
    np.savez(tmp_path / "a.npz", **arrays)
    write_arrays(tmp_path / "b.npz", arrays)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".mha", ".nrrd"])
def test_a_volume_that_itk_cuts_short_without_a_word(tmp_path, monkeypatch, suffix):
    simpleitk = pytest.importorskip("SimpleITK")
    write = simpleitk.WriteImage

    def cut_short(image, path):
        write(image, path)
        os.truncate(path, os.path.getsize(path) // 2)
        if not path.endswith((".nii", ".nii.gz")):
            raise RuntimeError("trouble")

    monkeypatch.setattr(simpleitk, "WriteImage", cut_short)
    with pytest.raises(OSError, match=f"'{tmp_path}/a{suffix}'"):
        write_image(tmp_path / f"a{suffix}", np.arange(4096, dtype=np.uint16).reshape(64, 64))
    with pytest.raises(OSError, match=f"'{tmp_path}/b{suffix}'"):
        write_flow_field(tmp_path / f"b{suffix}", np.zeros((8, 9, 2), np.float32))
    assert list(tmp_path.iterdir()) == []
