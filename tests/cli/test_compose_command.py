"""`dirv-tf compose`."""

import numpy as np
import pytest

from dirv_tf import io
from dirv_tf.cli.main import main
from dirv_tf.registration import load_result

SIZES = ((24, 32), (26, 30), (28, 36))


def shift(size, by):
    return np.broadcast_to(np.float32(by), (*size, 2))


@pytest.fixture
def fields():
    """From the first image to the second, "one.npz", and on to the third, "two.npz"."""
    io.write_flow_field("one.npz", shift(SIZES[0], (1.5, 0.0)), moving_size=SIZES[1])
    io.write_flow_field("two.npz", shift(SIZES[1], (2.0, -1.0)), moving_size=SIZES[2])


def test_fields_add_up_along_the_chain(fields, capsys):
    assert main(["compose", "one.npz", "two.npz", "-o", "both.npz"]) == 0
    read = io.read_flow_field("both.npz")
    np.testing.assert_allclose(read.flow_field, shift(SIZES[0], (3.5, -1.0)), atol=1e-5)
    assert read.moving_size == SIZES[2]
    text = capsys.readouterr().out
    assert "largest 3.64 px" in text and "% of the pixels pass outside the image in the middle" in text
    io.write_flow_field("three.npz", shift(SIZES[2], (0.0, 10.0)))
    assert main(["compose", "one.npz", "two.npz", "three.npz", "-o", "all.npz"]) == 0
    np.testing.assert_allclose(io.read_flow_field("all.npz").flow_field, shift(SIZES[0], (3.5, 9.0)), atol=1e-5)


def test_itk_fields_meet_in_the_world(rng):
    sitk = pytest.importorskip("SimpleITK")
    turn = ((0.6, -0.8), (0.8, 0.6))
    geometries = [io.ImageGeometry((index, -2.0 * index), np.array(turn) * (1 + index)) for index in range(3)]
    for index, name in enumerate(("one", "two")):
        field = rng.uniform(-1, 1, size=(*SIZES[index], 2)).astype(np.float32)
        io.write_flow_field(f"{name}.mha", field, geometries[index], geometries[index + 1])
    io.write_image("last.mha", np.zeros(SIZES[2], np.float32), geometries[2])
    assert main(["compose", "one.mha", "two.mha", "-o", "both.npz", "--moving", "last.mha"]) == 0
    read = io.read_flow_field("both.npz")
    assert read.moving_size == SIZES[2] and read.moving_geometry.is_close(geometries[2])
    places = np.stack(np.meshgrid([5, 9, 14], [8, 12, 17]), -1).reshape(-1, 2)
    first, second = (
        sitk.DisplacementFieldTransform(sitk.ReadImage(f"{name}.mha", sitk.sitkVectorFloat64)) for name in ("one", "two")
    )
    expected = [second.TransformPoint(first.TransformPoint(x)) for x in geometries[0].to_world(places).tolist()]
    got = geometries[2].to_world(places + read.flow_field[tuple(places.T)])
    np.testing.assert_allclose(got, expected, atol=1e-3)


def test_folders_become_a_folder(save_shift, capsys):
    save_shift("one", (1.5, 0.0))
    save_shift("two", (2.0, -1.0), ("moving", "fixed"))
    assert main(["compose", "one", "two", "-o", "both"]) == 0
    expected = load_result("one").compose(load_result("two"))
    composed = load_result("both")
    np.testing.assert_allclose(composed.flow_field, shift(SIZES[0], (3.5, -1.0)), atol=1e-5)
    np.testing.assert_array_equal(composed.registered, expected.registered)
    assert "followed by one from moving.png to fixed.png" in capsys.readouterr().out
    # Folders and fields may be mixed; then only a field can be written.
    assert main(["compose", "one", "two/flow_field.npz", "-o", "mixed.npz"]) == 0
    np.testing.assert_allclose(io.read_flow_field("mixed.npz").flow_field, expected.flow_field, atol=1e-4)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["one.npz", "-o", "out.npz"], "at least two maps. Received: one.npz alone"),
        (["two.npz", "one.npz", "-o", "out.npz"], "in two.npz a moving image of 28 x 36 pixels, in one.npz a fixed"),
        (["one.npz", "scaled.npz", "-o", "out.npz"], "in scaled.npz a fixed image of ImageGeometry"),
        (["one.npz", "two.npz", "-o", "out"], "ends with .npz"),
        (["one.npz", "two.npz", "-o", "one.npz"], "Expected a new file"),
        (["one.npz", "nowhere.npz", "-o", "out.npz"], "nowhere.npz, which does not exist"),
    ],
)
def test_bad_input(arguments, message, fields, inside, capsys):
    io.write_flow_field("scaled.npz", shift(SIZES[1], (0, 0)), io.ImageGeometry((0, 0), ((0, 3.0), (3.0, 0))))
    before = {path.name: path.read_bytes() for path in inside.iterdir()}
    assert main(["compose", *arguments]) == 1
    assert message in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in inside.iterdir()} == before
