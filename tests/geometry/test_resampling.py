import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import correlate1d

from dirv_tf import geometry

SIZES = {2: (16, 12), 3: (12, 8, 16)}
TAPS = {1: np.array([1, 2, 1]) / 4, 3: np.array([1, 4, 6, 4, 1]) / 16}


def smoothed(values, order):
    for axis in range(1, values.ndim - 1):
        values = correlate1d(values, TAPS[order], axis=axis, mode="mirror")
    return values


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("order", [1, 3])
def test_binomial_smoothing_agrees_with_scipy(rank, order, rng):
    values = rng.random((2, *SIZES[rank], 2)).astype("float32")
    np.testing.assert_allclose(geometry.binomial_smoothing(values, order), smoothed(values, order), atol=1e-6)


def test_the_order_follows_the_largest_side(rng):
    small, large = rng.random((1, 10, 4, 1)).astype("float32"), rng.random((1, 12, 4, 1)).astype("float32")
    np.testing.assert_allclose(geometry.binomial_smoothing(small, None), smoothed(small, 1), atol=1e-6)
    np.testing.assert_allclose(geometry.binomial_smoothing(large, None), smoothed(large, 3), atol=1e-6)


def test_a_side_shorter_than_the_kernel_is_reflected(rng):
    values = rng.random((1, 12, 2, 1)).astype("float32")
    np.testing.assert_allclose(geometry.binomial_smoothing(values, 3), smoothed(values, 3), atol=1e-6)


@pytest.mark.parametrize("rank", [2, 3])
def test_downsampling_keeps_every_second_smoothed_pixel(rank, rng):
    image = rng.random((2, *SIZES[rank], 1)).astype("float32")
    every_second = (slice(None),) + (slice(None, None, 2),) * rank
    np.testing.assert_allclose(geometry.downsample_image(image), smoothed(image, 3)[every_second], atol=1e-6)
    field = rng.normal(size=(2, *SIZES[rank], rank)).astype("float32")
    expected = 0.5 * smoothed(field, 3)[every_second]
    np.testing.assert_allclose(geometry.downsample_displacement_field(field), expected, atol=1e-6)


@pytest.mark.parametrize("rank", [2, 3])
def test_image_upsampling_is_linear(rank, rng):
    image = rng.random((1, *SIZES[rank], 1)).astype("float32")
    upsampled = geometry.upsample_image(image).numpy()
    positions = [np.minimum(np.arange(2 * n) / 2, n - 1) for n in SIZES[rank]]
    expected = image
    for axis, at in enumerate(positions, start=1):
        expected = np.apply_along_axis(lambda line, at=at: np.interp(at, np.arange(line.size), line), axis, expected)
    np.testing.assert_allclose(upsampled, expected, atol=1e-6)


