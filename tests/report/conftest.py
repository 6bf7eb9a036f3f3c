"""A small finished run to report on."""


import pytest

from dirv_tf.io.atomic_write import write_csv, write_json, write_text

CONFIG = """\
name: {name}
description: a small run
model: {{levels: 2, units: 1, experts: 2, knots: 4}}
data: {{kind: chessboard, size: [16, 16], cell_range: [3, 5], transform: both, train_images: 4, test_images: 4}}
training: {{epochs: 3, batch_size: 2, learning_rate: 1e-3, schedule: constant, loss: displacement}}
seeds: {{training: 42, testing: 77}}
evaluation: {{batch_size: 2, validation_images: 2}}
"""
TEST = {"dl_int": 77.2, "dl_dis": 80.2, "dl_int_finest": 94.2, "dl_dis_finest": 86.1}
TEST.update(endpoint_error=0.273, folded_percent=0.1)


@pytest.fixture
def make_run(tmp_path):
    """Write the folder of a run, finished or not, and return it."""

    def make(name="A-1", folder="run", finished=True, reference=None):
        path = tmp_path / folder
        write_text(path / "config.yaml", CONFIG.format(name=name))
        record = {"parameters": 1234, "state": "running", "seconds": 75.0, "ended": "2024-05-06T10:00:00"}
        write_json(path / "run.json", record)
        keys = ["l_dis", "val_l_dis", "l_dis_level0", "l_dis_level1", "l_int", "dl_int", "dl_dis"]
        rows = [{"epoch": epoch, **{key: 1.0 / epoch for key in keys}} for epoch in (1, 2, 3)]
        write_csv(path / "history.csv", ["epoch", *keys], rows)
        if finished:
            write_json(path / "metrics.json", {"run": name, "test": TEST, "reference": reference})
        return path

    return make
