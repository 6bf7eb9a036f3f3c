"""The command line of a series."""

import re

import pytest

from experiments.reproduction import series as module
from experiments.series import main, series_runs


def test_the_runs_of_a_series_in_order():
    assert series_runs("a") == [f"A-{number}" for number in range(1, 9)]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["Q"], "Expected a series of runs: A, B, C, .*Received: series=Q"),
        ([], "Expected a series of runs: A, B"),
        (["A", "--preset", "slow"], "no preset 'slow'"),
    ],
)
def test_what_there_is_is_said(arguments, message, capsys):
    assert main(arguments) == 2
    assert re.search(message, capsys.readouterr().err)


def test_preset_and_settings_reach_every_run(monkeypatch, tmp_path):
    received = {}
    monkeypatch.setattr(module, "carry_out", lambda *given, **named: received.update(given=given, **named) or 0)
    options = ["--preset", "quick", "--set", "training.epochs=3", "--output", str(tmp_path), "--no-tensorboard"]
    assert main(["B", *options]) == 0
    configs, output = received["given"]
    assert [config.name for config in configs] == ["B-1", "B-2", "B-3"]
    assert {(config.preset, config.training.epochs) for config in configs} == {("quick", 3)}
    assert output == tmp_path and received["tensorboard"] is False
