import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import map_coordinates

from dirv_tf import geometry

SIZES = {2: (9, 12), 3: (6, 5, 8)}


def grid(size):
    return np.stack(np.meshgrid(*[np.arange(n) for n in size], indexing="ij"), -1)


@pytest.mark.parametrize("rank", [2, 3])
def test_warp_agrees_with_scipy_also_beyond_the_border(rank, rng):
    size = SIZES[rank]
    image = rng.random((2, *size, 2)).astype("float32")
    field = rng.normal(0, 3, (2, *size, rank)).astype("float32")
    warped = geometry.warp_image(image, field).numpy()
    for batch in range(2):
        for channel in range(2):
            coordinates = np.moveaxis(grid(size) + field[batch], -1, 0)
            expected = map_coordinates(image[batch, ..., channel], coordinates, order=1, mode="nearest")
            np.testing.assert_allclose(warped[batch, ..., channel], expected, atol=2e-6)


def test_warp_agrees_with_tensorflow_addons_inside_the_image(rng):
    addons = pytest.importorskip("tensorflow_addons", reason="tensorflow-addons has no build for this stack")
    size = SIZES[2]
    image = rng.random((2, *size, 1)).astype("float32")
    target = rng.uniform(0, np.array(size) - 1, (2, *size, 2)).astype("float32")
    expected = addons.image.interpolate_bilinear(image, target.reshape(2, -1, 2), indexing="ij")
    warped = geometry.warp_image(image, (target - grid(size)).astype("float32"))
    np.testing.assert_allclose(warped.numpy().reshape(2, -1, 1), expected.numpy(), atol=2e-6)


@pytest.mark.parametrize("rank", [2, 3])
def test_warp_by_zero_is_exact(rank, rng):
    image = rng.random((1, *SIZES[rank], 1)).astype("float32")
    np.testing.assert_array_equal(geometry.warp_image(image, np.zeros((1, *SIZES[rank], rank), "float32")), image)


def test_a_backward_field_takes_content_from_where_it_points():
    image = np.zeros((1, 8, 8, 1), "float32")
    image[0, 5, 2] = 1
    field = np.zeros((1, 8, 8, 2), "float32")
    field[..., 0], field[..., 1] = 2, -1
    assert geometry.warp_image(image, field)[0, 3, 3, 0] == 1


@pytest.mark.parametrize("rank", [2, 3])
def test_points_follow_the_field(rank, rng):
    size = SIZES[rank]
    matrix = rng.normal(0, 0.05, (rank, rank))
    field = (grid(size) @ matrix.T + 0.3)[None].astype("float32")
    points = rng.uniform(0, np.array(size) - 1, (1, 5, rank)).astype("float32")
    np.testing.assert_allclose(geometry.warp_points(points, field), points + points @ matrix.T + 0.3, atol=1e-5)


@pytest.mark.parametrize("rank", [2, 3])
def test_gradients_of_the_warp(rank, rng, check_gradients):
    size = SIZES[rank]
    # Off the pixel grid, where the interpolation has a kink, and some of them outside the image.
    field = rng.integers(-3, 4, (2, *size, rank)) + rng.uniform(0.1, 0.9, (2, *size, rank))
    check_gradients(geometry.warp_image, rng.random((2, *size, 2)), field)


def test_one_pixel_wide_images_are_sampled(rng):
    image = rng.random((1, 1, 5, 1)).astype("float32")
    np.testing.assert_allclose(geometry.warp_image(image, np.full((1, 1, 5, 2), 0.0, "float32")), image)


def test_the_size_may_be_unknown(rng):
    warp = tf.function(
        geometry.warp_image,
        input_signature=[tf.TensorSpec([None, None, None, 1]), tf.TensorSpec([None, None, None, 2])],
    )
    for size in ((4, 6), (5, 3)):
        image = rng.random((2, *size, 1)).astype("float32")
        field = rng.normal(0, 1, (2, *size, 2)).astype("float32")
        np.testing.assert_allclose(warp(image, field), geometry.warp_image(image, field), atol=1e-6)


def test_errors_name_the_shapes():
    with pytest.raises(ValueError, match=r"4 or 5 axes.*\(8, 8\)"):
        geometry.warp_image(np.zeros((8, 8), "float32"), np.zeros((1, 8, 8, 2), "float32"))
    with pytest.raises(ValueError, match="2 channels"):
        geometry.warp_image(np.zeros((1, 8, 8, 1), "float32"), np.zeros((1, 8, 8, 3), "float32"))
    with pytest.raises(ValueError, match="same number of spatial axes"):
        geometry.warp_image(np.zeros((1, 8, 8, 1), "float32"), np.zeros((1, 8, 8, 8, 3), "float32"))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "int64"])
@pytest.mark.parametrize("rank", [2, 3])
def test_labels_agree_with_scipy_also_beyond_the_border(rank, dtype, rng):
    size = SIZES[rank]
    labels = rng.integers(0, min(np.iinfo(dtype).max if dtype != "bool" else 1, 2**31), (2, *size, 2)).astype(dtype)
    target = tuple(side + 2 for side in size)
    field = rng.normal(0, 3, (2, *target, rank)).astype("float32")
    warped = geometry.warp_labels(labels, field).numpy()
    assert warped.dtype == dtype
    for batch in range(2):
        coordinates = np.moveaxis(grid(target) + field[batch], -1, 0)
        for channel in range(2):
            expected = map_coordinates(labels[batch, ..., channel], coordinates, order=0, mode="nearest")
            np.testing.assert_array_equal(warped[batch, ..., channel], expected)


def test_labels_half_way_go_to_the_higher_index():
    labels = np.arange(5, dtype="int32").reshape(1, 1, 5, 1) + 2**30
    field = np.zeros((1, 1, 5, 2), "float32")
    field[..., 1] = [0.5, -0.5, 0.49, -0.51, 0.5]
    warped = geometry.warp_labels(labels, field)
    np.testing.assert_array_equal(warped[0, 0, :, 0] - 2**30, [1, 1, 2, 2, 4])


def test_labels_that_are_no_labels_are_refused():
    with pytest.raises(ValueError, match="integers or bool.*float32"):
        geometry.warp_labels(np.zeros((1, 8, 8, 1), "float32"), np.zeros((1, 8, 8, 2), "float32"))
    with pytest.raises(ValueError, match="`labels` and `flow_field` must have the same number"):
        geometry.warp_labels(np.zeros((1, 8, 8, 1), "int32"), np.zeros((1, 8, 8, 8, 3), "float32"))
