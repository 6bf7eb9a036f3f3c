"""`dirv-tf invert`."""

import json

import numpy as np
import pytest

from dirv_tf import io
from dirv_tf.cli.main import main
from dirv_tf.registration import apply_to_image, load_result

# Pixel p of the fixed image, 24 x 32, lies at p + SHIFT in the moving one, 30 x 28.
SHIFT = np.broadcast_to(np.float32([2.0, -3.0]), (24, 32, 2))


@pytest.fixture
def result(save_shift):
    """The folder "result" of a registration of two files."""
    save_shift("result", (2.5, -3.0))
    return load_result("result")


def test_a_folder_becomes_a_folder(result, inside, capsys):
    capsys.readouterr()
    assert main(["invert", "result", "-o", "inverse"]) == 0
    inverse = load_result("inverse")
    expected = result.inverse()
    np.testing.assert_allclose(inverse.flow_field, expected.flow_field, atol=1e-5)
    np.testing.assert_array_equal(inverse.registered, expected.registered)
    assert str(inverse.fixed_path) == "moving.png" and inverse.has_inverse.shape == (24, 32)
    text = capsys.readouterr().out
    for word in ("displacements", "largest", "no inverse: ", "there and back: ", "has_inverse.png", "affine.tfm"):
        assert word in text
    content = json.loads((inside / "inverse" / "metrics.json").read_text(encoding="utf-8"))
    assert content["quality"]["without_inverse_percent"] == pytest.approx(expected.quality.without_inverse_percent)


def test_a_folder_becomes_a_field_without_its_images(result, inside):
    for name in ("fixed.png", "moving.png"):
        (inside / name).rename(inside / f"other_{name}")
    assert main(["invert", "result", "-o", "inverse.npz"]) == 0
    read = io.read_flow_field("inverse.npz")
    np.testing.assert_allclose(read.flow_field, result.inverse().flow_field, atol=1e-5)
    assert main(["invert", "result", "-o", "inverse"]) == 1
    assert main(["invert", "result", "-o", "inverse", "--fixed", "other_fixed.png", "--moving", "other_moving.png"]) == 0


def test_an_archive_knows_the_grid_of_the_moving_image(inside, capsys):
    geometries = (io.ImageGeometry((1.0, 2.0), axes) for axes in (((0, 2.0), (1.0, 0)), ((0, 0.5), (1.0, 0))))
    fixed, moving = geometries
    io.write_flow_field("field.npz", SHIFT, fixed, moving, moving_size=(30, 28))
    assert main(["invert", "field.npz", "-o", "inverse.npz"]) == 0
    read = io.read_flow_field("inverse.npz")
    np.testing.assert_allclose(read.flow_field, np.broadcast_to((-2.0, 3.0), (30, 28, 2)), atol=1e-4)
    assert read.moving_size == (24, 32) and (read.fixed_geometry, read.moving_geometry) == (moving, fixed)
    # 6 of 30 rows; the columns are all there, as the fixed image is the wider one.
    assert "no inverse: 20.0 % of the pixels, 20.0 % outside" in capsys.readouterr().out


def test_an_itk_field_takes_the_grid_of_an_image(rng, capsys):
    sitk = pytest.importorskip("SimpleITK")
    fixed = io.ImageGeometry((5.0, -3.0), ((0.6, -0.8), (0.8, 0.6)))
    moving = io.ImageGeometry((9.0, 4.0), ((0.0, 1.5), (0.5, 0.0)))
    field = SHIFT + rng.uniform(-0.2, 0.2, size=SHIFT.shape).astype(np.float32)
    io.write_flow_field("field.mha", field, fixed, moving)
    io.write_image("moving.mha", np.zeros((30, 28), np.float32), moving)
    assert main(["invert", "field.mha", "-o", "inverse.mha", "--moving", "moving.mha"]) == 0
    forth, back = (
        sitk.DisplacementFieldTransform(sitk.ReadImage(f"{name}.mha", sitk.sitkVectorFloat64))
        for name in ("field", "inverse")
    )
    starts = moving.to_world(np.stack(np.meshgrid([8, 15, 20], [4, 12, 20]), -1).reshape(-1, 2))
    ends = [forth.TransformPoint(back.TransformPoint(point)) for point in starts.tolist()]
    np.testing.assert_allclose(ends, starts, atol=1e-3)
    # Without the image, the inverse lies on the grid of the field.
    assert "--moving" not in capsys.readouterr().out
    assert main(["invert", "field.mha", "-o", "other.mha"]) == 0
    assert io.read_flow_field("other.mha").flow_field.shape == (24, 32, 2)
    assert "the fixed one's is taken; see --moving" in capsys.readouterr().out


def test_what_belongs_to_the_fixed_image_goes_to_the_moving_one(pair):
    io.write_flow_field("field.npz", SHIFT, moving_size=(30, 28))
    assert main(["invert", "field.npz", "-o", "inverse.npz"]) == 0
    assert main(["warp", "fixed.png", "inverse.npz", "-o", "warped.png"]) == 0
    expected = apply_to_image(pair[0], np.broadcast_to(np.float32([-2.0, 3.0]), (30, 28, 2)))
    np.testing.assert_allclose(io.read_image("warped.png").astype(int), expected, atol=1)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["nowhere", "-o", "out.npz"], "nowhere, which does not exist"),
        (["field.npz", "-o", "field.npz"], "Expected a new file (--overwrite replaces)"),
        (["field.npz", "-o", "out"], "ends with .npz, .nii.gz, .nii, .mha, .nrrd. Received: path=out"),
        (["field.npz", "-o", "out.npz", "--fixed", "fixed.png"], "--fixed is for a folder of results"),
        (["field.npz", "-o", "out.npz", "--moving", "fixed.png"], "of 30 x 28 pixels. Received: --moving fixed.png of 24"),
        ([".", "-o", "out"], "Expected the folder of a registration"),
        (["other", "-o", "."], "Expected a new or empty folder"),
        (["flat.npz", "-o", "out.npz"], "presses the image flat"),
    ],
)
def test_bad_input(arguments, message, pair, inside, capsys):
    io.write_flow_field("field.npz", SHIFT, moving_size=(30, 28))
    io.write_flow_field("flat.npz", -np.moveaxis(np.indices((24, 32)), 0, -1).astype(np.float32))
    (inside / "other").mkdir()
    before = sorted(inside.rglob("*"))
    assert main(["invert", *arguments]) == 1
    assert message in capsys.readouterr().err
    assert sorted(inside.rglob("*")) == before
