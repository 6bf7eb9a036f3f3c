"""`dirv-tf train`: its options have tests in tests/experiments; a whole training is in tests/test_installed.py."""

import os

import pytest

from dirv_tf.cli import main as main_module
from dirv_tf.cli import train_command
from dirv_tf.cli.main import main
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution.interruption import TrainingInterrupted
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.training.execution.worker_cluster import WorkerCluster
from dirv_tf.training.execution.worker_loss import WorkerLost

RUN = """\
name: mine
description: the smallest run
model: {levels: 1, units: 1, experts: 2, knots: 4, kernel_sizes: [3, 3]}
data: {kind: chessboard, size: [16, 16], cell_range: [3, 5], transform: both, train_images: 4, test_images: 4}
training: {epochs: 1, batch_size: 2, learning_rate: 1e-3, schedule: constant, loss: displacement}
seeds: {training: 42, testing: 77}
evaluation: {batch_size: 2, validation_images: 2}
"""


@pytest.fixture
def run_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(RUN, encoding="utf-8")
    return path


def test_a_stopped_run_names_the_command_that_goes_on(run_file, tmp_path, capsys, monkeypatch):
    def stop(config, folder, tensorboard):
        raise TrainingInterrupted

    monkeypatch.setattr("dirv_tf.training.execution.run.execute", stop)
    assert main(["train", str(run_file), "--output", str(tmp_path / "run")]) == 130
    assert f"dirv-tf train --resume {tmp_path / 'run'}" in capsys.readouterr().err


def test_a_teacher_that_is_stopped_goes_on_with_the_same_command(run_file, tmp_path, capsys, monkeypatch):
    def stop(config, folder, tensorboard):
        raise KeyboardInterrupt

    monkeypatch.setattr("dirv_tf.training.execution.run.execute", stop)
    teacher = ["--set", f"training.teacher.folder={tmp_path / 'fields'}"]
    assert main(["train", str(run_file), "--output", str(tmp_path / "run"), *teacher]) == 130
    assert "To go on: the same command again" in capsys.readouterr().err


@pytest.mark.parametrize("arguments, folder", [(["--runs", "."], None), ([], "."), ([], None)])
def test_a_run_of_a_folder_is_known_by_its_name(run_file, arguments, folder, monkeypatch, capsys):
    executed = []
    monkeypatch.setattr("dirv_tf.training.execution.run.execute", lambda config, *_, **__: executed.append(config.name))
    monkeypatch.chdir(run_file.parent)
    monkeypatch.delenv("DIRV_TF_RUNS", raising=False)
    if folder:
        monkeypatch.setenv("DIRV_TF_RUNS", folder)
    (run_file.parent / "other.yaml").write_text("services: {}", encoding="utf-8")
    assert main(["train", "--list", *arguments]) == 0
    output = capsys.readouterr()
    assert output.out.startswith("mine ") and "the smallest run" in output.out and len(output.out.splitlines()) == 1
    assert output.err.startswith("left out: ") and "other.yaml" in output.err
    assert main(["train", "mine", *arguments]) == 0 and executed == ["mine"]


def test_a_wrong_configuration_ends_with_2(run_file, capsys):
    assert main(["train", str(run_file), "--set", "training.epochs=none"]) == 2
    assert "'training.epochs' must be an integer" in capsys.readouterr().err


def test_continue_begins_goes_on_and_ends(run_file, tmp_path, monkeypatch, capsys):
    calls, folder = [], tmp_path / "run"
    monkeypatch.setattr("dirv_tf.training.execution.run.execute", lambda config, run, **_: calls.append((config, run)))
    command = ["train", str(run_file), "--output", str(folder), "--continue"]
    assert main(command) == 0
    calls[0][1].write_config(calls[0][0])
    # On other devices it is the same run; with another rate it is not.
    assert main([*command, "--set=training.distribution={kind: mirrored, devices: 2, device_type: cpu}"]) == 0
    assert [config.training.distribution.kind for config, _ in calls] == ["none", "mirrored"]
    assert main([*command, "--set=training.learning_rate=0.1"]) == 2
    assert "Expected the settings of the run that " in (said := capsys.readouterr().err) and "; training differ" in said
    (folder / "metrics.json").touch()
    assert main(command) == 0 and len(calls) == 2
    assert f"Finished already: {folder}" in capsys.readouterr().out
    assert main(["train", str(run_file), "--continue"]) == 2
    assert main(["train", "--resume", str(folder), "--continue"]) == 2


