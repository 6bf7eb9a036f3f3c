"""`dirv-tf warp`."""

import numpy as np
import pytest

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
        (["moving.png", "field.npz", "-o", "warped.png", "--to-moving"], "--to-moving is for landmarks"),
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
