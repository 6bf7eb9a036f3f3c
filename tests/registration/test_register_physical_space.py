"""Pairs of files that lie in the world in different ways, with SimpleITK as the witness."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from dirv_tf.io import ImageGeometry, Landmarks, load_image, read_flow_field, write_image
from dirv_tf.registration import apply_to_landmarks, register
from dirv_tf.registration.maps.apply_field import warp_in_blocks
from dirv_tf.synthesis import random_fields

DATA = Path(__file__).parents[2] / "data"
SITK = pytest.importorskip("SimpleITK")
# Head to neck, front to back, side to side: 6 mm per voxel after halving.
FIXED = ImageGeometry((-90.0, -110.0, 80.0), ((0.0, 0.0, 6.0), (0.0, 6.0, 0.0), (-6.0, 0.0, 0.0)))

# As `FIXED`, with the first axis the other way round.
FIXED_FLIPPED = ImageGeometry(
    tuple(np.add(FIXED.origin, 31 * np.array(FIXED.axes)[:, 0])), np.array(FIXED.axes) * (-1.0, 1.0, 1.0)
)


def direction(degrees):
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]])
    # x backward, y and z exchanged: a sagittal scan, a little oblique.
    return turn @ np.array([[-1.0, 0, 0], [0, 0, 1], [0, 1, 0]])


@pytest.fixture(scope="module")
def brain():
    volume = tifffile.imread(DATA / "volumes/brain_t1.tif").astype(np.float32) / 255
    # Smooth, so that every grid shows the same.
    return ndimage.gaussian_filter(volume.reshape(32, 2, 32, 2, 32, 2).mean(axis=(1, 3, 5)), 1)


@pytest.fixture(scope="module")
def true(brain):
    """The field between the files, in voxels of the fixed one."""
    field = random_fields(brain.shape, 3, [0], 0, kind="nonrigid", max_displacement=3.0)[0].numpy()
    return field * 1.5 / np.linalg.norm(field, axis=-1).mean()


@pytest.fixture(scope="module")
def folder(brain, true, tmp_path_factory):
    """A fixed file, a moving file on a grid of its own, and the moving one resampled to the fixed grid."""
    folder = tmp_path_factory.mktemp("volumes")
    write_image(folder / "fixed.nii.gz", warp_in_blocks(brain, true), FIXED)
    write_image(folder / "whole.mha", brain, FIXED)
    whole = SITK.ReadImage(str(folder / "whole.mha"))
    grid = SITK.Image(40, 44, 36, SITK.sitkFloat32)
    grid.SetSpacing((5.0, 4.5, 5.5))
    grid.SetDirection(direction(8).ravel().tolist())
    middle = whole.TransformContinuousIndexToPhysicalPoint([15.5] * 3)
    half = np.array([19.5, 21.5, 17.5]) * grid.GetSpacing()
    grid.SetOrigin((np.array(middle) - direction(8) @ half).tolist())
    moving = SITK.Resample(whole, grid, SITK.Transform(), SITK.sitkLinear, 0.0)
    SITK.WriteImage(moving, str(folder / "moving.mha"))
    SITK.WriteImage(moving, str(folder / "moving.nii.gz"))
    fixed = SITK.ReadImage(str(folder / "fixed.nii.gz"))
    SITK.WriteImage(SITK.Resample(moving, fixed, SITK.Transform(), SITK.sitkLinear, 0.0), str(folder / "resampled.nii"))
    return folder


@pytest.fixture(scope="module")
def result(folder):
    return register(folder / "fixed.nii.gz", folder / "moving.mha")


def world(result):
    """Where the fixed voxels lie in the moving image's world."""
    return result.moving_geometry.to_world(np.moveaxis(np.indices(result.size), 0, -1) + result.flow_field)


def interior(result, border=0):
    """The brain, without voxels that are closer to the border than that."""
    inside = np.zeros(result.size, bool)
    inside[(slice(border, -border or None),) * 3] = True
    return inside & (result.fixed > 0.1)


def test_the_grid_of_the_moving_file_does_not_matter(result, folder):
    resampled = register(folder / "fixed.nii.gz", folder / "resampled.nii")
    assert result.size == resampled.size == (32, 32, 32) and result.moving.shape == (36, 44, 40)
    assert result.fixed_geometry.is_close(resampled.moving_geometry)
    lengths = np.linalg.norm(resampled.flow_field, axis=-1)[interior(result)]
    assert lengths.mean() > 0.5, "the test needs a field that moves something"
    differences = np.linalg.norm(world(result) - world(resampled), axis=-1)
    # The moving file has voxels beyond the fixed grid, the resampled one ends there: near it, they tell different things.
    assert differences[interior(result, 5)].mean() < 0.1 * 6.0
    assert differences[interior(result)].mean() < 0.12 * 6.0
    np.testing.assert_allclose(result.registered, resampled.registered, atol=0.25)
    assert np.abs(result.registered - resampled.registered)[interior(result)].mean() < 0.02


def test_the_true_field_is_found(result, true):
    at = result.fixed_geometry.to_world(np.moveaxis(np.indices(result.size), 0, -1) + true)
    errors = np.linalg.norm(world(result) - at, axis=-1)[interior(result)]
    assert errors.mean() < 0.4 * 6.0, "of 1.5 voxels of displacement"


