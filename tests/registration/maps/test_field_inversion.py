"""Inverse fields beside maps whose inverse is a formula, and maps that have none."""

from __future__ import annotations

import numpy as np
import pytest

from dirv_tf.registration import compose_fields, invert_field
from dirv_tf.registration.maps import field_composition


def lengths(field):
    return np.linalg.norm(field, axis=-1)


def test_the_inverse_is_that_of_the_formula(known):
    inverse = invert_field(known.flow_field(), known.moving_size, known.linear)
    places = known.grid(known.moving_size)
    expected = known.back(places)
    inside = ((expected >= -0.5) & (expected <= np.array(known.size) - 0.5)).all(axis=-1)
    assert 0.5 < inside.mean() < 0.99
    # Linear between the pixels, the field is no longer the formula's to the last digit; so is the border.
    assert (inverse.has_inverse != inside).mean() < 0.005
    assert inverse.outside_percent == pytest.approx(100 * (1 - inside.mean()), abs=0.5)
    assert inverse.folded_percent == 0 and inverse.flow_field.dtype == np.float32
    # Beyond the centers of the outermost pixels the field is that of the border.
    inside &= inverse.has_inverse & ((expected >= 0) & (expected <= np.array(known.size) - 1)).all(axis=-1)
    assert lengths(inverse.flow_field - (expected - places))[inside].max() < 0.05
    assert inverse.round_trip_mean < 0.02 and inverse.round_trip_max < 0.1
    assert np.isfinite(inverse.flow_field).all()


def test_map_and_inverse_undo_each_other_in_both_orders(known):
    field = known.flow_field()
    # Of a field alone, the linear part is the nearest one.
    inverse = invert_field(field, known.moving_size)
    back = lengths(compose_fields(inverse.flow_field, field))[inverse.has_inverse]
    assert back.max() < 2e-3
    np.testing.assert_allclose((inverse.residual_mean, inverse.residual_max), (back.mean(), back.max()), atol=1e-5)
    targets = known.grid(known.size) + field
    inside = ((targets >= 1) & (targets <= np.array(known.moving_size) - 2)).all(axis=-1)
    start = known.grid(known.size)
    inside &= ((start >= 2) & (start <= np.array(known.size) - 3)).all(axis=-1)
    assert lengths(compose_fields(field, inverse.flow_field))[inside].max() < 0.05


def test_steep_fields_are_inverted(rng):
    # y + F(y) = 3 y - 40 + a wave: the fixed-point iteration diverges.
    places = np.moveaxis(np.indices((41, 41)), 0, -1)
    field = (2 * (places - 20) + np.sin(places[..., ::-1] / 3)).astype(np.float32)
    inverse = invert_field(field, (60, 60))
    assert inverse.without_inverse_percent == 0
    assert lengths(compose_fields(inverse.flow_field, field)).max() < 4e-3


def test_percent_outside_is_counted():
    inverse = invert_field(np.full((20, 30, 2), (5.0, 0.0), np.float32))
    # Rows 0 to 4 of the moving image show nothing of the fixed one.
    assert inverse.outside_percent == pytest.approx(25.0) and inverse.folded_percent == 0
    assert not inverse.has_inverse[:5].any() and inverse.has_inverse[5:].all()
    np.testing.assert_allclose(inverse.flow_field, np.broadcast_to((-5.0, 0.0), (20, 30, 2)), atol=1e-4)


def test_pixels_under_a_fold_have_no_inverse():
    rows = np.arange(64.0)
    targets = rows + 20 * np.exp(-0.5 * ((rows - 22) / 6) ** 2)
    field = np.zeros((64, 16, 2), np.float32)
    field[..., 0] = (targets - rows)[:, np.newaxis]
    # How often the map passes each row of the moving image, counted on a line of straight pieces.
    count = np.array([((targets[:-1] <= row) != (targets[1:] <= row)).sum() for row in np.arange(64) + 1e-3])
    assert set(count[1:63]) == {1, 3}
    inverse = invert_field(field)
    np.testing.assert_array_equal(inverse.has_inverse[2:62].all(axis=1), inverse.has_inverse[2:62].any(axis=1))
    several = count[2:62] > 1
    marked = ~inverse.has_inverse[2:62, 0]
    # With the pixels beside them, between which the inverse is interpolated.
    assert marked[several].all() and several.sum() > 5 and marked.sum() <= several.sum() + 4
    assert inverse.folded_percent == pytest.approx(100 * several.mean(), abs=4)
    assert inverse.residual_max < 0.05 and inverse.round_trip_max < 1 and np.isfinite(inverse.flow_field).all()


def test_where_there_is_no_inverse_nothing_is_solved():
    # All of the moving image shows what lies beyond the fixed one.
    inverse = invert_field(np.full((8, 8, 2), 20.0, np.float32))
    assert not inverse.has_inverse.any()
    assert np.isnan([inverse.residual_mean, inverse.residual_max, inverse.round_trip_mean]).all()


def test_a_fold_of_whole_pixels_onto_whole_pixels_is_seen():
    # Rows 6 to 9 in the reverse order: each of them is found again where it was.
    fold = np.zeros((16, 16, 2), np.float32)
    fold[6:10, 4:12, 0] = np.float32([3, 1, -1, -3])[:, np.newaxis]
    inverse = invert_field(fold)
    assert not inverse.has_inverse[7:9, 5:11].any() and inverse.has_inverse[12:].all()
    # A mirrored image is none.
    mirrored = np.zeros((16, 16, 2), np.float32)
    mirrored[..., 0] = 15 - 2 * np.arange(16.0)[:, np.newaxis]
    assert invert_field(mirrored).has_inverse.all()


def test_blocks_give_what_the_whole_gives(known, monkeypatch):
    field = known.flow_field()
    whole, seen = invert_field(field, known.moving_size, known.linear), []
    monkeypatch.setattr(field_composition, "_BLOCK_PIXELS", 1500)
    blocks = invert_field(field, known.moving_size, known.linear, progress=lambda *done: seen.append(done))
    np.testing.assert_allclose(blocks.flow_field, whole.flow_field, atol=3e-3)
    np.testing.assert_array_equal(blocks.has_inverse, whole.has_inverse)
    assert len(seen) > 1 and seen[-1] == (whole.has_inverse.size,) * 2


def test_maps_without_any_inverse_are_refused():
    flat = -np.moveaxis(np.indices((16, 16)), 0, -1).astype(np.float32)
    with pytest.raises(ValueError, match="presses the image flat.*matrix"):
        invert_field(flat)


@pytest.mark.parametrize(
    "field, size, message",
    [
        (np.zeros((8, 8, 3)), None, r"flow_field of shape \(8, 8, 3\)"),
        (np.full((8, 8, 2), np.nan), None, "flow_field with NaN"),
        (np.zeros((8, 8, 2)), (8, 8, 8), r"size of 2 axes.*moving_size=\(8, 8, 8\)"),
        (np.zeros((8, 8, 2)), (8, 0), r"moving_size=\(8, 0\)"),
    ],
)
def test_errors_name_the_argument(field, size, message):
    with pytest.raises(ValueError, match=message):
        invert_field(field, size)
