"""`dirv-tf` with whole slides: a level is registered, everything else counts pixels of full resolution."""

import json
import os
import re
import shlex

import numpy as np
import pytest
import tifffile

from dirv_tf import io, load_result
from dirv_tf.cli.main import main

SIZE, STEP = (96, 128), 4.0
LEVEL = io.SlideLevel(2, (24, 32), SIZE, (STEP, STEP))
SHIFT = (2.5, -1.0)  # pixels of the level


@pytest.fixture
def slides(rng):
    """Two slides in color, of 96 x 128 pixels and three levels, half a micrometer each."""
    options = {"tile": (16, 16), "photometric": "rgb", "metadata": None}
    options.update(resolution=(20000, 20000), resolutionunit="CENTIMETER")
    arrays = rng.integers(0, 256, (2, *SIZE, 3)).astype(np.uint8)
    for name, pixels in zip(("fixed.tif", "moving.tif"), arrays):
        with tifffile.TiffWriter(name) as writer:
            for level in range(3):
                part = np.ascontiguousarray(pixels[:: 2**level, :: 2**level])
                writer.write(part, **options, subfiletype=int(level > 0))
    return arrays


@pytest.fixture
def field():
    geometry = LEVEL.geometry(io.ImageGeometry.from_pixel_size((5e-4, 5e-4)))
    flow = np.broadcast_to(np.float32(SHIFT), (24, 32, 2))
    io.write_flow_field("field.npz", flow, geometry, geometry, moving_size=(24, 32), levels=(LEVEL, LEVEL))


def test_a_level_is_registered_and_the_slide_warped(slides, model, capsys):
    command = ["register", "fixed.tif", "moving.tif", "-o", "result", "--model", "model", "--level"]
    assert main([*command, "2"]) == 0
    said = "level 2 of the slide was taken, as asked for: 24 x 32 of 96 x 128 pixels, 0.002 mm wide"
    assert said in capsys.readouterr().out
    assert io.load_image("result/registered.tif").geometry.pixel_size == pytest.approx((0.002, 0.002))
    assert io.read_flow_field("result/flow_field.npz").levels == (LEVEL, LEVEL)
    assert main(["warp", "moving.tif", "result/flow_field.npz", "-o", "moved.ome.tif", "--tile", "16"]) == 0
    assert "Written: moved.ome.tif, levels of 96 x 128, 48 x 64, 24 x 32 pixels\n" in capsys.readouterr().out
    assert [level.size for level in io.slide_levels("moved.ome.tif")] == [(96, 128), (48, 64), (24, 32)]
    assert main(["register", "fixed.tif", "moving.tif", "-o", "both", "--model", "model", "--level", "none", "1"]) == 0
    assert [level.number for level in io.read_flow_field("both/flow_field.npz").levels] == [1, 1]
    assert main([*command, "two", "--overwrite"]) == 1
    assert "Expected the number of a level, 0 being the finest. Received: --level two" in capsys.readouterr().err


def test_the_command_that_is_suggested_can_be_given(slides, model, capsys):
    os.rename("moving.tif", "a moving slide.tif")
    command = ["register", "fixed.tif", "a moving slide.tif", "-o", "the result", "--model", "model", "--level", "2"]
    assert main([*command, "--channel", "red", "blue"]) == 0
    (said,) = re.findall("The whole slide, at full resolution: dirv-tf (.*)", capsys.readouterr().out)
    assert main(shlex.split(said)) == 0
    assert io.read_image("moved.ome.tif").shape == SIZE and "channel 2 (blue) of 3" in capsys.readouterr().err


def test_a_shift_of_the_level_is_four_times_as_long_at_full_resolution(slides, field):
    assert main(["warp", "moving.tif", "field.npz", "-o", "moved.tif"]) == 0
    moved = io.load_image("moved.tif")
    # 10 rows down, 4 columns to the left: whole pixels, of which none is interpolated.
    np.testing.assert_array_equal(moved.pixels[:86, 4:], slides[1][10:, :124])
    assert moved.geometry.pixel_size == pytest.approx((5e-4, 5e-4))


def test_an_image_of_the_level_is_warped_on_it(field, rng, capsys):
    labels = rng.integers(0, 5, (24, 32)).astype(np.uint8)
    io.write_image("labels.tif", labels, io.ImageGeometry.from_pixel_size((0.002, 0.002)))
    assert main(["warp", "labels.tif", "field.npz", "-o", "warped.tif", "--labels"]) == 0
    np.testing.assert_array_equal(io.read_image("warped.tif")[:21, 1:], labels[3:, :31])
    assert "note: warped onto level 2 of the fixed slide, 24 x 32 pixels" in capsys.readouterr().err


