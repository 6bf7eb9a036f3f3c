"""Real pairs: tables, sizes, poses, measures and the whole command, on images made here."""

import json

import numpy as np
import pytest
import scipy.ndimage

from dirv_tf.io import write_image
from experiments.comparison.real import methods as methods_module
from experiments.comparison.real.__main__ import main
from experiments.comparison.real.judges import JUDGES, relative_errors
from experiments.comparison.real.labeled_pair import labeled
from experiments.comparison.real.measurement import measure_pairs
from experiments.comparison.real.methods import Answer, RealMethod, real_methods
from experiments.comparison.real.pair_table import read_real_pairs
from experiments.comparison.real.poses import posed
from experiments.comparison.real.prepared_pair import PreparedPair, prepared, resized
from experiments.comparison.real.run import compare_on_real_pairs
from experiments.comparison.real.table import methods_table, pairs_table

COLUMNS = "fixed,moving,fixed_landmarks,moving_landmarks,exclude"
SHIFT = np.array([3.0, -2.0])


def texture(size, seed=0):
    image = scipy.ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=size), 3)
    return ((image - image.min()) / np.ptp(image)).astype(np.float32)


@pytest.fixture
def shifted_pair():
    """Fixed pixel p lies at p + SHIFT in the moving image."""
    moving = texture((64, 48))
    fixed = scipy.ndimage.shift(moving, -SHIFT, order=1, mode="nearest")
    points = np.array([[20.0, 20.0], [30.0, 25.0], [40.0, 15.0]])
    return PreparedPair("a | b", fixed, moving, points, points + SHIFT)


@pytest.fixture
def table(tmp_path, shifted_pair):
    """A table of one pair of files, with one landmark that is wrong and excluded."""
    for name, image, points in (
        ("a", shifted_pair.fixed, shifted_pair.fixed_points),
        ("b", shifted_pair.moving, shifted_pair.moving_points),
    ):
        write_image(tmp_path / f"{name}.png", np.rint(255 * image).astype(np.uint8))
        rows = [f"{number},{x},{y}" for number, (y, x) in enumerate(points.tolist(), start=1)]
        wrong = {"a": "9,1,1", "b": "9,40,60"}[name]
        (tmp_path / f"{name}.csv").write_text("\n".join(["# ,X,Y", *rows, wrong]), encoding="utf-8")
    path = tmp_path / "pairs.csv"
    path.write_text(f"{COLUMNS}\na.png,b.png,a.csv,b.csv,9\n", encoding="utf-8")
    return path


def constant(field):
    return lambda fixed, moving: Answer(np.broadcast_to(np.float32(field), (*fixed.shape, 2)).copy())


def test_tables_of_three_kinds_are_read(table):
    (own,) = read_real_pairs(table)
    assert own.fixed == table.parent / "a.png" and own.exclude == ("9",)
    for header in (
        "fixed_image,moving_image,fixed_landmarks,moving_landmarks,exclude_landmarks",
        "Target image,Source image,Target landmarks,Source landmarks,exclude",
    ):
        table.write_text(f"{header}\na.png,b.png,a.csv,b.csv,9\na.png,b.png,,b.csv,\n", encoding="utf-8")
        assert read_real_pairs(table) == [own], "a row without landmarks is left out"
        table.write_text(table.read_text(encoding="utf-8").replace(",", ";"), encoding="utf-8")
        assert read_real_pairs(table) == [own], "separated as other tables of pairs may be"


def test_a_table_without_a_column_or_pairs_is_refused(table):
    table.write_text("fixed,moving\na.png,b.png\n", encoding="utf-8")
    with pytest.raises(ValueError, match="Received: no fixed_landmarks, moving_landmarks"):
        read_real_pairs(table)
    table.write_text(f"{COLUMNS}\na.png,b.png,,,\n", encoding="utf-8")
    with pytest.raises(ValueError, match="at least one pair with landmarks"):
        read_real_pairs(table)


@pytest.mark.parametrize("side", [32, 64, 100])
def test_points_stay_on_their_content_when_an_image_is_resized(side):
    spot = np.zeros((64, 48))
    spot[40, 30] = 1
    spot = scipy.ndimage.gaussian_filter(spot, 4)
    image, ((row, column),) = resized(spot, np.array([[40.0, 30.0]]), side)
    assert max(image.shape) == side and image.dtype == np.float32
    center = scipy.ndimage.center_of_mass(image)
    np.testing.assert_allclose([row, column], center, atol=0.1)


def test_an_excluded_landmark_does_not_count(table):
    pair = prepared(*read_real_pairs(table), side=64)
    assert pair.fixed.shape == (64, 48) and len(pair.fixed_points) == 3
    np.testing.assert_allclose(pair.moving_points - pair.fixed_points, np.tile(SHIFT, (3, 1)))


def test_errors_are_relative_to_the_diagonal_and_zero_for_the_true_field(shifted_pair):
    none, true = (constant(field)(*shifted_pair[1:3]).flow_field for field in (0 * SHIFT, SHIFT))
    np.testing.assert_allclose(relative_errors(shifted_pair, none), np.sqrt(13) / 80, rtol=1e-5)
    np.testing.assert_allclose(relative_errors(shifted_pair, true), 0, atol=1e-6)


