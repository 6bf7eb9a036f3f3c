"""What is expected of a series."""

import pytest

from dirv_tf.training.config.config_loading import load_run
from experiments.folders import RUNS
from experiments.reproduction.time_left import TimeLeft, training_work


class _Folder:
    def read_record(self):
        return {"seconds": 600.0}


def test_work_is_pairs_pixels_units_and_experts():
    whole = training_work(load_run("A-6", folder=RUNS))
    assert training_work(load_run("A-6", overrides={"training.epochs": 20}, folder=RUNS)) == pytest.approx(whole / 2)
    assert training_work(load_run("A-8", folder=RUNS)) == pytest.approx(whole * 60 / 40 * 9 / 7)
    # A coarser level has a quarter of the pixels in 2D and an eighth in 3D.
    assert training_work(load_run("A-6", overrides={"model.levels": 2}, folder=RUNS)) == pytest.approx(whole * 1.25)
    # D-2 trains on 20 patches of 64² from each of 2,000 chessboards, in 25 epochs.
    assert training_work(load_run("D-2", folder=RUNS)) == pytest.approx(whole * 25 / 40 * 2000 * 20 / 10000)
    volumes = training_work(load_run("F-1", folder=RUNS))
    assert training_work(load_run("F-1", overrides={"model.levels": 2}, folder=RUNS)) == pytest.approx(volumes * 1.125)


def test_time_left_follows_the_runs_that_are_done():
    clock, config = TimeLeft(), load_run("A-6", folder=RUNS)
    assert "after its first run" in clock.say([config])
    clock.add(config, _Folder())
    assert "20 min" in clock.say([config, config])