def test_a_channel_of_a_slide(slides, field, capsys):
    planes = np.ascontiguousarray(np.moveaxis(slides[1], -1, 0))
    tifffile.imwrite(
        "cells.ome.tif", planes, photometric="minisblack", tile=(16, 16),
        metadata={"axes": "CYX", "Channel": {"Name": ["DAPI", "FITC", "Cy5"]}},
    )  # fmt: skip
    for name, channel, number in (("cells.ome.tif", "FITC", 1), ("moving.tif", "blue", 2)):
        assert main(["warp", name, "field.npz", "-o", "moved.tif", "--channel", channel, "--overwrite"]) == 0
        np.testing.assert_array_equal(io.read_image("moved.tif")[:86, 4:], planes[number, 10:, :124])
    said = capsys.readouterr().err
    assert "note: cells.ome.tif: channel 1 (FITC) of 3 was taken" in said
    assert "note: moving.tif: channel 2 (blue) of 3 was taken" in said
    assert main(["warp", "cells.ome.tif", "field.npz", "-o", "other.tif"]) == 1


def test_a_slide_of_labels(field, rng):
    labels = rng.integers(0, 1000, SIZE).astype(np.uint16)
    io.write_image("labels.tif", labels)
    assert main(["warp", "labels.tif", "field.npz", "-o", "warped.tif", "--labels"]) == 0
    np.testing.assert_array_equal(io.read_image("warped.tif")[:86, 4:], labels[10:, :124])


def test_landmarks_count_pixels_of_full_resolution(field):
    io.write_landmarks("moving.csv", io.Landmarks(("a",), [[50.0, 100.0]]))
    assert main(["warp", "moving.csv", "field.npz", "-o", "carried.csv"]) == 0
    np.testing.assert_allclose(io.read_landmarks("carried.csv").points, [[40.0, 104.0]], atol=0.01)
    assert main(["warp", "carried.csv", "field.npz", "-o", "back.geojson", "--to-moving"]) == 0
    np.testing.assert_allclose(io.read_landmarks("back.geojson").points, [[50.0, 100.0]], atol=0.01)
    assert main(["warp", "moving.csv", "field.npz", "-o", "world.csv", "--unit", "um"]) == 1
    with open("um.csv", "w", encoding="utf-8") as stream:
        stream.write("name,X,Y\na,50,25\n")
    assert main(["warp", "um.csv", "field.npz", "-o", "world.csv", "--unit", "um"]) == 0
    assert np.loadtxt("world.csv", delimiter=",", skiprows=1, usecols=(1, 2)) == pytest.approx([52, 20], abs=0.01)
    io.write_landmarks("outside.csv", io.Landmarks(("a",), [[96.0, 100.0]]))
    assert main(["warp", "outside.csv", "field.npz", "-o", "lost.csv"]) == 1


def test_errors_of_landmarks_count_pixels_of_full_resolution(field):
    io.write_landmarks("fixed.csv", io.Landmarks(("a", "b"), [[40.0, 104.0], [20.0, 30.0]]))
    io.write_landmarks("moving.csv", io.Landmarks(("a", "b"), [[50.0, 100.0], [30.0, 29.0]]))
    assert main(["evaluate", "field.npz", "--landmarks", "fixed.csv", "moving.csv", "-o", "said.json"]) == 0
    with open("said.json", encoding="utf-8") as stream:
        measured = json.load(stream)["landmarks"]
    # The second one is 3 pixels off, 1.5 micrometers.
    assert measured["tre_max"] == pytest.approx(3 * 5e-4, rel=1e-3)
    assert measured["rtre_max"] == pytest.approx(3 / np.hypot(*SIZE), rel=1e-3)
    assert measured["tre_max_before"] == pytest.approx(np.hypot(10, 4) * 5e-4, rel=1e-3)


def test_the_inverse_of_a_field_keeps_the_levels(field):
    assert main(["invert", "field.npz", "-o", "inverse.npz"]) == 0
    assert io.read_flow_field("inverse.npz").levels == (LEVEL, LEVEL)
    assert main(["compose", "field.npz", "inverse.npz", "-o", "both.npz"]) == 0
    assert io.read_flow_field("both.npz").levels == (LEVEL, LEVEL)


def test_a_field_of_levels_is_written_where_they_are_kept(slides, model, field, capsys, monkeypatch):
    command = ["register", "fixed.tif", "moving.tif", "-o", "result", "--model", "model", "--level"]
    assert main([*command, "0", "--field-format", "nrrd"]) == 0
    io.write_flow_field("whole.npz", np.zeros((24, 32, 2)))
    with monkeypatch.context() as patch:
        for work in ("register", "invert_field", "compose_fields"):
            patch.setattr(f"dirv_tf.registration.{work}", lambda *_: pytest.fail("the work was begun"))
        for arguments in (
            [*command, "none", "2", "--field-format", "mha", "--overwrite"],
            ["invert", "field.npz", "-o", "inverse.nrrd"],
            ["compose", "field.npz", "whole.npz", "-o", "both.nii.gz"],
        ):
            assert main(arguments) == 1
            assert "which alone keeps the level; choose .npz. Received: " in capsys.readouterr().err
    with open("pairs.csv", "w", encoding="utf-8") as stream:
        stream.write("name,fixed,moving\na,fixed.tif,moving.tif\n")
    pairs = ["register", "--pairs", "pairs.csv", "-o", "results", "--model", "model", "--level", "2"]
    assert main([*pairs, "--field-format", "mha"]) == 1
    assert "which alone keeps the level; choose .npz" in capsys.readouterr().out
    with pytest.raises(ValueError, match="choose .npz. Received: field.mha, and a level of the moving image"):
        io.write_flow_field("field.mha", np.zeros((24, 32, 2)), levels=(None, LEVEL))


