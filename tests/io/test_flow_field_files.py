from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from dirv_tf import geometry, io

SIZES = {2: (40, 36), 3: (18, 20, 22)}
ITK_SUFFIXES = (".nii", ".nii.gz", ".mha", ".nrrd")


@pytest.fixture(scope="module")
def simpleitk():
    return pytest.importorskip("SimpleITK")


def smooth_noise(rng, shape, amplitude):
    noise = gaussian_filter(rng.normal(size=shape), [4] * (len(shape) - 1) + [0], mode="nearest")
    return (amplitude * noise / np.abs(noise).max()).astype(np.float32)


def oblique(rank, seed):
    rng = np.random.default_rng(seed)
    directions = np.linalg.qr(rng.normal(size=(rank, rank)))[0]
    return io.ImageGeometry(rng.uniform(-50, 50, rank), directions * rng.uniform(0.3, 3, rank))


@pytest.fixture(params=[2, 3])
def case(request, rng):
    """Flow field on the fixed image's grid, moving image of another size, both geometries oblique and different."""
    rank = request.param
    field = smooth_noise(rng, (*SIZES[rank], rank), 3.0)
    moving = rng.random([side + 3 for side in SIZES[rank]]).astype(np.float32)
    return field, moving, oblique(rank, 1), oblique(rank, 2)


@pytest.mark.parametrize("suffix", ITK_SUFFIXES)
def test_itk_warps_as_we_do(tmp_path, simpleitk, case, suffix):
    field, moving, fixed_geometry, moving_geometry = case
    io.write_flow_field(tmp_path / f"field{suffix}", field, fixed_geometry, moving_geometry)
    io.write_image(tmp_path / "moving.mha", moving, moving_geometry)
    displacements = simpleitk.ReadImage(str(tmp_path / f"field{suffix}"), simpleitk.sitkVectorFloat64)
    grid = simpleitk.Image(displacements.GetSize(), simpleitk.sitkFloat32)
    grid.CopyInformation(displacements)
    transform = simpleitk.DisplacementFieldTransform(displacements)
    read = simpleitk.ReadImage(str(tmp_path / "moving.mha"))
    expected = simpleitk.GetArrayFromImage(simpleitk.Resample(read, grid, transform, simpleitk.sitkLinear, -1.0))
    warped = geometry.warp_image(moving[None, ..., None], field[None])[0, ..., 0].numpy()
    positions = np.stack(np.indices(field.shape[:-1]), -1) + field
    inside = np.all((positions >= 0.01) & (positions <= np.array(moving.shape) - 1.01), axis=-1)
    assert inside.mean() > 0.7
    np.testing.assert_allclose(warped[inside], expected[inside], atol=1e-3)
    # Beyond the border ITK takes its default value and we repeat the border.
    beyond = np.any((positions < -0.6) | (positions > np.array(moving.shape) - 0.4), axis=-1)
    assert beyond.any() and np.all(expected[beyond] == -1.0) and warped[beyond].min() >= 0


def test_points_map_as_in_itk(tmp_path, simpleitk, case, rng):
    field, _, fixed_geometry, moving_geometry = case
    io.write_flow_field(tmp_path / "field.mha", field, fixed_geometry, moving_geometry)
    image = simpleitk.ReadImage(str(tmp_path / "field.mha"), simpleitk.sitkVectorFloat64)
    transform = simpleitk.DisplacementFieldTransform(image)
    points = rng.uniform(1, np.array(field.shape[:-1]) - 2, (6, field.shape[-1]))
    expected = [transform.TransformPoint(point) for point in fixed_geometry.to_world(points).tolist()]
    mapped = geometry.warp_points(points[None], field[None])[0].numpy()
    np.testing.assert_allclose(moving_geometry.to_index(expected), mapped, atol=1e-3)


@pytest.mark.parametrize("suffix", io.FLOW_FIELD_SUFFIXES)
def test_fields_come_back(tmp_path, simpleitk, case, suffix):
    field, _, fixed_geometry, moving_geometry = case
    path = tmp_path / f"field{suffix}"
    io.write_flow_field(path, field, fixed_geometry, moving_geometry)
    read = io.read_flow_field(path, moving_geometry)
    np.testing.assert_allclose(read.flow_field, field, atol=1e-4)
    assert read.flow_field.dtype == np.float32 and read.flow_field.shape == field.shape
    assert read.fixed_geometry.is_close(fixed_geometry, 1e-5) and read.moving_geometry == moving_geometry


@pytest.mark.parametrize("suffix", io.FLOW_FIELD_SUFFIXES)
def test_without_geometries_a_pixel_is_a_millimeter(tmp_path, simpleitk, case, suffix):
    field = case[0]
    io.write_flow_field(tmp_path / f"field{suffix}", field)
    read = io.read_flow_field(tmp_path / f"field{suffix}")
    np.testing.assert_allclose(read.flow_field, field, atol=1e-6)
    assert read.fixed_geometry.is_close(io.ImageGeometry.unit(field.shape[-1]), 1e-9)
    assert read.moving_geometry == read.fixed_geometry
    if suffix == ".mha":
        image = simpleitk.ReadImage(str(tmp_path / "field.mha"))
        np.testing.assert_array_equal(simpleitk.GetArrayFromImage(image), field[..., ::-1])
    if suffix == ".nii":
        # The code of vectors, by which ANTs and 3D Slicer know a displacement field.
        assert int.from_bytes((tmp_path / "field.nii").read_bytes()[68:70], "little") == 1007


