"""One process at a time in a folder."""

import subprocess
import sys

import pytest

from dirv_tf.io.folder_lock import folder_lock

pytest.importorskip("fcntl", reason="Windows cannot lock a folder")


def test_a_second_one_is_kept_out_and_let_in_after_the_first(tmp_path):
    folder = tmp_path / "new" / "folder"
    with folder_lock(folder), pytest.raises(BlockingIOError), folder_lock(folder):
        pass
    with folder_lock(folder):
        pass
    assert list(folder.iterdir()) == []


def test_a_process_that_is_killed_leaves_no_lock(tmp_path):
    text = "import sys; from dirv_tf.io.folder_lock import folder_lock\n"
    text += "with folder_lock(sys.argv[1]): print('locked', flush=True); sys.stdin.read()"
    arguments = [sys.executable, "-c", text, str(tmp_path)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "locked\n"
        with pytest.raises(BlockingIOError), folder_lock(tmp_path):
            pass
        process.kill()
        process.wait(30)
        with folder_lock(tmp_path):
            pass


def test_other_folders_are_free(tmp_path):
    with folder_lock(tmp_path / "one"), folder_lock(tmp_path / "other"):
        pass
