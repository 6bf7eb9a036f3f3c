"""Fields that fit in some places are continued into the others."""

import numpy as np
import pytest

from dirv_tf.registration.images.pair import Pair
from dirv_tf.registration.maps.apply_field import warp_in_blocks
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.route.field_repair import (
    LITTLE,
    continued_field,
    fused_field,
    grown_field,
    is_repairable,
    misfit_share,
    repaired_field,
)
from dirv_tf.synthesis import chessboard_images, random_fields


@pytest.fixture(scope="module")
def board():
    """A chessboard, its true field, and that field shifted by a period in one corner."""
    moving = chessboard_images((128, 128), 3, [0])[0, ..., 0].numpy()
    true = random_fields((128, 128), 4, [0], 0, max_displacement=3.0)[0].numpy()
    wrong = true.copy()
    wrong[:45, :45, 0] += 16
    return Pair(warp_in_blocks(moving, true), moving, LinearMap.identity(2)), true, wrong


def error(field, true):
    return np.linalg.norm(field - true, axis=-1).mean()


def test_the_truth_fits(board):
    pair, true, wrong = board
    assert misfit_share(pair, true) == 0 and misfit_share(pair, wrong) > 5 * LITTLE
    assert is_repairable(pair, true) and is_repairable(pair, wrong)
    unlike = Pair(np.random.default_rng(0).random(pair.fixed.shape, np.float32), pair.moving, pair.linear)
    assert not is_repairable(unlike, true)


def test_noise_is_no_misfit(board, rng):
    pair, true, _ = board
    noisy = pair.fixed + 0.05 * rng.normal(size=pair.fixed.shape).astype(np.float32)
    assert misfit_share(Pair(noisy, pair.moving, pair.linear), true) <= LITTLE


@pytest.mark.parametrize("repair", [repaired_field, grown_field])
def test_a_corner_that_lies_a_period_away_is_brought_back(board, repair):
    pair, true, wrong = board
    assert error(wrong, true) > 1.5
    repaired = repair(pair, wrong)
    assert error(repaired, true) < 0.2 and repaired.dtype == np.float32


def test_what_fits_of_several_fields_is_put_together(board):
    pair, true, wrong = board
    other = true.copy()
    other[80:] -= 16
    fused = fused_field(pair, [wrong, other])
    assert fused.dtype == np.float32 and fused.shape == true.shape
    assert min(error(wrong, true), error(other, true)) > 1.5 > 0.3 > error(fused, true)
    # Where none fits, the field is continued from where one does.
    both = true.copy()
    both[:20, :20] += 16
    assert error(fused_field(pair, [both, both]), true) < 0.3 < error(both, true)


def test_a_field_that_fits_is_returned(board):
    pair, true, _ = board
    assert repaired_field(pair, true) is true


def test_what_a_mask_leaves_out_is_no_misfit(board):
    pair, _, wrong = board
    mask = np.ones(pair.fixed.shape, bool)
    mask[:64, :64] = False
    masked = Pair(pair.fixed, pair.moving, pair.linear, mask)
    assert misfit_share(masked, wrong) <= LITTLE < misfit_share(pair, wrong)


@pytest.mark.parametrize("rank", [2, 3])
def test_an_affine_field_is_continued_as_it_is(rank, rng):
    places = np.stack(np.meshgrid(*[np.arange(24.0)] * rank, indexing="ij"), axis=-1)
    true = (places @ rng.normal(scale=0.1, size=(rank, rank)) + 2).astype(np.float32)
    trust = np.full(places.shape[:-1], 1e-6, np.float32)
    trust[4:20, 4:20] = 1
    spoiled = np.where(trust[..., None] == 1, true, true + 5)
    # A millionth of trust in thousands of pixels is some.
    assert np.abs(continued_field(spoiled, trust) - true).max() < 0.2
