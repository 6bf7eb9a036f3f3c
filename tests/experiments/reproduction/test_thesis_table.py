"""Finding a run's row in the thesis's table, and its form in the run files."""

import dataclasses

import pytest

from dirv_tf.training.config.config_loading import load_run
from experiments.folders import CHECKOUT
from experiments.reproduction.thesis_table import thesis_reference, thesis_rows


def test_the_test_row_is_preferred():
    metrics = {"l_int": 3.74, "l_dis": 0.45, "dl_int": 75.9, "dl_dis": 68.6, "max_d": 8.64, "mean_d": 1.95}
    assert thesis_reference("A-6") == {"source": "thesis, table 1", "split": "test", "metrics": metrics}


def test_a_run_without_a_test_row_gives_its_training_row():
    reference = thesis_reference("A-2")
    assert reference["split"] == "train" and reference["metrics"]["dl_int"] == 61.8


def test_a_run_of_ones_own_has_no_row():
    assert thesis_reference("mine") is None


def test_a_missing_table_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="Received: path="):
        thesis_rows(tmp_path / "none.csv")


RUNS = sorted((CHECKOUT / "experiments/runs/dirv_net").glob("[A-G]-?.yaml"))


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.stem)
def test_every_run_of_the_thesis_has_its_form_to_the_letter(path):
    ours, strict = load_run(path), load_run(path, preset="thesis")
    assert (strict.model.step_size_scale, strict.model.centered) == (1.0, False)
    # All else is the run itself.
    model = dataclasses.replace(ours.model, step_size_scale=1.0, centered=False)
    assert dataclasses.replace(ours, model=model, preset="thesis") == strict
