"""The campaign of kills: what it looks for is found where it is; a kill of a process is one."""

import json
import os
import sys

import numpy as np
import pytest
from PIL import Image

from experiments.reliability.kill_cases import CASES, write_inputs
from experiments.reliability.whole_files import broken_files, temporary_paths

TRAINING, REGISTER, COHORT = CASES


def test_files_that_are_not_whole_are_found_under_final_names_alone(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    np.savez(folder / "a.npz", a=np.arange(1000))
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)).save(folder / "a.png")
    (folder / "a.json").write_text(json.dumps({"a": 1}), encoding="utf-8")
    (folder / "a.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (folder / "a.tfm").write_text("text\n", encoding="utf-8")
    assert broken_files(folder) == [] and temporary_paths(folder) == []
    for path in list(folder.iterdir()):
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2 + 1])
        (found,) = broken_files(folder)
        assert found.startswith(path.name)
        path.rename(path.with_name(f".0123456789ab-{path.name}"))
        assert broken_files(folder) == []
        path.with_name(f".0123456789ab-{path.name}").unlink()
    (folder / ".pairs").mkdir()
    left = [folder / ".reserve", tmp_path / ".out-0123456789ab"]
    for path in left:
        path.touch()
    assert temporary_paths(folder) == sorted(left)


@pytest.mark.parametrize("epochs, rows, lost", [
    (2, [1, 2], []), (2, [1, 2, 3], []), (1, [1, 2], ["epoch 2"]), (3, [1, 3], ["epochs [1, 3]", "2 lines of 3"]),
    (2, [1, 2, 2], ["epochs [1, 2, 2]"]), (4, [1, 2, 3], ["3 lines of 4"]), (2, [1, 2, 3, 4], ["4 lines of 2"]),
])
def test_epochs_that_are_lost_missing_or_there_twice_are_found(epochs, rows, lost):
    found = TRAINING.lost({"epochs": 2, "rows": [1, 2]}, {"epochs": epochs, "rows": rows})
    assert len(found) == len(lost) and all(each.startswith(start) for each, start in zip(found, lost))


def test_pairs_that_are_lost_or_registered_again_are_found():
    assert COHORT.lost({"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3}) == []
    assert COHORT.lost({"a": 1, "b": 2}, {"a": 4}) == ["pair a", "pair b"]


def test_works_begin_and_go_on(tmp_path):
    write_inputs(tmp_path / "inputs")
    out = tmp_path / "out"
    assert "--resume" not in TRAINING.arguments(out, tmp_path / "inputs") + COHORT.arguments(out, tmp_path / "inputs")
    out.mkdir()
    for name in ("config.yaml", "settings.json"):
        (out / name).touch()
    assert TRAINING.arguments(out, tmp_path)[:2] == ["train", "--resume"]
    assert "--resume" in COHORT.arguments(out, tmp_path) and "--overwrite" in REGISTER.arguments(out, tmp_path)


CHILD = """\
import random, sys
from pathlib import Path
from experiments.reliability import killed_process as module

def main(arguments):
    from dirv_tf.io.atomic_write import write_text
    for name in arguments:
        write_text(name, name)
    return 0

module.main = main
log = Path("log.txt")
whole = module.carry_out(["a", "b"], log)
print(whole.status, whole.steps)
print(*[module.kill_at_a_step([f"c{step}", f"d{step}"], log, step, before=True).status for step in (1, 2, 3)])
print(module.kill_at_a_moment(["e"] * 10**6, log, 0.2).status)
print(sorted({module.kill_somewhere(["f"], log, whole._replace(steps=2), random.Random(n)).status for n in range(4)},
             key=str))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_processes_are_killed_at_moments_and_inside_of_writes(tmp_path):
    """In a process of its own: TensorFlow's threads, which others of these tests have started, survive no fork."""
    import subprocess

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", CHILD], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    whole, steps, moment, some = done.stdout.splitlines()
    assert (whole, steps, moment) == ("0 4", "None None None", "None") and "None" in some
    # Before the bytes are forced to the disk, before the file gets its name, and before the second is forced.
    assert [(tmp_path / name).exists() for name in ("a", "b", "c1", "c2", "c3", "d3")] == [1, 1, 0, 0, 1, 0]
    assert len(list(tmp_path.glob(".*-c1"))) == len(list(tmp_path.glob(".*-c2"))) == len(list(tmp_path.glob(".*-d3"))) == 1
