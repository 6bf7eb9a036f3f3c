from __future__ import annotations

import numpy as np
import pytest
import skimage.color
import skimage.io
import tifffile

from dirv_tf.io import ImageGeometry, write_image
from dirv_tf.models.weight_files import save_weights_file
from dirv_tf.registration import register

GEOMETRY = ImageGeometry((10.0, -20.0, 5.0), ((0.0, 0.0, 0.7), (0.0, 0.7, 0.0), (1.5, 0.0, 0.0)))


@pytest.fixture
def pair_of_files(tmp_path, make_pair):
    """Write a pair, as `dtype` with the given smallest and largest intensity."""

    def make(shape, suffix, dtype=np.uint8, low=0, high=255, geometries=(None, None)):
        images = [(low + image * (high - low)).round(6).astype(dtype) for image in make_pair(shape)]
        paths = tmp_path / f"fixed{suffix}", tmp_path / f"moving{suffix}"
        for path, image, geometry in zip(paths, images, geometries):
            write_image(path, image, geometry)
        return paths, images

    return make


@pytest.mark.parametrize("suffix, as_type", [(".png", str), (".tif", lambda path: path)])
def test_pictures_register_as_their_arrays(network_2d, pair_of_files, suffix, as_type):
    paths, images = pair_of_files((16, 20), suffix)
    result = register(*map(as_type, paths), model=network_2d)
    expected = register(*images, model=network_2d)
    np.testing.assert_array_equal(result.flow_field, expected.flow_field)
    np.testing.assert_array_equal(result.registered, expected.registered)
    assert result.registered.dtype == np.uint8 and result.notes == ()
    assert (result.fixed_path, result.moving_path) == paths
    assert result.fixed_geometry == ImageGeometry.unit(2)


def test_volumes_bring_their_geometry(network_3d, pair_of_files):
    pytest.importorskip("SimpleITK")
    paths, images = pair_of_files((9, 12, 10), ".nii.gz", geometries=(GEOMETRY, GEOMETRY))
    result = register(*paths, model=network_3d)
    assert result.fixed_geometry.is_close(GEOMETRY) and result.moving_geometry.is_close(GEOMETRY)
    np.testing.assert_array_equal(result.flow_field, register(*images, model=network_3d).flow_field)
    measured = result.metrics()
    lengths = np.linalg.norm(result.flow_field * (1.5, 0.7, 0.7), axis=-1)
    assert measured["displacement_max_mm"] == pytest.approx(lengths.max(), rel=1e-4)
    with_array = register(paths[0], images[1], model=network_3d)
    assert with_array.moving_geometry == with_array.fixed_geometry == result.fixed_geometry


def test_color_is_turned_into_gray_and_noted(network_2d, tmp_path, rng):
    color = rng.integers(0, 256, (16, 20, 4), np.uint8)
    skimage.io.imsave(tmp_path / "color.png", color, check_contrast=False)
    tifffile.imwrite(tmp_path / "color.tif", color[..., :3].astype(np.uint16) * 257, photometric="rgb")
    result = register(tmp_path / "color.png", tmp_path / "color.tif", model=network_2d)
    assert result.notes == (
        "fixed: color was turned into gray, without its alpha channel",
        "moving: color was turned into gray",
    )
    expected = skimage.color.rgb2gray(color[..., :3])
    assert result.fixed.dtype == np.uint8 and result.registered.dtype == np.uint16
    np.testing.assert_allclose(result.fixed / 255, expected, atol=0.51 / 255)
    np.testing.assert_allclose(result.moving / 65535, expected, atol=0.51 / 65535)


def test_hounsfield_units_are_stretched_and_noted(network_2d, pair_of_files):
    paths, images = pair_of_files((16, 20), ".tif", np.int16, -1024, 3071)
    result = register(*paths, model=network_2d)
    assert result.notes == ("intensities -1024 ... 3071 stretched to [0, 1] by the pair's common range",)
    joint = register(*images, model=network_2d, normalize="joint")
    np.testing.assert_array_equal(result.flow_field, joint.flow_field)
    floats = [(image.astype(np.float32) + 1024) / 4095 for image in images]
    np.testing.assert_allclose(result.flow_field, register(*floats, model=network_2d).flow_field, atol=1e-4)
    assert result.registered.dtype == np.int16 and result.registered.min() < 0 < result.registered.max()
    assert result.unit_interval_images()["registered"].max() <= 1
    with pytest.raises(ValueError, match="fixed: expected floating-point.*Received: fixed.dtype=int16"):
        register(*paths, model=network_2d, normalize="type")
    with pytest.raises(ValueError, match="Received: fixed.dtype=int16"):
        register(*images, model=network_2d)
    with pytest.raises(ValueError, match="Received: moving.dtype=int16"):
        register(floats[0], paths[1], model=network_2d)


def test_each_image_by_its_own_range(network_2d, make_pair):
    fixed, moving = make_pair((16, 20))
    result = register(fixed, 400 * moving - 7, model=network_2d, normalize="each")
    np.testing.assert_allclose(
        result.flow_field, register(fixed, moving, model=network_2d, normalize="each").flow_field, atol=1e-4
    )
    assert result.registered.max() > 300
    assert result.metrics()["difference_after"] < 1