@pytest.mark.parametrize("rank", [2, 3])
def test_linear_displacement_upsampling_keeps_the_interpolated_field(rank, rng):
    coarse = rng.normal(size=(1, *(n // 4 for n in SIZES[rank]), rank)).astype("float32")
    fine = geometry.upsample_displacement_field(coarse, "linear")
    # The coarse flow field in pixels of the finer level, wherever both have a pixel.
    every_second = (slice(None),) + (slice(None, None, 2),) * rank
    flow_field = geometry.interpolate_control_points(fine).numpy()
    np.testing.assert_allclose(flow_field[every_second], 2 * geometry.interpolate_control_points(coarse), atol=1e-5)
    np.testing.assert_allclose(fine.numpy()[every_second], 2 * coarse, atol=1e-6)


def test_unknown_displacement_upsampling_is_named():
    with pytest.raises(ValueError, match="`method` must be one of .*Received: method='cubic'"):
        geometry.upsample_displacement_field(tf.zeros([1, 4, 4, 2]), "cubic")


@pytest.mark.parametrize("rank", [2, 3])
def test_displacement_upsampling_repeats_and_doubles(rank, rng):
    field = rng.normal(size=(1, *(n // 4 for n in SIZES[rank]), rank)).astype("float32")
    expected = 2 * field
    for axis in range(1, rank + 1):
        expected = np.repeat(expected, 2, axis=axis)
    np.testing.assert_array_equal(geometry.upsample_displacement_field(field), expected)


@pytest.mark.parametrize("rank", [2, 3])
def test_resizing_a_linear_field_keeps_the_mapping(rank, rng):
    size, new = SIZES[rank], tuple(2 * n - 1 for n in SIZES[rank])
    matrix = rng.normal(0, 0.1, (rank, rank))

    def field(size, step):
        grid = np.stack(np.meshgrid(*[np.arange(n) * step for n in size], indexing="ij"), -1)
        return (grid @ matrix.T + 0.3)[None] / step

    # Doubling the resolution makes every old pixel two new ones.
    resized = geometry.resize_field(field(size, 1.0).astype("float32"), new)
    np.testing.assert_allclose(resized, field(new, 0.5), atol=1e-4)


def test_resizing_checks_the_size():
    with pytest.raises(ValueError, match="`size` must be a list of 2 entries.*Received: size="):
        geometry.resize_field(tf.zeros([1, 4, 4, 2]), (8,))


def test_unknown_order_is_refused():
    with pytest.raises(ValueError, match="order=2"):
        geometry.binomial_smoothing(tf.zeros([1, 4, 4, 1]), 2)


@pytest.mark.parametrize("rank", [2, 3])
def test_resizing_an_image_keeps_its_corners_and_linear_functions(rank, rng):
    size = (10, 7, 5)[:rank]
    image = rng.random((1, *size, 2)).astype("float32")
    np.testing.assert_array_equal(geometry.resize_image(image, size), image)
    corners = (slice(None), *(slice(None, None, n - 1) for n in size))
    larger = tuple(n + 4 for n in size)
    np.testing.assert_allclose(
        geometry.resize_image(image, larger).numpy()[(slice(None), *(slice(None, None, n - 1) for n in larger))],
        image[corners],
        atol=1e-6,
    )

    def linear(size):
        return sum(np.linspace(0, axis + 1, n).reshape([-1] + [1] * (rank - 1 - axis)) for axis, n in enumerate(size))

    found = geometry.resize_image(linear(size)[None, ..., None].astype("float32"), larger)
    np.testing.assert_allclose(found[0, ..., 0], linear(larger), atol=1e-5)


def test_a_large_image_is_smoothed_before_it_is_resized():
    # A linear function is kept by the halving, but at the border.
    ramp = np.broadcast_to(np.arange(64.0, dtype="float32")[:, None], (64, 8))[None, ..., None]
    found = geometry.resize_image(ramp, (16, 8)).numpy()[0, :, 0, 0]
    np.testing.assert_allclose(found[2:-2], np.arange(16)[2:-2] * 63 / 15, atol=1e-4)
    stripes = np.tile([0.0, 1.0], 32).astype("float32")[None, :, None, None]
    np.testing.assert_allclose(geometry.resize_image(stripes, (32, 1))[0, 1:-1], 0.5, atol=1e-6)


def test_resizing_in_graphs_of_unknown_size(rng):
    image = rng.random((2, 37, 70, 1)).astype("float32")
    unknown = tf.TensorSpec([None, None, None, 1], tf.float32)
    graph = tf.function(lambda x: geometry.resize_image(x, (16, 16)), input_signature=[unknown])
    np.testing.assert_allclose(graph(image), geometry.resize_image(image, (16, 16)), atol=1e-6)
    field = rng.normal(size=(1, 6, 5, 2)).astype("float32")
    to_half = tf.function(lambda u: geometry.resize_field(u, (tf.shape(u)[1] // 2, 4)))
    np.testing.assert_allclose(to_half(field), geometry.resize_field(field, (3, 4)), atol=1e-6)