def test_the_images_get_closer(result):
    measured = result.metrics()
    assert measured["difference_after"] < 0.5 * measured["difference_before"]
    # Neither another orientation nor another pixel size is a deformation.
    assert measured["folded_percent"] == 0 and 0.5 < measured["displacement_mean_px"] < 3
    assert measured["displacement_mean_mm"] == pytest.approx(6.0 * measured["displacement_mean_px"], rel=1e-4)
    assert result.quality.is_trustworthy, result.quality.warnings
    assert any("where the headers put the images" in note for note in result.notes)


def test_the_format_does_not_matter(result, folder):
    other = register(folder / "fixed.nii.gz", folder / "moving.nii.gz")
    np.testing.assert_allclose(other.flow_field, result.flow_field, atol=1e-2)


@pytest.mark.parametrize("field_format", ["mha", "nii.gz", "nrrd"])
def test_itk_makes_the_same_registered_image(result, folder, tmp_path, field_format):
    saved = result.save(tmp_path / "result", field_format=field_format)
    displacements = SITK.ReadImage(str(saved / f"flow_field.{field_format}"), SITK.sitkVectorFloat64)
    reference = SITK.ReadImage(str(folder / "fixed.nii.gz"))
    transform = SITK.DisplacementFieldTransform(displacements)
    moving = SITK.ReadImage(str(folder / "moving.mha"))
    warped = SITK.GetArrayFromImage(SITK.Resample(moving, reference, transform, SITK.sitkLinear, 0.0))
    places = np.moveaxis(np.indices(result.size), 0, -1) + result.flow_field
    within = ((places >= 0.01) & (places <= np.array(result.moving.shape) - 1.01)).all(axis=-1)
    assert within.mean() > 0.7
    np.testing.assert_allclose(warped[within], result.registered[within], atol=1e-3)
    registered = load_image(saved / "registered.mha")
    assert registered.geometry.is_close(result.fixed_geometry)
    np.testing.assert_allclose(registered.pixels, result.registered, atol=1e-6)
    read = read_flow_field(saved / f"flow_field.{field_format}", result.moving_geometry)
    np.testing.assert_allclose(read.flow_field, result.flow_field, atol=1e-3)


def test_points_go_through_the_world_as_well(result):
    rng = np.random.default_rng(2)
    fixed = Landmarks(tuple("abcdefgh"), rng.uniform(8, 23, size=(8, 3)))
    moving = apply_to_landmarks(fixed, result.flow_field, inverse=True)
    # The deformation is small: in the world, the points hardly move.
    moved = result.moving_geometry.to_world(moving.points) - result.fixed_geometry.to_world(fixed.points)
    assert 0.5 < np.linalg.norm(moved, axis=-1).mean() < 20
    back = apply_to_landmarks(moving, result.flow_field, moving_size=result.moving.shape)
    np.testing.assert_allclose(back.points, fixed.points, atol=5e-3)


def test_a_pose_that_the_headers_do_not_know_is_found(folder, brain, tmp_path):
    angle = np.radians(40)
    matrix = np.eye(3)
    matrix[1:, 1:] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    center = np.full(3, 15.5)
    turned = ndimage.affine_transform(brain, matrix, center - matrix @ center, order=1)
    write_image(tmp_path / "turned.nii.gz", np.flip(turned, 0).copy(), FIXED_FLIPPED)
    result = register(folder / "whole.mha", tmp_path / "turned.nii.gz")
    assert not result.initial.is_identity and not result.alignment.is_identity
    # Voxel q of the turned image shows matrix q + ..., so the map goes through the inverse, and the flip.
    expected = np.diag([-1.0, 1, 1]) @ matrix.T
    np.testing.assert_allclose(result.linear.matrix, expected, atol=0.05)
    assert result.quality.is_trustworthy, result.quality.warnings
    assert result.metrics()["difference_after"] < 0.3 * result.metrics()["difference_before"]


def test_files_far_apart_are_brought_together(folder, brain, tmp_path):
    far = ImageGeometry(tuple(np.add(FIXED.origin, (0.0, 5000.0, 0.0))), FIXED.axes)
    write_image(tmp_path / "far.nii.gz", np.roll(brain, 1, axis=0), far)
    result = register(folder / "whole.mha", tmp_path / "far.nii.gz")
    assert any("hardly overlap" in note for note in result.notes)
    assert np.linalg.norm(result.flow_field - (1, 0, 0), axis=-1)[brain > 0.2].mean() < 0.3
    assert result.quality.is_trustworthy


def test_two_dimensional_files(tmp_path):
    image = tifffile.imread(DATA / "volumes/brain_t1.tif")[30].astype(np.float32) / 255
    fine = ndimage.zoom(image, 2, order=1, grid_mode=True, mode="nearest")
    coarse = ImageGeometry.from_pixel_size((3.0, 3.0))
    write_image(tmp_path / "fixed.mha", np.roll(image, 1, axis=1), coarse)
    write_image(tmp_path / "moving.mha", fine, ImageGeometry((-0.75, -0.75), ((0.0, 1.5), (1.5, 0.0))))
    result = register(tmp_path / "fixed.mha", tmp_path / "moving.mha")
    moved = world(result) - result.fixed_geometry.to_world(np.moveaxis(np.indices(result.size), 0, -1))
    # World order: the roll went along x.
    assert np.linalg.norm(moved - (-3.0, 0.0), axis=-1)[image > 0.2].mean() < 0.2 * 3.0