def test_the_folder_of_a_level_knows_it_from_its_field_alone(slides, model):
    command = ["register", "fixed.tif", "moving.tif", "-o", "result", "--model", "model"]
    assert main([*command, "--level", "2"]) == 0
    with open("result/metrics.json", encoding="utf-8") as stream:
        assert "levels" not in json.load(stream)["map"]
    assert load_result("result").levels == (LEVEL, LEVEL)
    geometry = io.ImageGeometry.from_pixel_size((0.002, 0.002))
    other = io.SlideLevel(1, (48, 64), SIZE, (2.0, 2.0))
    io.write_flow_field(
        "result/flow_field.npz", np.zeros((24, 32, 2)), geometry, None, True, (48, 64), (LEVEL, other)
    )
    with pytest.raises(io.UnreadableFileError, match=r"with a level of \(24, 32\) pixels. Received: SlideLevel"):
        load_result("result")


@pytest.mark.parametrize("moving", ["moving.tif", "unknown.tif", "level.tif"])
def test_the_moving_slide_beside_a_field_of_its_level(slides, field, monkeypatch, moving):
    with tifffile.TiffWriter("unknown.tif") as writer:
        for step in (1, 2):
            writer.write(slides[1][::step, ::step, 0].copy(), subfiletype=step - 1, metadata=None)
    io.write_image("level.tif", slides[1][::4, ::4, 0], io.ImageGeometry.from_pixel_size((0.002, 0.002)))
    if moving != "level.tif":
        monkeypatch.setattr(io, "load_image", lambda *_, **__: pytest.fail("the slide was loaded whole"))
    io.write_landmarks("points.csv", io.Landmarks(("a",), [[50.0, 100.0]]))
    given = ["--moving", moving]
    assert main(["warp", "points.csv", "field.npz", "-o", "carried.csv", *given]) == 0
    np.testing.assert_allclose(io.read_landmarks("carried.csv").points, [[40.0, 104.0]], atol=0.01)
    assert main(["invert", "field.npz", "-o", "inverse.npz", *given]) == 0
    assert main(["evaluate", "field.npz", "--landmarks", "carried.csv", "points.csv", *given]) == 0
    assert main(["compose", "inverse.npz", "field.npz", "-o", "both.npz", *given]) == 0


def test_another_slide_beside_a_field_of_a_level(field, slides, capsys):
    options = {"metadata": None, "photometric": "rgb"}
    for name, pixels, width in (("small.tif", slides[1][:90], 20000), ("coarse.tif", slides[1], 10000)):
        with tifffile.TiffWriter(name) as writer:
            for step in (1, 2):
                resolution = {"resolution": (width / step,) * 2, "resolutionunit": "CENTIMETER"}
                writer.write(pixels[::step, ::step].copy(), subfiletype=step - 1, **options, **resolution)
    for name, message in (("small.tif", "of 96 x 128 pixels. Received: --moving small.tif of 90 x 128"),
                          ("coarse.tif", "the geometry of the moving image for which the field was made")):  # fmt: skip
        assert main(["invert", "field.npz", "-o", "inverse.npz", "--moving", name]) == 1
        assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["moving.tif", "field.npz", "-o", "moved.tif", "--time", "0"], "--time is not for whole slides"),
        (["moving.tif", "field.npz", "-o", "moved.tif", "--channel", "DAPI"], "0 (red), 1 (green), 2 (blue). Received"),
        (["gray.tif", "field.npz", "-o", "moved.tif", "--channel", "7"], "one channel of the image, by channel= or --channel: 0. Received: channel='7'"),
        (["moving.tif", "field.npz", "-o", "moved.png"], "ends with .tif, .tiff"),
        (["moving.tif", "field.npz", "-o", "fixed.tif"], "Expected a new file"),
        (["moving.tif", "field.npz", "-o", "moved.tif", "--tile", "100"], "`tile` must be a multiple of 16"),
        (["level.tif", "field.npz", "-o", "moved.tif", "--tile", "64"], "--tile is for slides of which"),
        (["moving.csv", "field.npz", "-o", "b.csv", "--compression", "jpeg"], "--compression is for slides of which"),
        (["other.tif", "field.npz", "-o", "moved.tif"], "the moving slide's size, 96 x 128, or of its level, 24 x 32. Received: other.tif"),
    ],
)
def test_bad_input(arguments, message, slides, field, inside, capsys):
    io.write_image("level.tif", slides[1][::4, ::4, 0])
    io.write_image("other.tif", slides[1][:90])
    io.write_image("gray.tif", slides[1][..., 0])
    io.write_landmarks("moving.csv", io.Landmarks(("a",), [[1.0, 1.0]]))
    before = {path.name: path.read_bytes() for path in inside.iterdir()}
    assert main(["warp", *arguments]) == 1
    assert message in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in inside.iterdir()} == before
