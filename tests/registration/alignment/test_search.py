import numpy as np
import pytest
from scipy import ndimage

from dirv_tf.registration import register
from dirv_tf.registration.alignment.features import block_mean, content_box, content_weight, feature_maps
from dirv_tf.registration.alignment.search import candidate_matrices, search_poses


def textured(rng, size):
    return ndimage.gaussian_filter(rng.uniform(size=size), 1.5).astype(np.float32)


def maps_of(image):
    return feature_maps(image, content_weight(image), 1)


@pytest.mark.parametrize("rank, rotations", [(2, 24), (3, 27 + 23)])
def test_candidates(rank, rotations):
    assert len(candidate_matrices(rank, "rigid", False)) == rotations
    matrices = np.array(candidate_matrices(rank, "affine", False))
    np.testing.assert_array_equal(matrices[0], np.eye(rank))
    assert len(matrices) == 3 * rotations == len(np.unique(matrices.round(6), axis=0))
    assert (np.linalg.det(matrices) > 0).all()
    both = np.array(candidate_matrices(rank, "affine", True))
    assert len(both) == 6 * rotations and (np.linalg.det(both) < 0).sum() == 3 * rotations
    assert len(candidate_matrices(rank, "translation", False)) == 1


@pytest.mark.parametrize("size, shift", [((40, 52), (9, -14)), ((20, 24, 18), (-4, 6, 3))])
def test_the_best_shift_comes_first(rng, size, shift):
    whole = textured(rng, [side + 2 * abs(step) for side, step in zip(size, shift)])
    fixed = whole[tuple(slice(abs(step), abs(step) + side) for side, step in zip(size, shift))]
    moving = whole[tuple(slice(abs(step) - step, abs(step) - step + side) for side, step in zip(size, shift))]
    poses = search_poses(maps_of(fixed), maps_of(moving), [np.eye(len(size))])
    np.testing.assert_allclose(poses[0].translation, shift, atol=1e-9)
    assert poses[0].score > 1.5 * poses[1].score


def test_maps_do_not_depend_on_contrast_and_brightness(rng):
    image = textured(rng, (48, 48))
    maps, others = maps_of(image).maps, maps_of(0.8 - 0.3 * image).maps
    np.testing.assert_allclose(others[0], -maps[0], atol=1e-3)
    np.testing.assert_allclose(others[1], maps[1], atol=1e-3)


def test_the_padding_of_an_image_changes_no_map(rng):
    image = textured(rng, (48, 36)) + 0.5
    padded = np.pad(image, ((12, 9), (6, 15)))
    weight = content_weight(padded)
    np.testing.assert_array_equal(weight, np.pad(np.ones_like(image), ((12, 9), (6, 15))))
    assert content_box(weight) == (slice(12, 60), slice(6, 42))
    for mine, alone in zip(feature_maps(padded, weight, 3).maps, feature_maps(image, np.ones_like(image), 3).maps):
        np.testing.assert_allclose(mine[4:20, 2:14], alone, atol=1e-4)


def test_a_constant_region_inside_the_image_is_content(rng):
    image = textured(rng, (40, 40))
    image[10:30, 10:30] = 0.5
    np.testing.assert_array_equal(content_weight(image), 1)


def test_an_image_of_constant_cells_alone_has_content_everywhere():
    cells = np.kron([[0.1, 0.9], [0.8, 0.2]], np.ones((16, 16))).astype(np.float32)
    np.testing.assert_array_equal(content_weight(cells), 1)
    result = register(cells, np.roll(cells, 1, axis=0))
    assert result.flow_field.shape == (32, 32, 2) and np.isfinite(result.flow_field).all()


def test_block_means_keep_the_last_incomplete_blocks():
    np.testing.assert_allclose(block_mean(np.arange(5, dtype=np.float32), 2), [0.5, 2.5, 4])
    image = np.arange(24, dtype=np.float32).reshape(4, 6)
    np.testing.assert_allclose(block_mean(image, 2), [[3.5, 5.5, 7.5], [15.5, 17.5, 19.5]])
