import numpy as np
import pytest
from scipy import ndimage

import dirv_tf
from dirv_tf.registration.alignment.reduced_pair import enlarged_field, enlarged_map, reduced_field, reduced_pair
from dirv_tf.registration.images.pair import Pair
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.route import first_field

TURNED = LinearMap(np.array([[0.9, 0.2], [-0.1, 1.1]]), np.array([5.0, -3.0]))


@pytest.mark.parametrize("factor", [2, 3])
def test_the_linear_map_of_a_reduced_pair_leads_to_the_same_places(factor):
    pair = reduced_pair(Pair(np.zeros((30, 24), np.float32), np.zeros((36, 30), np.float32), TURNED), factor)
    assert pair.fixed.shape == (30 // factor, 24 // factor)
    middles = np.array([[0, 0], [3, 5], [7, 2]], float)
    whole = factor * middles + (factor - 1) / 2
    there = factor * pair.linear.applied(middles) + (factor - 1) / 2
    np.testing.assert_allclose(there, TURNED.applied(whole), atol=1e-9)
    back = enlarged_map(pair.linear, factor)
    np.testing.assert_allclose(back.applied(whole), TURNED.applied(whole), atol=1e-9)


def test_a_block_counts_where_most_of_it_does():
    mask = np.zeros((4, 4), bool)
    mask[0, :2] = mask[1, 0] = mask[2:, 2:] = True
    image = np.arange(16, dtype=np.float32).reshape(4, 4)
    pair = reduced_pair(Pair(image, image, LinearMap.identity(2), mask=mask), 2)
    assert pair.mask.tolist() == [[True, False], [False, True]] and pair.moving_mask is None
    np.testing.assert_allclose(pair.fixed, [[2.5, 4.5], [10.5, 12.5]])


@pytest.mark.parametrize("factor, size", [(2, (30, 26)), (3, (31, 25)), (2, (16, 18, 17))])
def test_smooth_fields_survive_the_way_there_and_back(factor, size):
    places = np.stack(np.indices(size, np.float32), axis=-1)
    field = 0.1 * places[..., ::-1] - 0.05 * places + 2
    small = reduced_field(field, factor)
    assert small.shape == (*(-(-side // factor) for side in size), len(size))
    inside = (slice(factor, -2 * factor),) * len(size)
    np.testing.assert_allclose(enlarged_field(small, factor, size)[inside], field[inside], atol=1e-4)


def test_a_large_image_with_a_torn_part_is_searched_at_a_reduced_size(rng, monkeypatch):
    size = (176, 176)
    moving = ndimage.gaussian_filter(rng.normal(size=size), 3)
    moving = ((moving - moving.min()) / np.ptp(moving)).astype(np.float32)
    true = np.stack([ndimage.gaussian_filter(rng.normal(size=size), 16) for _ in range(2)])
    true *= 5 / np.abs(true).max()
    fixed = ndimage.map_coordinates(moving, np.indices(size) + true, order=1, mode="nearest").astype(np.float32)
    fixed[60:105, 70:115] = fixed.mean()
    seen = []
    searched = first_field._searched
    monkeypatch.setattr(
        first_field, "_searched", lambda pair, *others: seen.append(pair.fixed.shape) or searched(pair, *others)
    )
    result = dirv_tf.register(fixed, moving)
    assert set(seen) == {(88, 88)}
    error = np.linalg.norm(np.moveaxis(result.flow_field, -1, 0) - true, axis=0)
    error[50:115, 60:125] = 0
    assert error[10:-10, 10:-10].mean() < 0.2