def test_the_model_states_its_normalization(tmp_path, network_2d, make_pair):
    fixed, moving = make_pair((16, 20))
    expected = register(fixed, 0.5 * moving, model=network_2d, normalize="each").flow_field
    save_weights_file(network_2d, tmp_path / "each", {"input": {"normalization": "each"}})
    np.testing.assert_array_equal(register(fixed, 0.5 * moving, model=tmp_path / "each").flow_field, expected)
    other = register(fixed, 0.5 * moving, model=tmp_path / "each", normalize="type").flow_field
    assert np.abs(other - expected).max() > 1e-3
    save_weights_file(network_2d, tmp_path / "odd", {"input": {"normalization": "z-score"}})
    with pytest.raises(ValueError, match="on the card of the model. Received: normalization='z-score'"):
        register(fixed, moving, model=tmp_path / "odd")


def test_unknown_normalization(network_2d, make_pair):
    with pytest.raises(ValueError, match="Received: normalize='minmax'"):
        register(*make_pair((16, 20)), model=network_2d, normalize="minmax")


def _moved(geometry, offset=(0.0, 0.0, 0.0), factor=1.0):
    return ImageGeometry(np.add(geometry.origin, offset), np.multiply(geometry.axes, factor))


@pytest.mark.parametrize(
    "moving_geometry, note",
    [
        (_moved(GEOMETRY, factor=1.2), "pixel sizes of 1.5 x 0.7 x 0.7 (fixed) and 1.8 x 0.84 x 0.84 mm (moving)"),
        (_moved(GEOMETRY, offset=(0.7, 0.0, -1.5)), "origins that differ by 0.7 x 0 x -1.5 mm"),
    ],
    ids=["pixel size", "origin"],
)
def test_files_start_where_their_headers_put_them(network_3d, pair_of_files, moving_geometry, note):
    pytest.importorskip("SimpleITK")
    paths, images = pair_of_files((9, 12, 10), ".mha", geometries=(GEOMETRY, moving_geometry))
    result = register(*paths, model=network_3d)
    assert result.notes == (f"started where the headers put the images, with {note}",)
    assert result.fixed_geometry.is_close(GEOMETRY) and result.moving_geometry.is_close(moving_geometry)
    points = np.array([[0.0, 0.0, 0.0], [8.0, 3.0, 5.0]])
    expected = moving_geometry.to_index(GEOMETRY.to_world(points))
    np.testing.assert_allclose(result.initial.applied(points), expected, atol=1e-3)
    # The network saw the moving image as its header puts it, in the intensities of the type.
    sampled = result.initial.sampled(images[1].astype(np.float32) / 255, images[0].shape)
    field = register(images[0] / np.float32(255), sampled, model=network_3d).flow_field
    np.testing.assert_allclose(result.initial.decomposed(result.flow_field), field, atol=1e-3)


@pytest.mark.parametrize("pixel_size, expected", [(0.5, (0.5, 0.5)), ([0.5], (0.5, 0.5)), ((2, 0.5), (2, 0.5))])
def test_pixel_size_of_images_that_know_none(network_2d, pair_of_files, pixel_size, expected):
    paths, images = pair_of_files((16, 20), ".png")
    for pair in (paths, images):
        result = register(*pair, model=network_2d, pixel_size=pixel_size)
        assert result.fixed_geometry.pixel_size == result.moving_geometry.pixel_size == expected


@pytest.mark.parametrize("pixel_size", [0, -1.0, (1, 2, 3), np.nan])
def test_impossible_pixel_size(network_2d, make_pair, pixel_size):
    with pytest.raises(ValueError, match="positive pixel size.*Received: pixel_size="):
        register(*make_pair((16, 20)), model=network_2d, pixel_size=pixel_size)


def test_pixel_size_of_files_that_state_one(network_2d, pair_of_files):
    geometry = ImageGeometry.from_pixel_size((0.3, 0.3))
    paths, _ = pair_of_files((16, 20), ".tif", geometries=(geometry, geometry))
    with pytest.raises(ValueError, match="leave it out. Received: pixel_size=0.5, and fixed has a pixel size of 0.3 x 0.3"):
        register(*paths, model=network_2d, pixel_size=0.5)


def test_refusals_name_the_file_or_argument(network_2d, pair_of_files, tmp_path):
    (fixed, _moving), images = pair_of_files((16, 20), ".tif", np.float32, 0, 1)
    with pytest.raises(FileNotFoundError, match="nothing.png"):
        register(fixed, tmp_path / "nothing.png", model=network_2d)
    image = images[0]
    for name, bad, message in (
        ("strip", image[:7], "two control points per axis"),
        ("volume", np.stack([image] * 9), "same rank"),
        ("nan", image * np.nan, "moving: expected finite"),
        ("even", image * 0, "moving: expected an image with some structure"),
    ):
        write_image(tmp_path / f"{name}.tif", bad)
        with pytest.raises(ValueError, match=message):
            register(fixed, tmp_path / f"{name}.tif", model=network_2d)
