"""`dirv-tf evaluate`."""

import json

import numpy as np
import PIL.Image
import pytest
import tifffile

from dirv_tf import io
from dirv_tf.cli.main import main

SHIFT = np.broadcast_to(np.float32([2.0, -1.0]), (24, 32, 2))


@pytest.fixture(autouse=True)
def files():
    io.write_flow_field("field.npz", SHIFT, io.ImageGeometry.from_pixel_size((0.5, 0.5)))
    io.write_landmarks("fixed.csv", io.Landmarks(("a", "b"), [[10.0, 12.0], [3.0, 20.0]]))
    io.write_landmarks("moving.csv", io.Landmarks(("a", "b"), [[12.0, 11.0], [5.0, 19.0]]))
    labels = np.zeros((24, 32), np.uint8)
    labels[5:10, 5:10], labels[15:18, 20:22] = 1, 4
    io.write_image("fixed.png", labels)
    io.write_image("moving.png", np.roll(labels, (2, -1), axis=(0, 1)))


def test_everything_at_once_printed_and_written(capsys, inside):
    options = ["--landmarks", "fixed.csv", "moving.csv", "--labels", "fixed.png", "moving.png"]
    assert main(["evaluate", "field.npz", *options, "--true-field", "field.npz", "-o", "metrics.json"]) == 0
    measured = json.loads((inside / "metrics.json").read_text(encoding="utf-8"))
    assert measured["landmarks"]["tre_mean"] == pytest.approx(0, abs=1e-3)
    assert measured["landmarks"]["tre_mean_before"] == pytest.approx(0.5 * np.sqrt(5), abs=1e-5)
    assert measured["labels"]["after"]["dice"] == {"1": 1.0, "4": 1.0}
    assert measured["endpoint_error"]["removed_percent"] == pytest.approx(100)
    assert measured["field"]["displacement_mean_mm"] == pytest.approx(0.5 * np.sqrt(5))
    text = capsys.readouterr().out
    for name in measured:
        assert f"{name}\n" in text
    assert main(["evaluate", "field.npz", "-o", "metrics.json"]) == 1
    assert "Expected a new file" in capsys.readouterr().err


def test_a_field_alone(capsys):
    assert main(["evaluate", "field.npz"]) == 0
    assert "folded_percent             0\n" in capsys.readouterr().out


def test_a_label_that_was_lost_is_valid_json(inside):
    io.write_image("other.png", np.full((24, 32), 9, np.uint8))
    assert main(["evaluate", "field.npz", "--labels", "fixed.png", "other.png", "-o", "metrics.json"]) == 0
    text = (inside / "metrics.json").read_text(encoding="utf-8")
    assert json.loads(text)["labels"]["after"]["hd95"]["9"] is None and "NaN" not in text


def test_landmarks_of_other_programs(inside):
    (inside / "imagej.csv").write_text(" ,Area,X,Y\n1,0,12,10\n2,0,20,3\n", encoding="utf-8")
    (inside / "semicolons.csv").write_text("id;X;Y\n1;11,0;12\n2;19;5,0\n", encoding="utf-8")
    assert main(["evaluate", "field.npz", "--landmarks", "imagej.csv", "semicolons.csv", "-o", "metrics.json"]) == 0
    measured = json.loads((inside / "metrics.json").read_text(encoding="utf-8"))["landmarks"]
    assert measured["count"] == 2 and measured["tre_mean"] == pytest.approx(0, abs=1e-3)


def test_landmarks_in_the_world(inside, capsys):
    (inside / "a.csv").write_text("X,Y\n6,5\n", encoding="utf-8")
    (inside / "b.csv").write_text("X,Y\n5.5,6\n", encoding="utf-8")
    world = ["--landmarks", "a.csv", "b.csv", "--unit", "mm"]
    assert main(["evaluate", "field.npz", *world, "-o", "metrics.json"]) == 0
    measured = json.loads((inside / "metrics.json").read_text(encoding="utf-8"))["landmarks"]
    assert measured["tre_mean"] == pytest.approx(0, abs=1e-3)
    io.write_flow_field("unknown.npz", SHIFT)
    assert main(["evaluate", "unknown.npz", *world]) == 1
    assert "knows where the pixels of its images lie" in capsys.readouterr().err
    assert main(["evaluate", "field.npz", "--unit", "mm"]) == 1
    assert "--unit is for --landmarks" in capsys.readouterr().err


