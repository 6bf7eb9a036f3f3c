import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import center_of_mass, gaussian_filter

from dirv_tf import geometry

SIZES = {2: (40, 36), 3: (24, 26, 28)}


def smooth_field(rng, size, length, batch=1):
    """A smooth field whose longest displacement is `length` pixels."""
    rank = len(size)
    noise = gaussian_filter(rng.normal(size=(batch, *size, rank)), [0] + [5] * rank + [0], mode="nearest")
    return (length * noise / np.linalg.norm(noise, axis=-1).max()).astype("float32")


def steepness(field):
    return np.abs(np.linalg.norm(geometry.image_gradient(field).numpy(), ord=2, axis=(-2, -1))).max()


@pytest.mark.parametrize("rank", [2, 3])
def test_a_blob_of_the_moving_image_appears_where_the_point_goes(rank, rng):
    size = SIZES[rank]
    field = smooth_field(rng, size, 3.0) + 0.8
    points = rng.uniform(8, np.array(size) - 9, (4, rank))
    mapped, residual = geometry.warp_points_inverse(points[None], field)
    assert residual.numpy().max() < 1e-3
    assert np.linalg.norm(points - mapped[0], axis=-1).min() > 0.5
    grid = np.stack(np.indices(size), -1)
    for point, expected in zip(points, mapped[0].numpy()):
        blob = np.exp(-0.5 * np.sum((grid - point) ** 2, axis=-1) / 0.8**2).astype("float32")
        warped = geometry.warp_image(blob[None, ..., None], field)[0, ..., 0].numpy()
        assert np.linalg.norm(np.array(center_of_mass(warped)) - expected) < 0.1


@pytest.mark.parametrize("length", [4.0, 9.0])
@pytest.mark.parametrize("rank", [2, 3])
def test_warp_points_leads_back(rank, length, rng):
    field = smooth_field(rng, SIZES[rank], length, batch=2)
    # The second field is too steep for the fixed-point iteration.
    assert (steepness(field) > 1) == (length == 9.0)
    fixed_points = rng.uniform(0, np.array(SIZES[rank]) - 1, (2, 30, rank))
    moving_points = geometry.warp_points(fixed_points, field)
    found, residual = geometry.warp_points_inverse(moving_points, field)
    assert residual.numpy().max() < 1e-3
    np.testing.assert_allclose(geometry.warp_points(found, field), moving_points, atol=1e-3)


def test_steep_fields_without_folds_have_one_solution():
    # y + F(y) = 3.5 y - 30: the fixed-point iteration diverges.
    grid = np.stack(np.meshgrid(*[np.arange(25.0)] * 2, indexing="ij"), -1)
    field = (2.5 * (grid - 12))[None].astype("float32")
    points = np.array([[[12.0, 5.0], [-20.0, 40.0], [53.5, 12.25]]])
    found, residual = geometry.warp_points_inverse(points, field)
    np.testing.assert_allclose(found, (points + 30) / 3.5, atol=1e-3)
    assert residual.numpy().max() < 1e-3


def test_points_that_no_pixel_maps_to_are_told_by_their_residual():
    # Every point goes to the middle of the first axis.
    grid = np.stack(np.meshgrid(*[np.arange(21.0)] * 2, indexing="ij"), -1)
    field = np.zeros((1, 21, 21, 2), "float32")
    field[0, ..., 0] = 10 - grid[..., 0]
    found, residual = geometry.warp_points_inverse([[[10.0, 4.0], [13.0, 4.0]]], field)
    assert np.all(np.isfinite(found))
    np.testing.assert_allclose(residual[0, 0], 0, atol=1e-3)
    # Beyond the border the field is constant, so that there the point is found again.
    np.testing.assert_allclose(geometry.warp_points(found, field)[0, 0], [10, 4], atol=1e-3)


def test_the_map_also_runs_in_a_graph_of_unknown_size(rng):
    function = tf.function(
        geometry.warp_points_inverse,
        input_signature=[tf.TensorSpec([None, None, 2]), tf.TensorSpec([None, None, None, 2])],
    )
    field = smooth_field(rng, SIZES[2], 3.0)
    points = rng.uniform(5, 30, (1, 7, 2)).astype("float32")
    for got, expected in zip(function(points, field), geometry.warp_points_inverse(points, field)):
        np.testing.assert_allclose(got, expected, atol=1e-3)


def test_errors_name_the_shapes():
    field = np.zeros((1, 8, 8, 2), "float32")
    for points in (np.zeros((4, 2)), np.zeros((1, 4, 3))):
        with pytest.raises(ValueError, match=r"shape \(B, P, 2\)"):
            geometry.warp_points_inverse(points, field)
    with pytest.raises(ValueError, match="iterations=0"):
        geometry.warp_points_inverse(np.zeros((1, 4, 2)), field, iterations=0)