def test_a_field_without_its_moving_geometry_still_maps_the_world(tmp_path, simpleitk, case):
    field, _, fixed_geometry, moving_geometry = case
    io.write_flow_field(tmp_path / "field.mha", field, fixed_geometry, moving_geometry)
    read = io.read_flow_field(tmp_path / "field.mha")
    grid = np.stack(np.indices(field.shape[:-1]), -1)
    expected = moving_geometry.to_world(grid + field)
    np.testing.assert_allclose(fixed_geometry.to_world(grid + read.flow_field), expected, atol=1e-3)


def test_fine_pixels_far_from_each_other_keep_their_precision(tmp_path, simpleitk, rng):
    field = smooth_noise(rng, (12, 10, 2), 2.0)
    fixed = io.ImageGeometry.from_pixel_size((5e-4, 5e-4))
    moving = io.ImageGeometry((300.0, -200.0), fixed.axes)
    io.write_flow_field(tmp_path / "field.mha", field, fixed, moving)
    np.testing.assert_allclose(io.read_flow_field(tmp_path / "field.mha", moving).flow_field, field, atol=1e-4)


def test_archives_say_what_they_hold(tmp_path, case):
    field, _, fixed_geometry, moving_geometry = case
    io.write_flow_field(tmp_path / "field.npz", field.astype(np.float64), fixed_geometry, moving_geometry)
    with np.load(tmp_path / "field.npz") as archive:
        assert archive["flow_field"].dtype == np.float32 and int(archive["format"]) == 1
        assert "backward" in str(archive["conventions"])
    with pytest.raises(ValueError, match="moving image for which the field was made.*Received: moving_geometry="):
        io.read_flow_field(tmp_path / "field.npz", fixed_geometry)
    np.savez(tmp_path / "future.npz", flow_field=field, format=2)
    np.savez(tmp_path / "other.npz", field=field)
    for name in ("future", "other"):
        with pytest.raises(ValueError, match=f"Expected a flow field of format 1.*{name}.npz"):
            io.read_flow_field(tmp_path / f"{name}.npz")


@pytest.mark.parametrize("suffix", io.FLOW_FIELD_SUFFIXES)
def test_truncated_fields_are_refused(tmp_path, simpleitk, case, suffix):
    io.write_flow_field(tmp_path / f"whole{suffix}", case[0])
    content = (tmp_path / f"whole{suffix}").read_bytes()
    for share in (0.01, 0.3, 0.9):
        (tmp_path / f"part{suffix}").write_bytes(content[: int(share * len(content))])
        with pytest.raises(ValueError, match=f"Received: path=.*part{suffix}"):
            io.read_flow_field(tmp_path / f"part{suffix}")


def test_what_is_no_field_is_refused(tmp_path, simpleitk):
    field = np.zeros((6, 5, 2), np.float32)
    holed = field.copy()
    holed[1, 2, 0] = np.nan
    for suffix in (".npz", ".mha"):
        for wrong in (np.zeros((6, 5)), np.zeros((6, 5, 3)), np.zeros((1, 6, 5, 2)), np.zeros((0, 5, 2)), field > 0):
            with pytest.raises(ValueError, match="one component per axis.*Received: flow_field of shape"):
                io.write_flow_field(tmp_path / f"a{suffix}", wrong)
        with pytest.raises(ValueError, match="finite displacements.*with NaN"):
            io.write_flow_field(tmp_path / f"a{suffix}", holed)
        with pytest.raises(ValueError, match="geometry of 2 axes.*Received: moving_geometry="):
            io.write_flow_field(tmp_path / f"a{suffix}", field, moving_geometry=io.ImageGeometry.unit(3))
    assert not any(tmp_path.iterdir())
    simpleitk.WriteImage(simpleitk.GetImageFromArray(holed, isVector=True), str(tmp_path / "holed.nrrd"))
    with pytest.raises(ValueError, match="finite displacements.*holed.nrrd with NaN"):
        io.read_flow_field(tmp_path / "holed.nrrd")
    io.write_image(tmp_path / "gray.mha", field[..., 0])
    with pytest.raises(ValueError, match=r"one component per axis.*gray.mha of size \(6, 5\) with 1 component"):
        io.read_flow_field(tmp_path / "gray.mha")
    with pytest.raises(ValueError, match=r"ends with \.npz, \.nii\.gz.*a\.tif"):
        io.write_flow_field(tmp_path / "a.tif", field)


def test_older_files_are_kept_unless_told_otherwise(tmp_path):
    field = np.zeros((6, 5, 2), np.float32)
    io.write_flow_field(tmp_path / "a.npz", field)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        io.write_flow_field(tmp_path / "a.npz", field + 1)
    assert not io.read_flow_field(tmp_path / "a.npz").flow_field.any()
    io.write_flow_field(tmp_path / "a.npz", field + 1, overwrite=True)
    assert io.read_flow_field(tmp_path / "a.npz").flow_field.all()
