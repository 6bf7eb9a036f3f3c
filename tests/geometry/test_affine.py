import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.synthesis import affine_fields
from dirv_tf.synthesis.affine import affine_parameters


def planes(rank):
    return rank * (rank - 1) // 2


def random_parameters(rng, rank, count=4):
    return (
        rng.uniform(-np.pi, np.pi, (count, planes(rank))),
        rng.uniform(0.5, 1.5, (count, rank)),
        rng.uniform(-0.5, 0.5, (count, planes(rank))),
    )


@pytest.mark.parametrize("size", [(5, 8), (4, 6, 3)])
def test_no_angles_shears_and_unit_scales_move_nothing(size):
    rank = len(size)
    zeros = tf.zeros((2, planes(rank)))
    matrix = geometry.affine_matrix(zeros, tf.ones((2, rank)), zeros)
    field = geometry.affine_flow_field(matrix, tf.zeros((2, rank)), size)
    assert field.shape == (2, *size, rank)
    np.testing.assert_array_equal(field, 0)


@pytest.mark.parametrize("sign, turns", [(1, -1), (-1, 1)])
def test_a_quarter_turn_of_a_square_is_rot90(rng, sign, turns):
    image = rng.uniform(size=(7, 7))
    angle = tf.constant([[sign * np.pi / 2]], tf.float64)
    field = geometry.affine_flow_field(geometry.rotation_matrices(angle, 2), tf.zeros((1, 2), tf.float64), (7, 7))
    warped = geometry.warp_image(tf.constant(image[None, ..., None]), field)[0, ..., 0]
    np.testing.assert_allclose(warped, np.rot90(image, turns), atol=1e-12)


def test_rotations_of_planes_are_multiplied_from_the_left():
    angles = np.array([0.3, -0.7, 1.1])
    expected = np.eye(3)
    for angle, (i, j) in zip(angles, [(0, 1), (0, 2), (1, 2)]):
        rotation = np.eye(3)
        rotation[i, i] = rotation[j, j] = np.cos(angle)
        rotation[i, j], rotation[j, i] = -np.sin(angle), np.sin(angle)
        expected = rotation @ expected
    np.testing.assert_allclose(geometry.rotation_matrices(tf.constant(angles[None]), 3)[0], expected, atol=1e-14)


@pytest.mark.parametrize("rank", [2, 3])
def test_rotations_are_orthogonal_without_reflection(rng, rank):
    matrices = geometry.rotation_matrices(tf.constant(rng.uniform(-4, 4, (6, planes(rank)))), rank).numpy()
    np.testing.assert_allclose(matrices @ matrices.transpose(0, 2, 1), np.tile(np.eye(rank), (6, 1, 1)), atol=1e-14)
    np.testing.assert_allclose(np.linalg.det(matrices), 1, atol=1e-14)


@pytest.mark.parametrize("rank", [2, 3])
def test_a_matrix_is_scaling_times_shear_times_rotation(rng, rank):
    angles, scales, shears = random_parameters(rng, rank)
    matrices = geometry.affine_matrix(*map(tf.constant, (angles, scales, shears))).numpy()
    rotations = geometry.rotation_matrices(tf.constant(angles), rank).numpy()
    for matrix, rotation, scale, shear in zip(matrices, rotations, scales, shears):
        upper = np.eye(rank)
        upper[np.triu_indices(rank, 1)] = shear
        np.testing.assert_allclose(matrix, np.diag(scale) @ upper @ rotation, atol=1e-14)
    np.testing.assert_allclose(np.linalg.det(matrices), scales.prod(axis=1), rtol=1e-12)


@pytest.mark.parametrize("size", [(9, 12), (6, 7, 8)])
def test_the_jacobian_determinant_is_that_of_the_matrix(rng, size):
    rank = len(size)
    matrix = geometry.affine_matrix(*map(tf.constant, random_parameters(rng, rank)))
    field = geometry.affine_flow_field(matrix, tf.constant(rng.normal(size=(4, rank))), size)
    determinants = geometry.jacobian_determinant(field).numpy().reshape(4, *size)
    inside = (slice(None),) + (slice(1, -1),) * rank
    expected = np.linalg.det(matrix.numpy()).reshape([4] + [1] * rank)
    np.testing.assert_allclose(determinants[inside] / expected, 1, rtol=1e-10)


