"""`dirv-tf warp`."""

import numpy as np
import PIL.Image
import pytest
import tifffile

from dirv_tf import io
from dirv_tf.cli.main import main
from dirv_tf.registration import apply_to_image, apply_to_labels

SHIFT = np.broadcast_to(np.float32([2.5, -1.0]), (24, 32, 2))


@pytest.fixture
def field():
    io.write_flow_field("field.npz", SHIFT)


def test_an_image(pair, field):
    assert main(["warp", "moving.png", "field.npz", "-o", "warped.png"]) == 0
    np.testing.assert_array_equal(io.read_image("warped.png"), apply_to_image(pair[1], SHIFT))


def test_labels(pair, field):
    assert main(["warp", "moving.png", "field.npz", "-o", "warped.tif", "--labels"]) == 0
    np.testing.assert_array_equal(io.read_image("warped.tif"), apply_to_labels(pair[1], SHIFT))


def test_landmarks_move_with_the_image_and_back(field):
    io.write_landmarks("moving.csv", io.Landmarks(("a",), [[10.0, 12.0]]))
    assert main(["warp", "moving.csv", "field.npz", "-o", "carried.csv"]) == 0
    np.testing.assert_allclose(io.read_landmarks("carried.csv").points, [[7.5, 13.0]], atol=1e-3)
    assert main(["warp", "carried.csv", "field.npz", "-o", "back.csv", "--to-moving"]) == 0
    np.testing.assert_allclose(io.read_landmarks("back.csv").points, [[10.0, 12.0]], atol=1e-3)


def test_points_of_slicer_move_through_the_world():
    axes = ((0.0, 0.6, -0.8), (0.0, 0.8, 0.6), (2.0, 0.0, 0.0))
    fixed, moving = (io.ImageGeometry(origin, axes) for origin in ((0.0, 0.0, 0.0), (30.0, -10.0, 4.0)))
    shift = np.broadcast_to(np.float32([1.0, 2.0, -1.0]), (8, 9, 10, 3))
    io.write_flow_field("field.npz", shift, fixed, moving)
    points = io.Landmarks(("tip",), [[4.0, 5.0, 6.0]])
    io.write_landmarks("moving.mrk.json", points, geometry=moving)
    assert main(["warp", "moving.mrk.json", "field.npz", "-o", "carried.mrk.json"]) == 0
    carried = io.read_landmarks("carried.mrk.json", geometry=fixed)
    np.testing.assert_allclose(carried.points, [[3.0, 3.0, 7.0]], atol=1e-3)
    assert main(["warp", "carried.mrk.json", "field.npz", "-o", "back.csv", "--to-moving"]) == 0
    np.testing.assert_allclose(io.read_landmarks("back.csv").points, points.points, atol=1e-3)
    assert main(["warp", "carried.mrk.json", "field.npz", "-o", "world.csv", "--to-moving", "--unit", "mm"]) == 0
    world = io.read_landmarks("world.csv", geometry=moving, unit="mm")
    np.testing.assert_allclose(world.points, points.points, atol=1e-3)


def test_units_need_a_known_pixel_size(field, capsys):
    io.write_landmarks("moving.csv", io.Landmarks(("a",), [[10.0, 12.0]]))
    assert main(["warp", "moving.csv", "field.npz", "-o", "carried.csv", "--unit", "um"]) == 1
    assert "--pixel-size" in capsys.readouterr().err
    io.write_flow_field("known.npz", SHIFT, io.ImageGeometry.from_pixel_size((0.5, 0.25)))
    with open("moving.csv", "w", encoding="utf-8") as stream:
        stream.write("name,X,Y\na,3000,5000\n")
    assert main(["warp", "moving.csv", "known.npz", "-o", "carried.csv", "--unit", "um"]) == 0
    np.testing.assert_allclose(io.read_landmarks("carried.csv").points, [[3750.0, 3250.0]], atol=0.5)


def test_masks_of_one_bit_and_notes(rng, field, capsys):
    mask = rng.random((24, 32)) > 0.5
    stored = PIL.Image.fromarray(np.rot90(mask, 2))
    exif = PIL.Image.Exif()
    exif[0x0112] = 3
    stored.save("mask.png", exif=exif)
    assert main(["warp", "mask.png", "field.npz", "-o", "labels.png", "--labels"]) == 0
    assert "note: mask.png: turned upright by its EXIF orientation (3)" in capsys.readouterr().err
    np.testing.assert_array_equal(io.read_image("labels.png"), apply_to_labels(mask.astype(np.uint8), SHIFT))
    assert main(["warp", "mask.png", "field.npz", "-o", "gray.png"]) == 0
    np.testing.assert_array_equal(io.read_image("gray.png"), apply_to_image(mask * np.uint8(255), SHIFT))


def test_one_channel_is_warped(pair, field):
    tifffile.imwrite("cells.tif", np.stack([pair[0], pair[1]]), imagej=True, metadata={"axes": "CYX"})
    assert main(["warp", "cells.tif", "field.npz", "-o", "warped.png", "--channel", "1"]) == 0
    np.testing.assert_array_equal(io.read_image("warped.png"), apply_to_image(pair[1], SHIFT))