def test_local_workers_get_the_same_command(run_file, tmp_path, monkeypatch, capsys):
    started = []
    monkeypatch.setattr(train_command, "train_in_local_workers", lambda *given: started.append(given) or 75)
    monkeypatch.setenv("DIRV_TF_RUNS", "elsewhere")
    options = ["--local-workers", "3", "--set=training.epochs=2", "--seed", "5", "--no-tensorboard"]
    command = ["train", "mine", "--runs", str(run_file.parent), *options]
    assert main([*command, "--output", str(tmp_path / "run")]) == 75
    ((count, arguments),) = started
    assert count == 3 and arguments[:2] == ["train", "mine"] and os.environ["DIRV_TF_RUNS"] == str(run_file.parent)
    again = main_module.build_parser().parse_args(arguments)
    assert (again.output, again.seed, again.no_tensorboard) == (str(tmp_path / "run"), 5, True)
    assert again.set == ["training.epochs=2", "training.distribution.kind=multi_worker"] and not again.local_workers
    folder = RunFolder(tmp_path / "begun")
    folder.write_config(load_run(run_file, overrides={"training.distribution.kind": "multi_worker"}))
    assert main(["train", "--resume", str(folder.path), "--local-workers", "2"]) == 75
    assert started[1] == (2, ["train", "--resume", str(folder.path)])
    folder.write_config(load_run(run_file))
    assert main(["train", "--resume", str(folder.path), "--local-workers", "2"]) == 2
    assert "multi_worker to go on with in several workers. Received: none" in capsys.readouterr().err


def test_other_workers_than_the_chief_need_no_folder_and_one_that_is_lost_ends_with_75(
    run_file, tmp_path, monkeypatch, capsys
):
    ends = []

    def lose(config, folder, tensorboard):
        raise WorkerLost("Expected all 2 workers to go on. Received: nothing")

    monkeypatch.setattr("dirv_tf.training.execution.run.execute", lose)
    monkeypatch.setattr("dirv_tf.training.execution.worker_loss.leave_within", lambda *given: ends.append(given))
    full = tmp_path / "full"
    full.mkdir()
    (full / "of the chief").touch()
    command = ["train", str(run_file), "--output", str(full), "--set=training.distribution.kind=multi_worker"]
    addresses = ("a:1", "b:1")
    for number, status in ((1, 75), (0, 2)):
        monkeypatch.setenv("TF_CONFIG", WorkerCluster(addresses, number).tf_config())
        assert main(command) == status
    said = capsys.readouterr().err
    assert "error: Expected all 2 workers to go on" in said and f"with --output {full} --continue\n" in said
    assert "Expected a new or empty folder" in said and ends == [(train_command._SECONDS_TO_LEAVE, 75)]
    monkeypatch.delenv("TF_CONFIG")
    monkeypatch.delenv("SLURM_STEP_NODELIST", raising=False)
    # Nor can one that was begun go on without its workers.
    begun = RunFolder(tmp_path / "begun")
    begun.write_config(load_run(run_file, overrides={"training.distribution.kind": "multi_worker"}))
    go_on = ["train", str(run_file), "--output", str(begun.path), "--set=training.distribution.kind=multi_worker"]
    for again in (command, ["train", "--resume", str(begun.path)], [*go_on, "--continue"]):
        assert main(again) == 2 and "needs to know the workers" in capsys.readouterr().err
