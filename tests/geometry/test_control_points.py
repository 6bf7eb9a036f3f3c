import itertools

import numpy as np
import pytest

from dirv_tf import geometry

CASES = [((3, 4), (4, 4)), ((3, 4), (2, 4)), ((2, 3, 3), (4, 4, 4)), ((2, 3, 3), (4, 2, 1))]


def hat(distance, spacing):
    return max(0.0, 1 - abs(distance) / spacing)


def brute_force_interpolation(values, spacing):
    """First-degree B-splines of the edge-padded control points, by loops over pixels and control points."""
    grid = values.shape[1:-1]
    padded = np.pad(values, [(0, 0), *[(0, 1)] * len(grid), (0, 0)], mode="edge")
    result = np.zeros((len(values), *(g * s for g, s in zip(grid, spacing)), values.shape[-1]))
    for pixel in itertools.product(*(range(n) for n in result.shape[1:-1])):
        for point in itertools.product(*(range(g + 1) for g in grid)):
            weight = np.prod([hat(p - s * k, s) for p, k, s in zip(pixel, point, spacing)])
            if weight:
                result[(slice(None), *pixel)] += weight * padded[(slice(None), *point)]
    return result


@pytest.mark.parametrize("grid, spacing", CASES)
def test_interpolation_agrees_with_b_splines(grid, spacing, rng):
    values = rng.normal(size=(2, *grid, len(grid))).astype("float32")
    interpolated = geometry.interpolate_control_points(values, spacing)
    np.testing.assert_allclose(interpolated, brute_force_interpolation(values, spacing), atol=1e-5)


@pytest.mark.parametrize("grid, spacing", CASES)
def test_sampling_undoes_interpolation(grid, spacing, rng):
    values = rng.normal(size=(1, *grid, len(grid))).astype("float32")
    dense = geometry.interpolate_control_points(values, spacing)
    np.testing.assert_allclose(geometry.sample_control_points(dense, spacing), values, atol=1e-6)


@pytest.mark.parametrize("grid, spacing", CASES)
def test_force_is_the_strided_convolution_with_the_linear_smoothing_kernel(grid, spacing, rng):
    size = [g * s for g, s in zip(grid, spacing)]
    force = rng.normal(size=(1, *size, len(grid))).astype("float32")
    kernel = geometry.linear_smoothing_kernel(spacing)
    assert kernel.shape == tuple(2 * s - 1 for s in spacing)
    expected = np.zeros((1, *grid, len(grid)))
    for point in itertools.product(*(range(g) for g in grid)):
        for tap in itertools.product(*(range(n) for n in kernel.shape)):
            pixel = [s * k + t - (s - 1) for k, t, s in zip(point, tap, spacing)]
            if all(0 <= p < n for p, n in zip(pixel, size)):
                expected[(0, *point)] += kernel[tap] * force[(0, *pixel)]
    np.testing.assert_allclose(geometry.control_point_force(force, spacing), expected, atol=1e-5)


@pytest.mark.parametrize("grid, spacing", CASES)
def test_force_is_the_adjoint_of_interpolation(grid, spacing, rng):
    values = rng.normal(size=(1, *grid, len(grid)))
    for axis in range(1, len(grid) + 1):
        # Beyond the last control point the interpolation is constant, the force sees zeros: equal where the field ends.
        values[(slice(None),) * axis + (-1,)] = 0
    force = rng.normal(size=(1, *(g * s for g, s in zip(grid, spacing)), len(grid)))
    left = np.sum(geometry.interpolate_control_points(values, spacing).numpy() * force)
    right = np.sum(values * geometry.control_point_force(force, spacing).numpy())
    assert left == pytest.approx(right, rel=1e-12)


@pytest.mark.parametrize("rank", [2, 3])
def test_gradients(rank, rng, check_gradients):
    check_gradients(geometry.interpolate_control_points, rng.normal(size=(1, *(3, 2, 2)[:rank], rank)))
    check_gradients(geometry.control_point_force, rng.normal(size=(1, *(12, 8, 4)[:rank], rank)))


def test_errors():
    with pytest.raises(ValueError, match=r"multiple of the control-point spacing \(4, 4\).*\(1, 8, 9, 2\)"):
        geometry.control_point_force(np.zeros((1, 8, 9, 2), "float32"))
    with pytest.raises(ValueError, match="spacing=0"):
        geometry.interpolate_control_points(np.zeros((1, 2, 2, 2), "float32"), 0)
    with pytest.raises(ValueError, match=r"spacing=\(4, 4\)"):
        geometry.sample_control_points(np.zeros((1, 8, 8, 8, 3), "float32"), (4, 4))


@pytest.mark.parametrize("grid, spacing", CASES)
def test_data_force_is_weights_times_image_gradient_gathered(grid, spacing, rng):
    size = [g * s for g, s in zip(grid, spacing)]
    weights, image = rng.normal(size=(2, 2, *size, 1)).astype("float32")
    expected = geometry.control_point_force(weights * geometry.image_gradient(image)[..., 0, :], spacing)
    force = geometry.data_force(weights, image, spacing)
    assert force.shape == (2, *grid, len(grid))
    np.testing.assert_allclose(force, expected, atol=1e-6)


@pytest.mark.parametrize("rank", [2, 3])
def test_gradients_of_the_data_force(rank, rng, check_gradients):
    weights, image = rng.normal(size=(2, 1, *[4] * rank, 1))
    check_gradients(lambda weights: geometry.data_force(weights, image, 2), weights)
    check_gradients(lambda image: geometry.data_force(weights, image, 2), image)


def test_errors_of_the_data_force():
    image = np.zeros((1, 8, 8, 1), "float32")
    with pytest.raises(ValueError, match="must have the same shape"):
        geometry.data_force(np.zeros((1, 8, 4, 1), "float32"), image)
    with pytest.raises(ValueError, match="with one channel"):
        geometry.data_force(np.zeros((1, 8, 8, 2), "float32"), np.zeros((1, 8, 8, 2), "float32"))
    with pytest.raises(ValueError, match="multiple of the control-point spacing"):
        geometry.data_force(image, image, 3)
