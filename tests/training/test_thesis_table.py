"""Finding a run's row in the thesis's table."""

import pytest

from dirv_tf.training.thesis_table import thesis_row, thesis_rows


def test_the_test_row_is_preferred():
    row = thesis_row("A-6")
    assert row["split"] == "test"
    assert (row["l_int"], row["l_dis"], row["dl_int"], row["dl_dis"]) == (3.74, 0.45, 75.9, 68.6)


def test_a_run_without_a_test_row_gives_its_training_row():
    row = thesis_row("A-2")
    assert row["split"] == "train" and row["dl_int"] == 61.8


def test_a_run_of_ones_own_has_no_row():
    assert thesis_row("mine") is None


def test_a_missing_table_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="Received: path="):
        thesis_rows(tmp_path / "none.csv")
