"""The command line of a run."""

import re

import pytest

from dirv_tf.training.execution.checkpoints import CheckpointError
from dirv_tf.training.execution.interruption import TrainingDiverged, TrainingInterrupted
from experiments.folders import OUTPUT
from experiments.run import main


def test_help_teaches(capsys):
    with pytest.raises(SystemExit) as raised:
        main(["--help"])
    text = capsys.readouterr().out
    assert raised.value.code == 0
    for word in ("--preset", "--resume", "--set", "examples:", "Ctrl-C"):
        assert word in text


def test_the_list_names_every_run(capsys):
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("A-6") and "28,735 parameters" in line for line in lines)
    assert any(line.startswith("dlir-2d") and "156,108 parameters" in line for line in lines)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "Expected a YAML file or the name of a run.*Known runs: .*A-6"),
        (["A-99"], "no run 'A-99'"),
        (["A-6", "--preset", "slow"], "no preset 'slow'"),
        (["A-6", "--set", "training.epochs"], "key=value"),
        (["A-6", "--set", "training.epochs=none"], "'training.epochs' must be an integer"),
        (["A-6", "--seed", "-3"], "'seeds.training' must be an integer of at least 0"),
        (["--resume", "nowhere"], "Received: resume=nowhere"),
        (["--resume", "nowhere", "--seed", "3"], "leave out --seed"),
        (["A-6", "--resume", "nowhere"], "leave out a run"),
    ],
)
def test_a_wrong_command_line_is_said_at_once(arguments, message, capsys):
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == "" and output.err.startswith("error: ")
    assert re.search(message, output.err)


@pytest.fixture
def execute(monkeypatch):
    """Takes the place of the run, which `tests/training/execution/test_run.py` tests; notes what it was given."""
    calls = []

    def note(config, folder, tensorboard):
        calls.append((config, folder, tensorboard))
        if isinstance(note.outcome, Exception):
            raise note.outcome

    note.calls, note.outcome = calls, None
    monkeypatch.setattr("dirv_tf.training.execution.run.execute", note)
    return note


def test_the_options_reach_the_run(execute, tmp_path):
    options = ["--preset", "quick", "--seed", "5", "--set", "training.epochs=3", "--set", "model.experts=[8, 4]"]
    assert main(["A-6", *options, "--output", str(tmp_path / "run"), "--no-tensorboard"]) == 0
    ((config, folder, tensorboard),) = execute.calls
    assert (config.name, config.preset, config.seeds.training) == ("A-6", "quick", 5)
    assert (config.training.epochs, config.model.experts, tensorboard) == (3, (8, 4), False)
    assert folder.path == tmp_path / "run"


def test_results_go_by_default_into_a_folder_of_their_own(execute):
    assert main(["A-6", "--preset", "quick"]) == 0
    _, folder, tensorboard = execute.calls[0]
    assert folder.path.parent == OUTPUT and folder.path.name.startswith("A-6-quick-2")
    assert tensorboard and not folder.path.exists()


@pytest.mark.parametrize(
    "outcome, status, message",
    [
        (TrainingInterrupted(), 130, "To go on: python -m experiments.run --resume "),
        (TrainingDiverged("The loss became nan"), 1, "error: The loss became nan"),
        (CheckpointError("Expected a whole file"), 1, "error: Expected a whole file"),
    ],
)
def test_a_run_that_ends_early_says_why(execute, outcome, status, message, tmp_path, capsys):
    execute.outcome = outcome
    assert main(["A-6", "--output", str(tmp_path / "run")]) == status
    assert message in capsys.readouterr().err
