import numpy as np
import pytest
from scipy import linalg, ndimage

from dirv_tf.registration.alignment.features import feature_maps
from dirv_tf.registration.alignment.refinement import PoseRefinement, _exponential, _generators


def maps_of(image):
    return feature_maps(image, np.ones_like(image), 1)


@pytest.mark.parametrize("rank, counts", [(2, (2, 3, 4, 6)), (3, (3, 6, 7, 12))])
def test_numbers_of_parameters(rank, counts):
    for transform, count in zip(("translation", "rigid", "similarity", "affine"), counts):
        generators = _generators(rank, transform)
        assert generators.shape == (count, rank, rank + 1)
        assert np.linalg.matrix_rank(generators.reshape(count, -1)) == count


def test_exponential(rng):
    for size in (3, 4):
        matrix = rng.normal(size=(size, size))
        np.testing.assert_allclose(_exponential(matrix), linalg.expm(matrix), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("size", [(64, 56), (28, 30, 26)])
def test_a_near_pose_is_refined_to_a_part_of_a_pixel(rng, size):
    rank = len(size)
    fixed = ndimage.gaussian_filter(rng.uniform(size=size), 2.0).astype(np.float32)
    center = (np.array(size) - 1) / 2
    matrix = linalg.expm(0.05 * rng.uniform(-1, 1, (rank, rank)))
    translation = center - matrix @ center + rng.uniform(-1, 1, rank)
    inverse = np.linalg.inv(matrix)
    moving = ndimage.affine_transform(fixed, inverse, -inverse @ translation, mode="nearest").astype(np.float32)
    level = PoseRefinement(maps_of(fixed), maps_of(-moving), "affine")
    found_matrix, found_translation, similarity = level.refined(np.eye(rank), np.zeros(rank), 30)
    corners = np.array(list(np.ndindex(*[2] * rank))) * (np.array(size) - 1)
    errors = corners @ (found_matrix - matrix).T + found_translation - translation
    assert np.linalg.norm(errors, axis=1).max() < 0.5
    assert similarity == level.similarity(found_matrix, found_translation)[0] > 0.85
    assert similarity > level.similarity(np.eye(rank), np.zeros(rank))[0] + 0.05


def test_no_step_is_taken_that_makes_a_pose_worse(rng):
    images = [ndimage.gaussian_filter(rng.uniform(size=(50, 50)), 1.5).astype(np.float32) for _ in range(2)]
    level = PoseRefinement(*map(maps_of, images), "similarity")
    for shift in ([0.0, 0.0], [6.0, -9.0]):
        before, _ = level.similarity(np.eye(2), np.array(shift))
        assert level.refined(np.eye(2), np.array(shift), 10)[2] >= before


def test_similarity_and_overlap_of_a_shift(rng):
    image = ndimage.gaussian_filter(rng.uniform(size=(60, 60)), 1.5).astype(np.float32)
    level = PoseRefinement(maps_of(image), maps_of(image), "translation")
    similarity, overlap = level.similarity(np.eye(2), np.zeros(2))
    assert similarity == pytest.approx(1, abs=1e-5) and overlap == 1
    assert level.similarity(np.eye(2), np.array([15.0, 0.0]))[1] == pytest.approx(0.75)
    assert level.similarity(np.eye(2), np.array([100.0, 0.0])) == (0.0, 0.0)


def test_steps_stay_within_bounds_along_stripes():
    """Nothing tells how far to go there; warnings, of an overflow too, are errors."""
    stripes = np.tile(0.5 + 0.5 * np.sin(np.arange(128) / 3)[:, None], (1, 128)).astype(np.float32)
    level = PoseRefinement(maps_of(stripes), maps_of(np.roll(stripes, 4, axis=0)), "affine")
    matrix, translation, similarity = level.refined(np.eye(2), np.zeros(2), 30)
    assert np.abs(matrix - np.eye(2)).max() < 1 and np.abs(translation).max() < 128 and similarity <= 1
