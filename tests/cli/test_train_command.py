"""`dirv-tf train`: its options have tests in tests/experiments; a whole training is in tests/test_installed.py."""

import pytest

from dirv_tf.cli.main import main
from dirv_tf.training.execution.interruption import TrainingInterrupted

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
