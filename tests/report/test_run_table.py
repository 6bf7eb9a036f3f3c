"""The rows of the tables of runs."""

from pathlib import Path

import pytest

from dirv_tf.report.run_record import RunRecord
from dirv_tf.report.run_table import run_rows

TRAINING = {"epochs": 3, "batch_size": 20, "learning_rate": 5e-4, "schedule": "cosine"}


@pytest.mark.parametrize(
    "start, text", [({}, ""), ({"start_from": "A-6"}, ", from the weights of A-6"),
                    ({"start_from": "elsewhere/my_run"}, ", from the weights of my_run")]
)
def test_the_settings_say_what_a_run_started_from(start, text):
    config = {"data": {"kind": "chessboard", "size": [64, 64]}, "training": {**TRAINING, **start}}
    row, = run_rows([RunRecord(Path("runs/A-8"), "A-8", "long", config, {}, None, {})])
    assert row["settings"] == "3 epochs, batch 20, rate 0.0005 cosine" + text
