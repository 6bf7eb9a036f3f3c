"""Outputs are tried before the work."""

import errno
import os

import pytest

from dirv_tf.io import output_paths
from dirv_tf.io.output_paths import check_output_file, check_output_folder


def test_a_trial_leaves_nothing(tmp_path):
    assert check_output_file(tmp_path / "a" / "b.png") == tmp_path / "a" / "b.png"
    assert check_output_folder(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert check_output_folder(str(tmp_path)) == tmp_path
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("check", [check_output_file, check_output_folder])
def test_a_file_in_place_of_a_folder(tmp_path, check):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="Not a directory: '.*file/a/b'"):
        check(tmp_path / "file" / "a" / "b")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything may be written by root")
def test_a_folder_that_is_read_only(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match="Permission denied: '.*result'"):
        check_output_folder(tmp_path / "result")
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS])
def test_an_error_of_the_system_names_the_output(tmp_path, monkeypatch, code):
    def refuse(path, *_):
        raise OSError(code, os.strerror(code), path)

    monkeypatch.setattr(output_paths.os, "open", refuse)
    with pytest.raises(OSError, match=f"{os.strerror(code)}: '{tmp_path / 'result'}'") as raised:
        check_output_folder(tmp_path / "result")
    assert raised.value.errno == code


def test_a_full_disk_is_found_by_the_first_block(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(output_paths.os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device: '.*a.png'"):
        check_output_file(tmp_path / "a.png")
    assert os.listdir(tmp_path) == []


def test_a_name_that_is_too_long(tmp_path):
    with pytest.raises(OSError, match="too long"):
        check_output_file(tmp_path / ("a" * 250))