def test_an_itk_field_between_images_of_different_origin(rng):
    axes = io.ImageGeometry.from_pixel_size((2.0, 0.5)).axes
    fixed, moving = (io.ImageGeometry(origin, axes) for origin in ((0.0, 0.0), (30.0, -10.0)))
    image = rng.normal(size=(24, 32)).astype(np.float32)
    io.write_image("moving.mha", image, moving)
    io.write_flow_field("field.mha", SHIFT, fixed, moving)
    assert main(["warp", "moving.mha", "field.mha", "-o", "warped.mha"]) == 0
    warped = io.load_image("warped.mha")
    np.testing.assert_allclose(warped.pixels, apply_to_image(image, SHIFT), atol=1e-4)
    assert warped.geometry.is_close(fixed)
    io.write_landmarks("moving.csv", io.Landmarks(("a",), [[10.0, 12.0]]))
    assert main(["warp", "moving.csv", "field.mha", "-o", "carried.csv", "--moving", "moving.mha"]) == 0
    np.testing.assert_allclose(io.read_landmarks("carried.csv").points, [[7.5, 13.0]], atol=1e-3)


@pytest.fixture
def two_sizes(rng):
    """A field of 24 x 32 pixels from a larger moving image, of which every second pixel is taken."""
    size = (60, 80)
    field = np.moveaxis(np.indices((24, 32)), 0, -1).astype(np.float32) + np.float32([3.0, 2.0])
    labels = rng.integers(0, 5, size=size).astype(np.uint8)
    io.write_image("large.png", labels)
    io.write_image("large.mha", labels, io.ImageGeometry.from_pixel_size((0.5, 0.5)))
    for path in ("two.npz", "two.mha"):
        geometries = (io.ImageGeometry.from_pixel_size(pixel_size) for pixel_size in ((1.0, 1.0), (0.5, 0.5)))
        io.write_flow_field(path, field, *geometries, moving_size=size)
    return field, labels


@pytest.mark.parametrize("field, image", [("two.npz", "large.mha"), ("two.mha", "large.mha")])
def test_a_moving_image_of_another_size(two_sizes, field, image):
    pytest.importorskip("SimpleITK")
    expected = two_sizes[1][3:50:2, 2:66:2]
    assert main(["warp", image, field, "-o", "warped.png"]) == 0
    np.testing.assert_array_equal(io.read_image("warped.png"), expected)
    assert main(["warp", image, field, "-o", "labels.png", "--labels"]) == 0
    np.testing.assert_array_equal(io.read_image("labels.png"), expected)


@pytest.mark.parametrize("options", [["two.npz"], ["two.mha", "--moving", "large.mha"]])
def test_landmarks_of_a_moving_image_of_another_size(two_sizes, options, capsys):
    pytest.importorskip("SimpleITK")
    io.write_landmarks("moving.csv", io.Landmarks(("a", "b"), [[45.0, 60.0], [3.0, 2.0]]))
    assert main(["warp", "moving.csv", *options, "-o", "carried.csv"]) == 0
    np.testing.assert_allclose(io.read_landmarks("carried.csv").points, [[21.0, 29.0], [0.0, 0.0]], atol=1e-3)
    assert main(["warp", "carried.csv", *options, "-o", "back.csv", "--to-moving"]) == 0
    np.testing.assert_allclose(io.read_landmarks("back.csv").points, [[45.0, 60.0], [3.0, 2.0]], atol=1e-3)
    io.write_landmarks("outside.csv", io.Landmarks(("a",), [[60.0, 12.0]]))
    assert main(["warp", "outside.csv", *options, "-o", "lost.csv"]) == 1
    assert "inside the image of 60 x 80" in capsys.readouterr().err
    assert main(["warp", "moving.csv", *options, "-o", "lost.csv", "--to-moving"]) == 1
    assert "inside the image of 24 x 32" in capsys.readouterr().err


@pytest.mark.parametrize("labels", [[], ["--labels"]])
def test_a_wrong_image_is_refused_by_the_size_in_the_archive(pair, two_sizes, labels, capsys):
    assert main(["warp", "moving.png", "two.npz", "-o", "warped.png", *labels]) == 1
    assert "the moving image's size, 60 x 80. Received: image.shape=(24, 32)" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["moving.png", "field.npz", "-o", "moving.png"], "Expected a new file"),
        (["moving.csv", "field.npz", "-o", "carried.csv", "--labels"], "--labels is for images and label maps"),
        (["moving.csv", "field.npz", "-o", "carried.csv", "--channel", "0"], "--channel is for images"),
        (["moving.png", "field.npz", "-o", "warped.png", "--to-moving"], "--to-moving is for landmarks"),
        (["moving.png", "field.npz", "-o", "warped.png", "--unit", "mm"], "--unit is for landmarks"),
        (["moving.png", "moving.png", "-o", "warped.png"], "moving.png"),
        (["small.png", "field.npz", "-o", "warped.png"], "the moving image's size, 24 x 32"),
        (["outside.csv", "field.npz", "-o", "carried.csv"], "Expected landmarks inside the image"),
    ],
)
def test_bad_input(arguments, message, pair, field, inside, capsys):
    io.write_image("small.png", pair[0][:10])
    io.write_landmarks("outside.csv", io.Landmarks(("a",), [[100.0, 12.0]]))
    before = {path.name: path.read_bytes() for path in inside.iterdir()}
    assert main(["warp", *arguments]) == 1
    assert message in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in inside.iterdir()} == before
