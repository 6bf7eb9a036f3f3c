"""One field in the place of two."""

from __future__ import annotations

import numpy as np
import pytest

from dirv_tf.registration import compose_fields
from dirv_tf.registration.maps import field_composition
from dirv_tf.registration.maps.linear_map import LinearMap


def linear_map(rank, seed):
    random = np.random.default_rng(seed)
    return LinearMap(np.eye(rank) + random.normal(scale=0.3, size=(rank, rank)), random.normal(scale=9, size=rank))


@pytest.mark.parametrize("size", [(20, 24), (9, 10, 11)])
def test_linear_maps_are_composed_exactly_also_beyond_the_border(size):
    first, second = linear_map(len(size), 1), linear_map(len(size), 2)
    middle = tuple(side + 3 for side in size)
    composed = compose_fields(first.flow_field(size), second.flow_field(middle), second)
    assert not first.overlap(size, middle).all(), "some must pass outside"
    np.testing.assert_allclose(composed, second.after(first).flow_field(size), atol=1e-4)
    # The linear part can be told from the field.
    np.testing.assert_allclose(compose_fields(first.flow_field(size), second.flow_field(middle)), composed, atol=1e-3)


def test_each_pixel_goes_where_the_two_maps_lead(known):
    first = LinearMap(1.1 * np.eye(known.rank), np.full(known.rank, 3.25))
    composed = compose_fields(first.flow_field((20,) * known.rank), known.flow_field(), known.linear)
    start = known.grid((20,) * known.rank)
    between = first.applied(start)
    inside = ((between >= 0) & (between <= np.array(known.size) - 1)).all(axis=-1)
    assert 0.5 < inside.mean()
    # The second map is linear between its pixels.
    np.testing.assert_allclose((start + composed)[inside], known(between)[inside], atol=0.03)


def test_blocks_give_what_the_whole_gives(known, monkeypatch):
    first = linear_map(known.rank, 4).flow_field((12,) * known.rank)
    whole = compose_fields(first, known.flow_field())
    monkeypatch.setattr(field_composition, "_BLOCK_PIXELS", 30)
    np.testing.assert_array_equal(compose_fields(first, known.flow_field()), whole)


def test_errors_name_the_argument():
    field = np.zeros((8, 8, 2))
    with pytest.raises(ValueError, match=r"one rank.*second.shape=\(4, 4, 4, 3\)"):
        compose_fields(field, np.zeros((4, 4, 4, 3)))
    with pytest.raises(ValueError, match="second with NaN"):
        compose_fields(field, np.full((8, 8, 2), np.nan))
