"""The recipe for Slurm sends its job again where that helps, by stand-ins for Slurm's commands."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

RECIPE = Path(__file__).parents[3] / "docs" / "recipes" / "train.slurm"


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.parametrize("status, restarts, requeued", [
    (0, None, False), (1, None, False), (2, None, False), (75, None, True), (137, "3", True), (143, "9", True),
    (75, "10", False),
])
def test_the_job_is_sent_again_after_a_lost_worker(tmp_path, status, restarts, requeued):
    (tmp_path / "srun").write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/srun.txt\nexit {status}\n', encoding="utf-8")
    (tmp_path / "scontrol").write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/scontrol.txt\n', encoding="utf-8")
    for name in ("srun", "scontrol"):
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "SLURM_JOB_ID": "7"}
    if restarts is not None:
        environment["SLURM_RESTART_COUNT"] = restarts
    done = subprocess.run(["bash", str(RECIPE), "a run.yaml", "out"], env=environment, capture_output=True, text=True)
    assert done.returncode == status and done.stderr == ""
    said = (tmp_path / "srun.txt").read_text(encoding="utf-8")
    assert said == "dirv-tf train a run.yaml --output out --continue --set training.distribution.kind=multi_worker\n"
    asked = tmp_path / "scontrol.txt"
    assert asked.exists() == requeued and (not requeued or asked.read_text(encoding="utf-8") == "requeue 7\n")
