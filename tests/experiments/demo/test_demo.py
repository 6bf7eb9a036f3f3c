from __future__ import annotations

import csv

import numpy as np
import pytest
import skimage.io

from dirv_tf.io.image_files import write_image
from dirv_tf.models import DIRVNet
from dirv_tf.models.weight_files import save_weights_file
from experiments.demo import __main__ as demo
from experiments.demo import cases as demo_cases
from experiments.demo import real_pairs


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Untrained networks of one unit: the demo must work, not be good."""
    folders = {}
    for rank in (2, 3):
        folders[rank] = tmp_path_factory.mktemp(f"rank{rank}")
        save_weights_file(DIRVNet(rank=rank, levels=1, units=1, experts=2), folders[rank])
    return folders


def test_demo_writes_a_picture_and_a_row_per_case(weights, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(demo_cases, "CASES", (demo_cases.CASES[0], demo_cases.CASES[-1]))
    monkeypatch.setattr(real_pairs, "shipped_pairs", list)
    arguments = ["--output", tmp_path / "out", "--model-2d", weights[2], "--model-3d", weights[3]]
    assert demo.main([str(argument) for argument in arguments]) == 0
    text = capsys.readouterr().out
    assert "epithelium, H&E" in text and "256 x 256" in text and "64 x 64 x 64" in text

    with open(tmp_path / "out" / "errors.csv", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["file"] for row in rows] == ["tissue/epithelium_he.png", "volumes/brain_t1.tif"]
    assert all(float(row["endpoint_error_before_px"]) > 0.5 for row in rows)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"errors.csv", "index.html", "pictures"}
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    for name in ("epithelium_he.png", "brain_t1.png"):
        assert f'src="pictures/{name}"' in page
        picture = skimage.io.imread(tmp_path / "out" / "pictures" / name)
        assert picture.shape[0] > 400 and picture.shape[1] > 1000 and picture.std() > 10


def test_every_case_has_its_file():
    assert all((demo_cases.DATA_FOLDER / case.file).is_file() for case in demo_cases.CASES)


def test_pairs_are_exact_and_depend_on_the_seed_alone():
    fixed, moving, flow_field = demo_cases.deformed_pair(demo_cases.CASES[1], seed=1)
    assert fixed.shape == moving.shape == flow_field.shape[:-1] == (256, 256)
    again = demo_cases.deformed_pair(demo_cases.CASES[1], seed=1)
    np.testing.assert_array_equal(again[0], fixed)
    np.testing.assert_array_equal(again[2], flow_field)
    assert np.abs(demo_cases.deformed_pair(demo_cases.CASES[1], seed=2)[2] - flow_field).max() > 0.5
    row, column = 100, 120
    down, right = np.array([row, column]) + flow_field[row, column]
    top, left = int(down), int(right)
    corners = moving[top : top + 2, left : left + 2]
    weights = np.outer([1 - (down - top), down - top], [1 - (right - left), right - left])
    assert fixed[row, column] == pytest.approx((weights * corners).sum(), abs=1e-4)


def _own_images(folder):
    """A color picture without black, and a scan in Hounsfield units with air around it."""
    generator = np.random.default_rng(3)
    picture = generator.integers(60, 200, (40, 52, 3)).astype(np.uint8)
    scan = np.full((20, 24, 28), -1000.0, np.float32)
    scan[4:-4, 4:-4, 4:-4] = generator.uniform(-200.0, 800.0, (12, 16, 20))
    write_image(folder / "picture.png", picture)
    write_image(folder / "scan.tif", scan)
    return [folder / "picture.png", folder / "scan.tif"]


def test_images_of_ones_own_take_the_place_of_the_project_s(weights, tmp_path, capsys):
    def rows_of(images, folder):
        arguments = [*images, "--side", 24, "--output", folder, "--model-2d", weights[2], "--model-3d", weights[3]]
        assert demo.main([str(argument) for argument in arguments]) == 0
        with open(folder / "errors.csv", encoding="utf-8") as stream:
            return list(csv.DictReader(stream))

    images = _own_images(tmp_path)
    rows = rows_of(images, tmp_path / "out")
    assert [(row["case"], row["size"]) for row in rows] == [("picture.png", "24 x 24"), ("scan.tif", "20 x 24 x 24")]
    assert {"picture.png", "scan.png"} == {path.name for path in (tmp_path / "out" / "pictures").iterdir()}
    assert all(row["model"] == str(weights[row["size"].count("x") + 1]) for row in rows), "a named network is used alone"
    assert "scan.tif *" in capsys.readouterr().out
    # The field does not depend on what was named beside the image.
    (alone,) = rows_of(images[1:], tmp_path / "alone")
    assert {**alone, "seconds": ""} == {**rows[1], "seconds": ""}


def test_own_images_are_stretched_and_cut_from_the_middle(tmp_path):
    picture, scan = demo_cases.own_cases(_own_images(tmp_path))
    _, whole, flow_field = demo_cases.deformed_pair(scan, seed=1)
    assert (whole.min(), whole.max()) == (0.0, 1.0) and whole.shape == (20, 24, 28)
    assert np.linalg.norm(flow_field, axis=-1).mean() == pytest.approx(2.0, rel=1e-4)
    # Metrics are averaged over what is brighter than the background: not over the air.
    np.testing.assert_array_equal(whole[:4] > demo_cases.BACKGROUND, False)
    _, middle, _ = demo_cases.deformed_pair(scan, seed=1, side=20)
    np.testing.assert_array_equal(middle, whole[:, 2:22, 4:24])
    assert demo_cases.deformed_pair(picture, seed=1)[1].shape == (40, 52)


def test_own_images_that_cannot_be_taken_are_clear_errors(weights, tmp_path, capsys):
    models = ["--model-2d", str(weights[2]), "--model-3d", str(weights[3]), "--output", str(tmp_path / "out")]
    images = _own_images(tmp_path)
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / "picture.tif"
    write_image(twin, np.arange(1600, dtype=np.uint16).reshape(40, 40))
    (tmp_path / "notes.txt").write_text("no image", encoding="utf-8")
    for wrong, expected in (
        ([tmp_path / "absent.png"], "which does not exist"),
        ([tmp_path / "notes.txt"], "Expected"),
        ([images[0], twin], "Expected images of different names"),
    ):
        assert demo.main([*map(str, wrong), *models]) == 1
        error = capsys.readouterr().err
        assert error.startswith("error: ") and expected in error and str(wrong[-1]) in error
        assert not (tmp_path / "out").exists()
    with pytest.raises(SystemExit):
        demo.main([str(images[0]), "--side", "4"])
    assert "an integer of at least 8 pixels. Received: 4" in capsys.readouterr().err


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
    assert "--seed SEED" in text and "--pair FIXED MOVING" in text and "examples:" in text
