"""Every run's YAML file: it loads, it is the thesis's run, and it has a quick preset."""

from pathlib import Path

import numpy as np
import pytest

from dirv_tf.training.config.config_loading import known_runs, load_run
from dirv_tf.training.execution.building import build_model, training_pairs
from dirv_tf.validation import ConfigError
from experiments.folders import ALL_RUNS, CHECKOUT, RUNS
from experiments.reproduction.thesis_table import thesis_reference, thesis_rows

_RUNS = known_runs(ALL_RUNS)
_ROWS = thesis_rows()


def test_every_run_of_the_thesis_is_there():
    assert {row["run"] for row in _ROWS} <= set(_RUNS)
    assert len(_ROWS) == 47


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: f"{row['run']}-{row['split']}")
def test_a_run_has_the_settings_and_the_parameters_of_its_row(row):
    config = load_run(row["run"], folder=RUNS)
    assert config.parameters == int(row["parameters"])
    assert config.name == row["run"]
    assert config.as_mapping()["reference"] == thesis_reference(row["run"])
    assert config.rank == int(row["rank"]) and set(config.data.size) == {int(row["image"])}
    assert (config.model.levels, config.model.units) == (int(row["levels"]), int(row["units"]))
    assert config.data.transform == row["transform"]
    assert (config.seeds.training, config.seeds.testing) == (42, 77)
    if row["dataset"] == "chessboard":
        assert config.data.cell_range == (int(row["cell_min"]), int(row["cell_max"]))
        assert config.data.test_images == int(row["test_images"])
    if row["split"] == "train":
        assert (config.training.epochs, config.training.batch_size) == (int(row["epochs"]), int(row["batch"]))
        assert row["dataset"] == "anhir" or config.data.train_images == int(row["train_images"])
        assert config.data.patch_size == ((int(row["patch"]),) * config.rank if row["patch"] else None)
        assert not row["patch"] or config.data.patches_per_image == int(row["patches_per_image"])
    assert (config.training.learning_rate, config.training.schedule) == (2e-4, "constant")


@pytest.mark.parametrize("run", [row["run"] for row in _ROWS if row["dataset"] == "anhir" and row["split"] == "test"])
def test_runs_on_tissue_take_the_set_that_make_makes_and_say_so_where_it_is_missing(run, tmp_path):
    data = load_run(run, folder=RUNS).data
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    assert "\ntissue-data:" in makefile and "-o data/tissue_set" in makefile
    for folder, part in ((data.folder, "train"), (data.test_folder, "test")):
        assert Path(folder) == CHECKOUT / "data" / "tissue_set" / part
    missing = {"data.folder": str(tmp_path / "train"), "data.test_folder": str(tmp_path / "test")}
    with pytest.raises(ConfigError, match="Received: folder=.*made by: make tissue-data"):
        training_pairs(load_run(run, overrides=missing, folder=RUNS))


@pytest.mark.parametrize("run", ["A-1", "A-7", "F-1"])
def test_the_built_network_has_the_parameters_of_the_thesis(run):
    config = load_run(run, folder=RUNS)
    built = sum(int(np.prod(variable.shape)) for variable in build_model(config).trainable_variables)
    assert built == config.parameters


def test_every_family_has_runs_of_its_own():
    for folder in ALL_RUNS:
        kinds = {load_run(run, folder=folder).model.kind for run in known_runs(folder)}
        assert kinds == {folder.name}
    # A name is found in one folder alone.
    assert len(_RUNS) == sum(len(known_runs(folder)) for folder in ALL_RUNS)


@pytest.mark.parametrize("run", _RUNS)
def test_every_run_has_a_quick_preset_that_is_much_smaller(run):
    whole, quick = load_run(run, folder=ALL_RUNS), load_run(run, "quick", folder=ALL_RUNS)
    assert quick.model == whole.model and quick.preset == "quick"

    # The runs on tissue take all images that the folder holds; the thesis's held 1614.
    def voxels(config):
        pairs = config.data.train_images or 1614
        patch_size = getattr(config.data, "patch_size", None)
        pairs *= config.data.patches_per_image if patch_size else 1
        return np.prod(patch_size or config.data.size) * config.training.epochs * pairs

    assert voxels(quick) < voxels(whole) / 8
    assert (quick.data.test_images or 0) <= 1000
    assert 1e-3 <= quick.training.learning_rate <= 2e-3 and quick.training.schedule == "cosine"
