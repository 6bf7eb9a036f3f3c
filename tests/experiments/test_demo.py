from __future__ import annotations

import csv

import numpy as np
import pytest
import skimage.io

from dirv_tf.models import DIRVNet
from dirv_tf.models.weight_files import save_weights_file
from experiments import demo


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Untrained networks of one unit: the demo must work, not be good."""
    folders = {}
    for rank in (2, 3):
        folders[rank] = tmp_path_factory.mktemp(f"rank{rank}")
        save_weights_file(DIRVNet(rank=rank, levels=1, units=1, experts=2), folders[rank])
    return folders


def test_demo_writes_a_picture_and_a_row_per_case(weights, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(demo, "CASES", (demo.CASES[0], demo.CASES[-1]))
    arguments = ["--output", tmp_path / "out", "--model-2d", weights[2], "--model-3d", weights[3]]
    assert demo.main([str(argument) for argument in arguments]) == 0
    text = capsys.readouterr().out
    assert "epithelium, H&E" in text and "256 x 256" in text and "64 x 64 x 64" in text

    with open(tmp_path / "out" / "error_figures.csv", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["file"] for row in rows] == ["tissue/epithelium_he.png", "volumes/brain_t1.tif"]
    assert all(float(row["endpoint_error_before_px"]) > 0.5 for row in rows)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"error_figures.csv", "epithelium_he.png", "brain_t1.png"}
    for name in ("epithelium_he.png", "brain_t1.png"):
        picture = skimage.io.imread(tmp_path / "out" / name)
        assert picture.shape[0] > 400 and picture.shape[1] > 1000 and picture.std() > 10


def test_every_case_has_its_file():
    assert all((demo.DATA_FOLDER / case.file).is_file() for case in demo.CASES)


def test_pairs_are_exact_and_depend_on_the_seed_alone():
    fixed, moving, flow_field = demo.deformed_pair(demo.CASES[1], seed=1, index=1)
    assert fixed.shape == moving.shape == flow_field.shape[:-1] == (256, 256)
    again = demo.deformed_pair(demo.CASES[1], seed=1, index=1)
    np.testing.assert_array_equal(again[0], fixed)
    np.testing.assert_array_equal(again[2], flow_field)
    assert np.abs(demo.deformed_pair(demo.CASES[1], seed=2, index=1)[2] - flow_field).max() > 0.5
    row, column = 100, 120
    down, right = np.array([row, column]) + flow_field[row, column]
    top, left = int(down), int(right)
    corners = moving[top : top + 2, left : left + 2]
    weights = np.outer([1 - (down - top), down - top], [1 - (right - left), right - left])
    assert fixed[row, column] == pytest.approx((weights * corners).sum(), abs=1e-4)


@pytest.mark.parametrize("option", ["--model-2d", "--model-3d"])
def test_missing_weights_are_a_clear_error(weights, tmp_path, capsys, option):
    arguments = {"--model-2d": str(weights[2]), "--model-3d": str(weights[3]), "--output": str(tmp_path / "out")}
    arguments[option] = "no-such-model"
    assert demo.main([word for pair in arguments.items() for word in pair]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: Expected model to be the name of a shipped model")
    assert "no-such-model" in error
    assert not (tmp_path / "out").exists(), "nothing is written before the models are there"


def test_a_model_of_the_other_rank_is_a_clear_error(weights, tmp_path, capsys):
    assert demo.main(["--model-2d", str(weights[3]), "--output", str(tmp_path)]) == 1
    assert "Expected a model for 2D images" in capsys.readouterr().err


def test_help_teaches(capsys):
    with pytest.raises(SystemExit):
        demo.main(["--help"])
    text = capsys.readouterr().out
    assert "--seed SEED" in text and "A-6" in text and "examples:" in text
