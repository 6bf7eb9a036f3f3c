"""A series that is stopped goes on where it was, and does nothing twice."""

import dataclasses
import shutil

from dirv_tf.training.execution.interruption import TrainingDiverged
from dirv_tf.training.execution.progress import duration
from experiments.reproduction import series as module
from experiments.reproduction.series import FINISHED, NEW, STOPPED, carry_out, find_folder


def test_a_stop_ends_the_series_and_keeps_what_is_finished(stopped_series):
    status, folder, lines = stopped_series
    assert status == 130 and "same command again" in lines[-1]
    assert [path.parent.name[:3] for path in folder.glob("*/metrics.json")] == ["B-1"]
    assert any(line.startswith("About") and "left" in line for line in lines), "expected after the first run"


def test_a_run_is_known_by_all_its_settings(stopped_series, tiny_configs, finished_run):
    _, folder, _ = stopped_series
    found, state = find_folder(tiny_configs[0], folder)
    assert state == FINISHED and found.path == finished_run.path
    assert find_folder(tiny_configs[1], folder)[1] == STOPPED
    other = dataclasses.replace(tiny_configs[0], seeds=dataclasses.replace(tiny_configs[0].seeds, training=43))
    found, state = find_folder(other, folder)
    assert state == NEW and found.path.parent == folder and not found.path.exists()


def test_the_same_command_again_goes_on(stopped_series, tiny_configs, finished_run, tmp_path, monkeypatch):
    shutil.copytree(stopped_series[1], tmp_path / "series")
    calls, lines = [], []
    monkeypatch.setattr(module, "execute", lambda config, folder, **_: calls.append((config.name, folder.path)))
    assert carry_out(tiny_configs, tmp_path / "series", tensorboard=False, say=lines.append) == 0
    (stopped,) = (tmp_path / "series").glob("B-2-*")
    assert calls == [("B-2", stopped)], "the finished run is skipped, the stopped one goes on in its own folder"
    first, second = lines[-2:]
    assert first.startswith("B-1") and first.endswith(FINISHED) and "85.4 / 80.4" in first
    assert duration(finished_run.read_record()["seconds"]) in first
    assert second.startswith("B-2") and second.endswith(STOPPED)


def test_a_run_that_fails_does_not_end_the_series(tiny_configs, tmp_path, monkeypatch, capsys):
    def execute(config, folder, tensorboard, report):
        if config.name == "B-1":
            raise TrainingDiverged("The loss became nan")
        folder.write_record(seconds=3.0)

    monkeypatch.setattr(module, "execute", execute)
    lines = []
    assert carry_out(tiny_configs, tmp_path, say=lines.append) == 1
    assert lines[-2].endswith("failed: TrainingDiverged") and lines[-1].startswith("B-2")
    assert "error: B-1: The loss became nan" in capsys.readouterr().err
