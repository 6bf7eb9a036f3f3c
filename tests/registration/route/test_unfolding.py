"""Folds are smoothed away where they are."""

import numpy as np
import pytest

from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.route.field_checks import determinants, explained_share
from dirv_tf.registration.route.unfolding import locally_smoothed, unfolded


@pytest.mark.parametrize("size", [(40, 36), (18, 20, 16)])
def test_a_fold_goes_and_the_rest_stays(size):
    field = np.full((*size, len(size)), 0.25, np.float32)
    field[(slice(6, 9),) * len(size)] = -4
    assert (determinants(field) <= 0).any()
    smooth = locally_smoothed(field)
    assert (determinants(smooth) > 0).all()
    far = (slice(-4, None),) * len(size)
    np.testing.assert_array_equal(smooth[far], field[far])


def test_a_field_without_folds_is_itself(rng):
    field = rng.uniform(-0.2, 0.2, (12, 12, 2)).astype(np.float32)
    assert locally_smoothed(field) is field


def test_a_folded_field_is_replaced_if_its_successor_explains_the_images(rng):
    rows, columns = np.mgrid[:40, :40]
    image = (0.5 + 0.4 * np.sin(rows / 4) * np.cos(columns / 5)).astype(np.float32)
    pair = Pair(image, image, LinearMap.identity(2))
    field = np.zeros((40, 40, 2), np.float32)
    field[20, 20] = 3
    found, explained = unfolded(pair, Found(field, "given"), explained_share(pair, field))
    assert (determinants(found.flow_field) > 0).all() and explained > 0.99 and found.method == "given"
    whole = Found(np.zeros((40, 40, 2), np.float32), "whole")
    assert unfolded(pair, whole, 1.0) == (whole, 1.0)
