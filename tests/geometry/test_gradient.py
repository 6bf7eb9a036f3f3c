import numpy as np
import pytest

from dirv_tf import geometry

SIZES = {2: (7, 9), 3: (5, 6, 4)}


@pytest.mark.parametrize("rank", [2, 3])
def test_image_gradient_agrees_with_numpy(rank, rng):
    image = rng.random((2, *SIZES[rank], 2)).astype("float32")
    gradient = geometry.image_gradient(image).numpy()
    for axis in range(rank):
        np.testing.assert_allclose(gradient[..., axis], np.gradient(image, axis=axis + 1), atol=1e-6)


@pytest.mark.parametrize("rank", [2, 3])
def test_gradients_of_the_image_gradient(rank, rng, check_gradients):
    check_gradients(geometry.image_gradient, rng.random((1, *SIZES[rank], 1)))


@pytest.mark.parametrize("rank", [2, 3])
def test_jacobian_of_a_linear_field_is_its_determinant(rank, rng):
    size = SIZES[rank]
    matrix = rng.normal(0, 0.5, (rank, rank))
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in size], indexing="ij"), -1)
    field = (grid @ matrix.T)[None].astype("float32")
    expected = np.linalg.det(np.eye(rank) + matrix)
    np.testing.assert_allclose(geometry.jacobian_determinant(field), np.full((1, *size), expected), atol=1e-4)


def test_a_mirrored_axis_is_folded():
    grid = np.stack(np.meshgrid(np.arange(6.0), np.arange(6.0), indexing="ij"), -1)
    field = np.stack([-2 * grid[..., 0], 0 * grid[..., 1]], -1)[None].astype("float32")
    assert np.all(geometry.jacobian_determinant(field).numpy() < 0)
