"""The sets of the comparison: true fields that can be found, of the announced lengths, the same in every call."""

import numpy as np
import pytest

from dirv_tf import geometry
from experiments.comparison.families.pair_sets import SEED, SETS, TUNING_SEED, draw

BY_NAME = {known_set.name: known_set for known_set in SETS}
IMAGES = [known_set for known_set in SETS if len(known_set.size) == 2]


@pytest.mark.parametrize("known_set", IMAGES, ids=lambda each: each.name)
def test_fields_do_not_fold_and_the_fixed_image_is_the_moving_one_warped(known_set):
    pairs = draw(known_set, 12)
    assert pairs.fixed.shape == pairs.moving.shape == (12, *known_set.size, 1)
    assert pairs.flow_field.shape == (12, *known_set.size, 2) and pairs.flow_field.dtype == np.float32
    assert (geometry.jacobian_determinant(pairs.flow_field).numpy() > 0).all()
    np.testing.assert_array_equal(pairs.fixed, geometry.warp_image(pairs.moving, pairs.flow_field))
    assert pairs.moving.min() >= 0 and pairs.moving.max() <= 1 and pairs.moving.std(axis=(1, 2, 3)).min() > 0.02


@pytest.mark.parametrize(
    "name, mean, largest",
    [
        ("chessboards-64", (1, 4), 12), ("tissue-128", (1, 4), 12),
        ("chessboards-128-large", (4, 10), 40), ("tissue-128-large", (4, 10), 40),
        ("chessboards-64-affine", (5, 11), 40), ("chessboards-128-affine", (9, 17), 70),
    ],
)
def test_displacements_have_the_lengths_of_their_kind(name, mean, largest):
    lengths = np.linalg.norm(draw(BY_NAME[name], 12).flow_field, axis=-1)
    assert mean[0] < lengths.mean() < mean[1] and lengths.max() < largest
    # Amplitudes are drawn per pair, not once for all.
    assert np.ptp(lengths.mean(axis=(1, 2))) > 1


def test_affine_sets_are_affine_and_the_others_are_not():
    def second_differences(name):
        return np.abs(np.diff(draw(BY_NAME[name], 2).flow_field, n=2, axis=1)).max()

    assert second_differences("chessboards-64-affine") < 1e-4
    assert second_differences("chessboards-64") > 0.02


def test_a_pair_is_the_same_whatever_the_count_and_differs_by_seed():
    known_set = BY_NAME["chessboards-64-affine"]
    few, more, other = draw(known_set, 2), draw(known_set, 3), draw(known_set, 2, TUNING_SEED)
    for one, two, three in zip(few, more, other):
        np.testing.assert_array_equal(one, two[:2])
        assert np.abs(one - three).max() > 0.1
    # 42 and 77 are the seeds of trainings and tests, 7 and 2024 those of other comparisons.
    assert not {SEED, TUNING_SEED} & {7, 42, 77, 2024} and SEED != TUNING_SEED


def test_volumes_are_drawn_like_images():
    pairs = draw(BY_NAME["volumes-64"]._replace(size=(24, 24, 24)), 1)
    assert pairs.fixed.shape == (1, 24, 24, 24, 1) and pairs.flow_field.shape == (1, 24, 24, 24, 3)


@pytest.mark.parametrize(
    "changes, count, message",
    [
        ({}, 0, "at least one pair. Received: count=0"),
        ({"images": "brains"}, 1, "chessboards, tissue. Received: images='brains'"),
        ({"fields": "huge"}, 1, "affine, large, small. Received: fields='huge'"),
    ],
)
def test_wrong_sets_are_refused(changes, count, message):
    with pytest.raises(ValueError, match=message):
        draw(BY_NAME["chessboards-64"]._replace(**changes), count)


def test_a_field_that_folds_is_refused(monkeypatch):
    from experiments.comparison.families import pair_sets

    # Far more than the fine grid of small fields can bear; the amplitude of the first pair is small.
    monkeypatch.setitem(pair_sets._NONRIGID, "small", (80.0, (30, 34)))
    with pytest.raises(ValueError, match=r"without folds. Received: seed=\d+, folds in the pairs \[1 2 3\]"):
        draw(BY_NAME["chessboards-64"], 4)
