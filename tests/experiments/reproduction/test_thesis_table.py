"""Finding a run's row in the thesis's table."""

import pytest

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
