"""Linear maps between the pixels of two images."""

import numpy as np
import pytest
from scipy import ndimage

from dirv_tf.io import ImageGeometry
from dirv_tf.registration.maps.apply_field import warp_in_blocks
from dirv_tf.registration.maps.linear_map import LinearMap, inside

RANKS = pytest.mark.parametrize("rank", [2, 3])
SIZES = {2: (20, 26), 3: (9, 12, 10)}
MOVING_SIZES = {2: (31, 18), 3: (14, 8, 11)}


def some_map(rng, rank):
    return LinearMap(np.eye(rank) + rng.normal(size=(rank, rank), scale=0.2), rng.normal(size=rank, scale=2.0))


def some_geometry(rng, rank):
    axes = np.linalg.qr(rng.normal(size=(rank, rank)))[0] * rng.uniform(0.4, 3.0, size=rank)
    return ImageGeometry(rng.normal(size=rank, scale=10.0), axes)


def smooth_image(rng, size):
    return ndimage.gaussian_filter(rng.normal(size=size), 2).astype(np.float32)


def applied(linear, points):
    return points @ linear.matrix.T + linear.translation


@RANKS
def test_the_identity_moves_nothing(rng, rank):
    identity = LinearMap.identity(rank)
    image = smooth_image(rng, SIZES[rank])
    assert identity.is_identity
    assert not identity.flow_field(SIZES[rank]).any()
    assert identity.sampled(image, SIZES[rank]) is image
    assert identity.overlap(SIZES[rank], SIZES[rank]).all()
    assert not LinearMap(np.eye(rank), np.full(rank, 1e-9)).is_identity
    assert not LinearMap(1.001 * np.eye(rank), np.zeros(rank)).is_identity


@RANKS
def test_after_applies_the_first_map_first(rng, rank):
    first, second = some_map(rng, rank), some_map(rng, rank)
    points = rng.normal(size=(7, rank))
    np.testing.assert_allclose(applied(second.after(first), points), applied(second, applied(first, points)))
    assert np.abs(applied(first.after(second), points) - applied(second.after(first), points)).max() > 1e-3


@RANKS
def test_between_two_geometries_is_the_way_through_the_world(rng, rank):
    fixed, moving = some_geometry(rng, rank), some_geometry(rng, rank)
    points = rng.uniform(-5, 30, size=(11, rank))
    found = applied(LinearMap.between(fixed, moving), points)
    np.testing.assert_allclose(found, moving.to_index(fixed.to_world(points)), atol=1e-9)
    there_and_back = LinearMap.between(moving, fixed).after(LinearMap.between(fixed, moving))
    np.testing.assert_allclose(there_and_back.matrix, np.eye(rank), atol=1e-9)
    np.testing.assert_allclose(there_and_back.translation, 0, atol=1e-9)


@RANKS
def test_the_flow_field_leads_to_the_moving_pixels(rng, rank):
    linear, size = some_map(rng, rank), SIZES[rank]
    field = linear.flow_field(size)
    assert field.shape == (*size, rank) and field.dtype == np.float32
    grid = np.moveaxis(np.indices(size), 0, -1)
    np.testing.assert_allclose(grid + field, applied(linear, grid), atol=1e-4)


@RANKS
def test_an_image_is_sampled_where_the_map_leads(rng, rank):
    size, image = SIZES[rank], smooth_image(rng, MOVING_SIZES[rank])
    linear = some_map(rng, rank)
    # Steps of at most 1.25 pixels are sampled as they are.
    linear = LinearMap(linear.matrix / np.abs(linear.matrix).max(), linear.translation + 3)
    coordinates = np.moveaxis(applied(linear, np.moveaxis(np.indices(size), 0, -1)), -1, 0)
    expected = ndimage.map_coordinates(image, coordinates, order=1, mode="nearest")
    sampled = linear.sampled(image, size)
    assert sampled.shape == size and sampled.dtype == np.float32
    np.testing.assert_allclose(sampled, expected, atol=1e-5)
    np.testing.assert_allclose(sampled, warp_in_blocks(image, linear.flow_field(size)), atol=1e-4)


def test_the_identity_between_two_sizes_crops_and_continues_the_border(rng):
    image = smooth_image(rng, (12, 20))
    sampled = LinearMap.identity(2).sampled(image, (16, 9))
    np.testing.assert_array_equal(sampled, np.pad(image[:, :9], ((0, 4), (0, 0)), mode="edge"))


def test_a_finer_image_is_smoothed_before_it_is_sampled():
    rows = np.arange(128)
    stripes = np.broadcast_to(0.5 + 0.5 * np.cos(np.pi * rows / 2)[:, None], (128, 64)).astype(np.float32)
    coarse = LinearMap(np.diag([4.0, 1.0]), np.zeros(2))
    # Every fourth row is a bright one: without smoothing, the stripes would become a white image.
    assert ndimage.affine_transform(stripes, coarse.matrix, output_shape=(32, 64), order=1).min() > 0.99
    sampled = coarse.sampled(stripes, (32, 64))[4:-4]
    assert np.abs(sampled - 0.5).max() < 0.05
    across = np.ascontiguousarray(stripes.T)
    np.testing.assert_array_equal(coarse.sampled(across, (16, 128))[:, 4], across[0, 4])


def test_an_axis_that_is_not_coarser_stays_sharp():
    columns = np.broadcast_to(np.arange(64) % 2, (128, 64)).astype(np.float32)
    turned = LinearMap(np.array([[0.0, 4.0], [1.0, 0.0]]), np.zeros(2))
    sampled = turned.sampled(columns, (64, 32))
    np.testing.assert_allclose(sampled, np.broadcast_to((np.arange(64) % 2)[:, None], (64, 32)), atol=1e-6)


@RANKS
def test_a_field_after_sampling_leads_to_the_moving_image_itself(rng, rank):
    size, linear = SIZES[rank], some_map(rng, rank)
    field = np.stack([smooth_image(rng, size) for _ in range(rank)], axis=-1) * 20
    grid = np.moveaxis(np.indices(size), 0, -1)
    composed = linear.composed(field)
    assert composed.dtype == np.float32
    np.testing.assert_allclose(grid + composed, applied(linear, grid + field), atol=1e-4)
    assert LinearMap.identity(rank).composed(field) is field
    np.testing.assert_allclose(linear.decomposed(composed), field, atol=1e-4)
    assert LinearMap.identity(rank).decomposed(field) is field


def test_inside_counts_whole_pixels():
    field = np.zeros((4, 6, 2), np.float32)
    field[0, :, 0] = -0.6
    field[1, 0, 1] = -0.4
    expected = np.zeros((4, 6), bool)
    # Of 3 rows and 5 columns, pixels reach half a pixel beyond their centers.
    expected[1:3, :5] = True
    np.testing.assert_array_equal(inside(field, (3, 5)), expected)
    field[:, 5, 1] = -0.6
    expected[1:3, 5] = True
    np.testing.assert_array_equal(inside(field, (3, 5)), expected)


def test_overlap_of_a_shift():
    overlap = LinearMap(np.eye(2), np.array([3.0, -2.0])).overlap((10, 10), (10, 10))
    expected = np.zeros((10, 10), bool)
    expected[:7, 2:] = True
    np.testing.assert_array_equal(overlap, expected)


@RANKS
def test_the_inverse_leads_back(rng, rank):
    linear, points = some_map(rng, rank), rng.normal(size=(5, rank))
    np.testing.assert_allclose(linear.applied(points), applied(linear, points))
    np.testing.assert_allclose(linear.inverse().applied(linear.applied(points)), points, atol=1e-9)
