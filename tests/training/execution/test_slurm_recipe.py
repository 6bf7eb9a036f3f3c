"""The recipe for Slurm sends its job again where that helps, by stand-ins for Slurm's commands."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

RECIPE = Path(__file__).parents[3] / "docs" / "recipes" / "train.slurm"


# As the real one, it carries out the command once for every task and ends with the highest status.
SRUN = """\
highest=0
for SLURM_PROCID in 0 1; do
    export SLURM_PROCID
    "$@"
    status=$?
    [ $status -gt $highest ] && highest=$status
done
exit $highest
"""
# Slurm sends SIGTERM to all processes of a task.
DIRV_TF = """\
echo "$SLURM_PROCID $@" >> {folder}/dirv-tf.txt
[ $SLURM_PROCID = 0 ] && status={0} || status={1}
[ $status = 143 ] && kill -TERM $PPID
exit $status
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.parametrize("statuses, restarts, requeued", [
    ((0, 0), None, False), ((75, 0), None, True), ((75, 137), "3", True), ((143, 143), "9", True),
    ((75, 75), "10", False), ((2, 2), None, False),
    # An error of one worker, which comes again, and its end, which the other one sees.
    ((1, 75), None, False), ((75, 2), "1", False),
])
def test_the_job_is_sent_again_after_a_lost_worker_but_not_after_an_error(tmp_path, statuses, restarts, requeued):
    scripts = {
        "srun": SRUN,
        "dirv-tf": DIRV_TF.format(*statuses, folder=tmp_path),
        "scontrol": f'echo "$@" > {tmp_path}/scontrol.txt\n',
    }
    for name, text in scripts.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "SLURM_JOB_ID": "7"}
    if restarts is not None:
        environment["SLURM_RESTART_COUNT"] = restarts
    # What an earlier start noted says nothing about this one.
    (tmp_path / "out.FAILED-6-0").touch()
    command = ["bash", str(RECIPE), "a run.yaml", "out/"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == max(statuses) and done.stderr == ""
    arguments = "train a run.yaml --output out/ --continue --set training.distribution.kind=multi_worker"
    said = (tmp_path / "dirv-tf.txt").read_text(encoding="utf-8")
    assert said == f"0 {arguments}\n1 {arguments}\n"
    asked = tmp_path / "scontrol.txt"
    assert asked.exists() == requeued and (not requeued or asked.read_text(encoding="utf-8") == "requeue 7\n")
    failed = [f"task {task} ended with {status}\n" for task, status in enumerate(statuses) if status in (1, 2)]
    note = tmp_path / f"out.FAILED-7-{restarts or 0}"
    assert note.exists() == bool(failed) and (not failed or note.read_text(encoding="utf-8") == "".join(failed))