def test_landmarks_go_with_the_image_into_its_pose(shifted_pair):
    turned = posed(shifted_pair, 1, 2)
    assert turned.moving.shape == (64, 64) and 0.8 <= turned.scale <= 1.25
    assert 0 < len(turned.moving_points) <= 3
    original = scipy.ndimage.map_coordinates(shifted_pair.moving, (turned.fixed_points + SHIFT).T, order=1)
    found = scipy.ndimage.map_coordinates(turned.moving, turned.moving_points.T, order=1)
    np.testing.assert_allclose(found, original, atol=0.03)
    again, other = posed(shifted_pair, 1, 2), posed(shifted_pair, 1, 3)
    np.testing.assert_array_equal(again.moving, turned.moving)
    assert not np.array_equal(other.moving, turned.moving)


def test_every_size_is_registered_once_before_it_counts(shifted_pair):
    calls = []

    def register(fixed, moving):
        calls.append(fixed.shape)
        return constant(SHIFT)(fixed, moving)

    small = shifted_pair._replace(fixed=shifted_pair.fixed[:48])
    found = measure_pairs(register, [shifted_pair, small, shifted_pair], JUDGES["landmarks"])
    assert calls == [(64, 48)] * 2 + [(48, 48)] * 2 + [(64, 48)]
    assert len(found["pairs"]) == 3 and found["first_call"]["seconds"] >= 0
    assert found["summary"]["found"] == 1 and found["summary"]["worse_than_before"] == 0
    assert "not_found" not in found["summary"], "a method without a verdict has no such metrics"


def test_the_summary_counts_failures_and_what_the_verdict_says_of_them(shifted_pair):
    fields = iter([SHIFT, SHIFT, 5 * SHIFT, -SHIFT])
    verdicts = iter([(), ("folds",), ()])

    def register(fixed, moving):
        return Answer(constant(next(fields))(fixed, moving).flow_field, lambda: next(verdicts))

    found = measure_pairs(register, [shifted_pair] * 3, JUDGES["landmarks"])["summary"]
    assert found["found"] == pytest.approx(1 / 3, abs=1e-3)
    assert found["worse_than_before"] == pytest.approx(2 / 3, abs=1e-3)
    assert found["rtre_worst"] == pytest.approx(4 * np.sqrt(13) / 80, rel=1e-4)
    assert (found["not_found"], found["warned_not_found"], found["warned_found"]) == (2, 1, 0)


@pytest.fixture
def label_table(tmp_path):
    """A table of one pair of volumes whose labels lie two voxels apart."""
    image = texture((8, 9, 10))
    drawn = np.zeros(image.shape, np.uint8)
    drawn[2:6, 2:6, 2:6] = 1
    for name, shift in (("a", 0), ("b", 2)):
        np.save(tmp_path / f"{name}.npy", np.roll(image, shift, axis=2))
        np.save(tmp_path / f"{name}_labels.npy", np.roll(drawn, shift, axis=2))
    path = tmp_path / "labels.csv"
    path.write_text("fixed,moving,fixed_labels,moving_labels\na.npy,b.npy,a_labels.npy,b_labels.npy\n", encoding="utf-8")
    return path


def test_labels_are_carried_by_the_field_and_padded_with_their_images(label_table, tmp_path):
    (pair,) = read_real_pairs(label_table)
    ready = labeled(pair, 16)
    assert ready.fixed.shape == (16, 16, 16) and ready.fixed_labels[4:12, 3:12, 3:13].sum() == 64
    (still, fits) = (
        JUDGES["labels"].measure(ready, np.broadcast_to(np.float32(shift), (16, 16, 16, 3)))
        for shift in ([0, 0, 0], [0, 0, 2])
    )
    assert (still, fits) == (0.5, 1)
    with pytest.raises(ValueError, match="at most 8 pixels"):
        labeled(pair, 8)
    np.save(pair.moving_annotation, np.zeros((8, 9, 11), np.uint8))
    with pytest.raises(ValueError, match=r"labels of their image's shape \(8, 9, 10\)"):
        labeled(pair, 16)


def test_a_record_of_labels_has_dice_coefficients(label_table, tmp_path):
    def wrong(fixed, moving):
        return Answer(np.full((*fixed.shape, 3), 9, np.float32), lambda: ("folds",))

    methods = [RealMethod("before", "nothing", lambda *images: Answer(0 * wrong(*images).flow_field))]
    methods.append(RealMethod("network", "wrong", wrong))
    pairs = read_real_pairs(label_table)
    record = compare_on_real_pairs(pairs, methods, tmp_path / "own.json", side=16, report=lambda line: None)
    before, after = (row["summary"] for row in record["methods"])
    assert (before["dice_mean"], before["worse_than_before"]) == (0.5, 0)
    assert (after["dice_worst"], after["worse_than_before"]) == (0, 1)
    assert "| nothing | 0.5000 | 0.5000 | 0.5000 | 0 % |" in methods_table(record)
    assert "| a.npy ← b.npy | 50.0 | 0.0 * |" in pairs_table(record)
    with pytest.raises(ValueError, match="landmarks for random poses"):
        compare_on_real_pairs(pairs, methods, tmp_path / "own.json", poses=1, report=lambda line: None)


