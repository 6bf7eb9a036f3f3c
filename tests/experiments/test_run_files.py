"""Every run's YAML file: it loads, it is the thesis's run, and it has a quick preset."""

import numpy as np
import pytest

from dirv_tf.training.building import build_model
from dirv_tf.training.config_loading import known_runs, load_run
from dirv_tf.training.thesis_table import thesis_rows

_RUNS = known_runs()
_ROWS = [row for row in thesis_rows() if row["dataset"] == "chessboard" and row["run"] in _RUNS]


def test_every_run_of_the_first_tables_is_there():
    expected = [f"A-{n}" for n in range(1, 9)] + ["B-1", "B-2", "B-3", "C-1", "C-2", "F-1", "F-2", "F-3"]
    assert set(expected) <= set(_RUNS)
    assert len(_ROWS) >= 25


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: f"{row['run']}-{row['split']}")
def test_a_run_has_the_settings_and_the_parameters_of_its_row(row):
    config = load_run(row["run"])
    assert config.parameters == int(row["parameters"])
    assert config.name == row["run"]
    assert config.rank == int(row["rank"]) and set(config.data.size) == {int(row["image"])}
    assert (config.model.levels, config.model.units) == (int(row["levels"]), int(row["units"]))
    assert config.data.cell_range == (int(row["cell_min"]), int(row["cell_max"]))
    assert config.data.transform == row["transform"]
    assert (config.seeds.training, config.seeds.testing) == (42, 77)
    assert config.data.test_images == int(row["test_images"])
    if row["split"] == "train":
        assert (config.training.epochs, config.training.batch_size) == (int(row["epochs"]), int(row["batch"]))
        assert config.data.train_images == int(row["train_images"])
    assert (config.training.learning_rate, config.training.schedule) == (2e-4, "constant")


@pytest.mark.parametrize(
    "row", [row for row in thesis_rows() if row["run"] not in _RUNS], ids=lambda row: f"{row['run']}-{row['split']}"
)
def test_the_parameter_formula_holds_for_rows_without_a_file(row):
    changes = {"model.levels": int(row["levels"]), "model.units": int(row["units"])}
    changes["model.experts"] = int(row["experts"])
    config = load_run("A-6" if row["rank"] == "2" else "F-1", overrides=changes)
    assert config.parameters == int(row["parameters"])


@pytest.mark.parametrize("run", ["A-1", "A-7", "F-1"])
def test_the_built_network_has_the_parameters_of_the_thesis(run):
    config = load_run(run)
    built = sum(int(np.prod(variable.shape)) for variable in build_model(config).trainable_variables)
    assert built == config.parameters


@pytest.mark.parametrize("run", _RUNS)
def test_every_run_has_a_quick_preset_that_is_much_smaller(run):
    whole, quick = load_run(run), load_run(run, "quick")
    assert quick.model == whole.model and quick.preset == "quick"

    def voxels(config):
        size = config.data.size[0] ** config.rank
        return size * config.training.epochs * config.data.train_images

    assert voxels(quick) < voxels(whole) / 8
    assert quick.data.test_images <= 1000
    assert 1e-3 <= quick.training.learning_rate <= 2e-3 and quick.training.schedule == "cosine"