@pytest.mark.parametrize("size", [(40, 56), (16, 24, 20)])
def test_fields_are_those_of_the_synthetic_pairs_inverted(size):
    indices = tf.range(4)
    matrices, translations, offsets = affine_parameters(len(size), 42, indices)
    inverses = tf.linalg.inv(matrices)
    # Theirs turn about a center of their own.
    translation = offsets - tf.linalg.matvec(inverses, offsets + translations)
    fields = geometry.affine_flow_field(inverses, translation, size)
    np.testing.assert_allclose(fields, affine_fields(size, 42, indices), atol=2e-5)


@pytest.mark.parametrize("size", [(11, 6), (5, 9, 4)])
def test_normalized_coordinates(rng, size):
    rank = len(size)
    matrix, translation = rng.normal(size=(3, rank, rank)), rng.normal(size=(3, rank))
    in_pixels = geometry.normalized_to_pixels(tf.constant(matrix), tf.constant(translation), size)
    field = geometry.affine_flow_field(*in_pixels, size).numpy()
    for image in range(3):
        for pixel in rng.integers(0, size, (10, rank)):
            normalized = 2 * pixel / (np.array(size) - 1) - 1
            mapped = matrix[image] @ normalized + translation[image]
            expected = (mapped + 1) * (np.array(size) - 1) / 2 - pixel
            np.testing.assert_allclose(field[(image, *pixel)], expected, atol=1e-12)
    for back, original in zip(geometry.pixels_to_normalized(*in_pixels, size), (matrix, translation)):
        np.testing.assert_allclose(back, original, atol=1e-12)


def test_gradients_reach_every_parameter(check_gradients, rng):
    angles, scales, shears = random_parameters(rng, 3, 2)

    def field(angles, scales, shears, translation):
        return geometry.affine_flow_field(geometry.affine_matrix(angles, scales, shears), translation, (4, 3, 5))

    check_gradients(field, angles, scales, shears, rng.normal(size=(2, 3)))


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"Received: angles.shape=\(1, 2\)"):
        geometry.rotation_matrices(tf.zeros((1, 2)), 3)
    with pytest.raises(ValueError, match=r"shears.shape=\(1, 2\)"):
        geometry.affine_matrix(tf.zeros((1, 1)), tf.ones((1, 2)), tf.zeros((1, 2)))
    with pytest.raises(ValueError, match=r"matrix.shape=\(1, 2, 2\)"):
        geometry.affine_flow_field(tf.eye(2)[None], tf.zeros((1, 2)), (4, 4, 4))
    with pytest.raises(ValueError, match=r"translation.shape=\(1, 3\)"):
        geometry.affine_flow_field(tf.eye(2)[None], tf.zeros((1, 3)), (4, 4))
    with pytest.raises(ValueError, match=r"size=\(1, 4\)"):
        geometry.normalized_to_pixels(tf.eye(2)[None], tf.zeros((1, 2)), (1, 4))


def test_composed_maps_warp_an_image_by_the_first_and_the_result_by_the_second(rng):
    first, second = ((rng.normal(size=(3, 2, 2)), rng.normal(size=(3, 2))) for _ in range(2))
    matrix, translation = geometry.compose_affine(first, second)
    points = rng.normal(size=(3, 2))
    inside = np.einsum("bij,bj->bi", second[0], points) + second[1]
    expected = np.einsum("bij,bj->bi", first[0], inside) + first[1]
    np.testing.assert_allclose(np.einsum("bij,bj->bi", matrix, points) + translation, expected, atol=1e-12)


def test_normalized_maps_of_a_size_that_is_known_at_run_time_only(rng):
    matrix, translation = rng.normal(size=(1, 2, 2)), rng.normal(size=(1, 2))
    known = geometry.normalized_to_pixels(matrix, translation, (9, 17))
    found = geometry.normalized_to_pixels(matrix, translation, tf.unstack(tf.constant([9, 17])))
    for each, expected in zip(found, known):
        np.testing.assert_array_equal(each, expected)