def test_a_method_measured_again_replaces_its_row_alone(table, tmp_path):
    methods = [RealMethod("before", "nothing", constant(0 * SHIFT)), RealMethod("network", "true", constant(SHIFT))]
    pairs, file, lines = read_real_pairs(table), tmp_path / "out" / "own.json", []
    compare_on_real_pairs(pairs, methods, file, side=64, report=lines.append)
    wrong = RealMethod("network", "wrong", constant(-SHIFT))
    record = compare_on_real_pairs(pairs, [wrong], file, side=64, report=lines.append)
    assert [row["what"] for row in record["methods"]] == ["nothing", "wrong"]
    assert json.loads(file.read_text(encoding="utf-8")) == record
    assert str(tmp_path) not in file.read_text(encoding="utf-8"), "a record names no folder of the machine"
    # Half the pixels are other pairs: nothing old stays.
    assert len(compare_on_real_pairs(pairs, [wrong], file, side=32, report=lines.append)["methods"]) == 1
    assert any("[2/2] own, network: 1 pairs" in line and "left for everything" in line for line in lines)


def test_a_row_keeps_the_machine_that_it_was_measured_on(table, tmp_path, monkeypatch):
    pairs, file = read_real_pairs(table), tmp_path / "own.json"
    for name, processor in (("before", "Old CPU"), ("network", "New CPU"), ("elastix", "New CPU")):
        found = {"cores": 2, "processor": processor, "gpus": []}
        monkeypatch.setattr("experiments.comparison.real.run.hardware", lambda found=found: found)
        method = RealMethod(name, name, constant(0 * SHIFT))
        compare_on_real_pairs(pairs, [method], file, side=64, report=lambda line: None)
    assert "2 cores of Old CPU, no GPU; 2 cores of New CPU, no GPU, Ten" in file.with_suffix(".md").read_text("utf-8")


def test_tables_have_a_row_per_method_and_pair(table, tmp_path):
    method = RealMethod("before", "nothing", constant(0 * SHIFT))
    record = compare_on_real_pairs(read_real_pairs(table), [method], tmp_path / "own.json", 2, 64, lambda line: None)
    assert record["poses"] == 2 and len(record["pairs"]) == 2
    assert pairs_table(record).count("\n") == 4 and "a.png ← b.png, pose 1" in pairs_table(record)
    widths = {len(line.split("|")) for line in methods_table(record).splitlines()}
    assert widths == {14} and "| nothing |" in methods_table(record)


def test_the_command_measures_a_table(table, tmp_path, capsys):
    arguments = ["--pairs", str(table), "--methods", "before", "--side", "64", "-o", str(tmp_path / "out")]
    assert main(arguments) == 0
    assert json.loads((tmp_path / "out" / "pairs.json").read_text(encoding="utf-8"))["methods"][0]["name"] == "before"
    assert "Written" in capsys.readouterr().out
    assert main([*arguments, "--set", "mine", "--poses", "1"]) == 0
    assert (tmp_path / "out" / "mine-1-poses.md").is_file()


@pytest.mark.parametrize(
    "arguments, status, message",
    [
        (["--set", "brain"], 2, "Expected a set among histology, hippocampus, lung_ct"),
        (["--methods", "magic"], 2, "Expected methods among before"),
        (["--pairs", "missing.csv"], 1, "Expected a CSV file of pairs"),
    ],
)
def test_a_wrong_command_line_says_why(arguments, status, message, tmp_path, capsys):
    assert main([*arguments, "-o", str(tmp_path / "out")]) == status
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_volumes_have_methods_of_their_own(monkeypatch):
    pytest.importorskip("SimpleITK")
    volumes, sections = real_methods(3), real_methods(2)
    assert "contrast" in sections and "contrast-optimized" in sections and "contrast" not in volumes
    assert "best-3d" in volumes["network"].what and "best-2d" in sections["network"].what
    monkeypatch.setattr(methods_module, "bspline_flow_field", lambda fixed, moving: fixed + moving)
    assert volumes["simpleitk"].register(np.ones(3), np.ones(3)).flow_field.tolist() == [2, 2, 2]
    assert "squared" in volumes["simpleitk"].what and "mutual information" in sections["simpleitk"].what


def test_mutual_information_finds_a_turned_negative():
    pytest.importorskip("SimpleITK")
    from experiments.comparison.real.mutual_information import mutual_information_flow_field

    image = texture((96, 96), 4)
    angle = np.radians(60)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([47.5, 47.5])
    fixed = scipy.ndimage.affine_transform(image, turn, middle - turn @ middle, order=1, mode="nearest")
    field = mutual_information_flow_field(fixed, 1 - image, iterations=20)
    points = np.array([[40.0, 40.0], [60.0, 50.0], [45.0, 60.0]])
    pair = PreparedPair("", fixed, image, points, (points - middle) @ turn.T + middle)
    assert np.median(relative_errors(pair, field)) < 0.01