def test_the_moving_image_may_have_channels(inside):
    pytest.importorskip("SimpleITK")
    planes = np.zeros((2, 24, 32), np.uint16)
    tifffile.imwrite("cells.ome.tif", planes, metadata={"axes": "CYX", "PhysicalSizeX": 500.0, "PhysicalSizeY": 500.0})
    io.write_flow_field("field.mha", SHIFT, io.ImageGeometry.from_pixel_size((0.5, 0.5)))
    assert main(["evaluate", "field.mha", "--landmarks", "fixed.csv", "moving.csv", "--moving", "cells.ome.tif"]) == 0


def test_label_maps_of_one_bit(inside):
    for name in ("fixed", "moving"):
        PIL.Image.fromarray(io.read_image(f"{name}.png") == 4).save(f"{name}_bit.png")
    assert main(["evaluate", "field.npz", "--labels", "fixed_bit.png", "moving_bit.png", "-o", "metrics.json"]) == 0
    measured = json.loads((inside / "metrics.json").read_text(encoding="utf-8"))["labels"]
    assert measured["after"]["dice"] == {"1": 1.0}


def test_landmarks_without_image(capsys):
    assert main(["evaluate", "field.npz", "--landmarks", "fixed.csv", "nowhere.csv"]) == 1
    assert "nowhere.csv" in capsys.readouterr().err


def test_a_moving_image_of_another_size_and_spacing(inside):
    labels = np.kron(io.read_image("fixed.png"), np.ones((2, 2), np.uint8))[:, :-8]
    io.write_image("large.tif", labels, io.ImageGeometry.from_pixel_size((0.25, 0.25)))
    io.write_landmarks("large.csv", io.Landmarks(("a", "b"), [[20.0, 28.0], [6.0, 40.0]]))
    double = np.moveaxis(np.indices((24, 32)), 0, -1).astype(np.float32)
    geometries = (io.ImageGeometry.from_pixel_size((step, step)) for step in (0.5, 0.25))
    io.write_flow_field("two.npz", double + np.float32([0, 2]), *geometries, moving_size=labels.shape)
    options = ["--landmarks", "fixed.csv", "large.csv", "--labels", "fixed.png", "large.tif"]
    assert main(["evaluate", "two.npz", *options, "--true-field", "two.npz", "-o", "metrics.json"]) == 0
    measured = json.loads((inside / "metrics.json").read_text(encoding="utf-8"))
    # By their headers the images lie on each other, and the field leads one fixed pixel away from there.
    assert measured["landmarks"]["tre_max_before"] == pytest.approx(1.0, abs=1e-3)
    assert measured["landmarks"]["tre_mean_before"] == pytest.approx(0.5, abs=1e-3)
    assert measured["landmarks"]["tre_max"] == pytest.approx(0.5, abs=1e-3)
    assert measured["labels"]["before"]["dice"] == {"1": 1.0, "4": 1.0}
    assert measured["labels"]["after"]["dice"]["4"] == pytest.approx(0.5)
    assert measured["endpoint_error"]["before_px"] == pytest.approx(2.0)
    assert measured["field"]["displacement_mean_px"] == pytest.approx(1.0)
    assert measured["field"]["displacement_mean_mm"] == pytest.approx(0.5)
    assert measured["field"]["jacobian_max"] == pytest.approx(1.0, abs=1e-4)


def test_a_label_map_of_the_wrong_size_is_refused(capsys):
    io.write_image("large.png", np.ones((48, 64), np.uint8))
    assert main(["evaluate", "field.npz", "--labels", "fixed.png", "large.png"]) == 1
    assert "the moving image's size, 24 x 32" in capsys.readouterr().err
