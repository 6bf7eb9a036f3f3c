"""Pairs with fields to judge: which field a pair has, and that all of it fits together when it is turned."""

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry, synthesis
from dirv_tf.datasets import ChessboardPairs, JudgedPairs
from dirv_tf.datasets.pair_batches import Shares
from dirv_tf.synthesis import random_keys

DRAWN = {"zero": None, "smoothed": None, "perturbed": None}


def boards(size=(24, 24), **arguments):
    sizes = {"cell_range": (4, 6), "desensitize": False}
    return ChessboardPairs(size, **{"count": 6, "batch_size": 3, **sizes, **arguments})


def test_sources_take_turns():
    constant = {"one": lambda fixed, moving, key: tf.ones([tf.shape(fixed)[0], 24, 24, 2]), "zero": None}
    pairs = JudgedPairs(boards(transform="affine"), constant)
    given = [inputs[2].numpy().mean(axis=(1, 2, 3)) for inputs, _ in pairs.evaluation()]
    np.testing.assert_array_equal(np.concatenate(given), [1, 0, 1, 0, 1, 0])
    sums = [np.abs(inputs[2].numpy()).mean(axis=(1, 2, 3)) for inputs, _ in pairs.training(1)]
    np.testing.assert_array_equal(np.concatenate(sums)[:3], [0, 1, 0])


@pytest.mark.parametrize("size", [(24, 24), (16, 24, 12)])
def test_images_and_fields_are_turned_together(size):
    pairs = JudgedPairs(boards(size, transform="affine"), {"perturbed": None}, distinct_epochs=1)
    seen = set()
    for (fixed, moving, given), true in pairs.training(6):
        inner = (slice(None), *(slice(4, -4),) * len(size))
        error = tf.abs(geometry.warp_image(moving, true) - fixed)[inner]
        assert float(tf.reduce_mean(error)) < 0.01
        assert 0 < float(tf.reduce_mean(tf.abs(given - true))) < 6
        seen.add(round(float(tf.reduce_sum(fixed * tf.reshape(tf.range(float(tf.size(fixed[0]))), fixed[0].shape)))))
    # Two batches, the last of them frozen; the other one turned in several ways.
    assert len(seen) > 2


def test_pairs_of_which_nothing_is_known_are_turned_too():
    class Unknown(ChessboardPairs):
        def _batch(self, batch_index, epoch):
            return super()._batch(batch_index, epoch)[:1]

    # The field to judge is one of the images: it stays so where both are turned alike.
    sources = {"marked": lambda fixed, moving, key: tf.concat([fixed, tf.zeros_like(fixed)], axis=-1)}
    pairs = Unknown((24, 24), 6, 3, cell_range=(4, 6), desensitize=False, transform="affine")
    firsts = [element[0] for element in JudgedPairs(pairs, sources, distinct_epochs=1).training(8)][::2]
    assert len(np.unique([fixed.numpy().ravel() for fixed, _, _ in firsts], axis=0)) > 2
    assert len({np.sort(fixed.numpy().ravel()).tobytes() for fixed, _, _ in firsts}) == 1
    for fixed, _, given in firsts:
        np.testing.assert_array_equal(np.abs(given).max(axis=-1), fixed[..., 0])
    (plain, _, _), *targets = JudgedPairs(pairs, sources).frozen_batch()
    assert not targets
    np.testing.assert_array_equal(plain, pairs.frozen_batch()[0][0])


def test_after_the_distinct_epochs_the_same_comes_again():
    pairs = JudgedPairs(boards(transform="affine"), {"zero": None, "smoothed": None}, distinct_epochs=2)
    # Of two batches in an epoch.
    firsts = list(pairs.training(4))[::2]

    def gray_levels(element):
        return np.sort(element[0][0].numpy().ravel())

    np.testing.assert_array_equal(gray_levels(firsts[0]), gray_levels(firsts[2]))
    np.testing.assert_array_equal(gray_levels(firsts[1]), gray_levels(firsts[3]))
    assert np.abs(gray_levels(firsts[0]) - gray_levels(firsts[1])).max() > 0.01
    # A resumed training has the batches that it would have had.
    again = next(iter(pairs.training(1, first_epoch=2)))
    np.testing.assert_array_equal(again[0][2], firsts[2][0][2])


def test_the_evaluation_is_that_of_the_pairs():
    pairs = boards(transform="affine")
    judged = JudgedPairs(pairs, DRAWN).evaluation()
    for ((fixed, moving, _), true), (images, expected) in zip(judged, pairs.evaluation()):
        for found, known in ((fixed, images[0]), (moving, images[1]), (true, expected)):
            np.testing.assert_array_equal(found, known)


def test_replicas_share_a_batch():
    pairs = JudgedPairs(boards(batch_size=6, transform="affine"), {"zero": None, "smoothed": None})
    (whole, _), = pairs.evaluation()
    parts = [inputs for inputs, _ in pairs.evaluation(shares=Shares(2, 0, 2))]
    assert len(parts) == 2
    np.testing.assert_allclose(tf.concat([part[2] for part in parts], 0), whole[2], atol=1e-5)
    assert len(pairs.first(2).frozen_batch()[0][2]) == 2


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="`sources` must be at least one.*Received: best"):
        JudgedPairs(boards(), {"best": None})
    with pytest.raises(ValueError, match="Received: none"):
        JudgedPairs(boards(), {})
    with pytest.raises(ValueError, match="distinct_epochs=0"):
        JudgedPairs(boards(), DRAWN, distinct_epochs=0)


def test_given_fields_are_wrong_as_they_say(rng):
    true = tf.constant(rng.normal(size=(64, 24, 24, 2)), tf.float32) + 1.0
    key = random_keys.stream_key(3, random_keys.GIVEN_FIELDS)
    assert not synthesis.given_fields(true, "zero", key).numpy().any()
    smoothed = synthesis.given_fields(true, "smoothed", key).numpy()
    assert smoothed.std() < 0.3 * true.numpy().std() and smoothed.mean() == pytest.approx(1, abs=0.05)
    errors = (synthesis.given_fields(true, "perturbed", key) - true).numpy()
    strengths = np.sqrt((errors**2).mean(axis=(1, 2, 3)))
    assert 0.005 < strengths.min() < 0.1 and 0.8 < strengths.max() < 6
    np.testing.assert_array_equal(errors + true, synthesis.given_fields(true, "perturbed", key))
    with pytest.raises(ValueError, match="kind.*Received: kind='other'"):
        synthesis.given_fields(true, "other", key)
