"""Published configurations hold in any checkout."""

import shutil

import pytest

from dirv_tf.io.atomic_write import write_text
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.config.yaml_text import format_yaml
from dirv_tf.validation import ConfigError
from experiments.folders import RUNS
from experiments.reproduction.portable_paths import portable_files, portable_settings


@pytest.fixture
def checkouts(tmp_path):
    """Two checkouts with the tissue set: the one that a run was carried out in, and the one to publish into."""
    for name in ("there", "here"):
        for part in ("train", "test"):
            (tmp_path / name / "data" / "tissue_set" / part).mkdir(parents=True)
    return tmp_path / "there", tmp_path / "here"


@pytest.mark.parametrize("name", ["E-1", "best-2d", "A-6"])
def test_a_configuration_finds_the_images_of_its_checkout(checkouts, name):
    there, here = checkouts
    path = there / "experiments" / "runs" / "dirv_net" / f"{name}.yaml"
    write_text(path, (RUNS / path.name).read_text(encoding="utf-8"))
    config = load_run(path)
    folder = here / "experiments" / "results" / name
    write_text(folder / "config.yaml", format_yaml(portable_settings(config, here, folder)))
    shutil.copytree(here, here.with_name("elsewhere"))
    again = load_run(here.with_name("elsewhere") / "experiments" / "results" / name / "config.yaml")
    expected = str(config.as_mapping()).replace(str(there), str(here.with_name("elsewhere")))
    assert str(again.as_mapping()) == expected
    assert str(here) not in (folder / "config.yaml").read_text(encoding="utf-8")


def test_a_run_that_started_from_weights_of_nobody_else_s_is_refused(checkouts):
    there, here = checkouts
    assert portable_settings(load_run("A-6", overrides={"training.start_from": "A-1"}, folder=RUNS), here, here)
    with pytest.raises(ConfigError, match="from a shipped network.*Received: training.start_from=.*private"):
        private = {"training.start_from": str(there / "private")}
        portable_settings(load_run("A-6", overrides=private, folder=RUNS), here, here)


def test_files_are_relative_too(checkouts):
    there, here = checkouts
    tissue = there / "data" / "tissue_set"
    files = {"train": [str(tissue / "train")], "test": [[str(tissue)] * 2]}
    found = portable_files(files, here, here / "experiments")
    assert found == {"train": ["../data/tissue_set/train"], "test": [["../data/tissue_set"] * 2]}


def test_images_that_are_not_in_the_checkout_are_refused(checkouts):
    there, here = checkouts
    (there / "private").mkdir()
    with pytest.raises(ConfigError, match="Expected images that lie in the checkout.*Received: .*private"):
        portable_files([str(there / "private")], here, here)
