"""Pairs with the fields of a teacher, and epochs that come again."""

import numpy as np
import tensorflow as tf

from dirv_tf.datasets import JudgedPairs, ShapePairs, TaughtPairs
from dirv_tf.datasets.pair_batches import PairBatches, Shares


def numbered(epoch, numbers):
    """Fields that say of which epoch and pair they are."""
    return np.stack([np.full((16, 16, 2), 100 * epoch + number) for number in numbers])


class Numbers(PairBatches):
    """Pairs of even images, which say of which epoch and pair they are; with known fields of zeros."""

    def __init__(self, count=6, batch_size=2, frozen_last_batch=True):
        super().__init__((16, 16), count, batch_size, 42, frozen_last_batch)

    def _batch(self, batch_index, epoch):
        numbers = self._indices(batch_index)
        values = tf.cast(100 * tf.cast(epoch, tf.int64) + numbers, tf.float32)[:, None, None, None]
        image = self._with_known_shape(tf.ones([1, 16, 16, 1]) * values, 1)
        return (image, image + 0.5), self._with_known_shape(tf.zeros([1, 16, 16, 2]) * values, 2)


def drawn(pairs, epochs, **arguments):
    return [field[:, 0, 0, 0].numpy().tolist() for _, field in pairs.training(epochs, **arguments)]


def test_every_pair_has_the_field_of_its_epoch_and_number():
    pairs = TaughtPairs(Numbers(count=5), numbered)
    assert drawn(pairs, 2) == [[100, 101], [102, 103], [4], [200, 201], [202, 203], [4]]
    assert [field[0, 0, 0, 0].numpy() for _, field in pairs.evaluation()] == [0, 2, 4]
    for (fixed, moving), field in pairs.training(2):
        np.testing.assert_array_equal(fixed[..., 0], field[..., 0])
        np.testing.assert_array_equal(moving - fixed, np.full(fixed.shape, 0.5))
    # A part of them, as the validation takes, has the fields of the same pairs.
    assert [field[:, 0, 0, 0].numpy().tolist() for _, field in pairs.first(3).evaluation()] == [[0, 1], [2]]


def test_replicas_get_the_fields_of_their_pairs():
    pairs = TaughtPairs(Numbers(), numbered)
    assert drawn(pairs, 1, shares=Shares(2, 1, 1)) == [[101], [103], [5]]


def test_epochs_come_again_and_a_resumed_training_sees_what_it_would_have_seen():
    pairs = TaughtPairs(Numbers(frozen_last_batch=False), numbered).repeating(2)
    first = [[100, 101], [102, 103], [104, 105], [200, 201], [202, 203], [204, 205]]
    assert drawn(pairs, 3) == first + first[:3]
    assert drawn(pairs, 1, first_epoch=2) == first[:3]
    images = {pairs: [fixed[0, 0, 0, 0].numpy() for (fixed, _), _ in pairs.training(2)]
              for pairs in (Numbers().repeating(1), Numbers())}
    assert list(images.values()) == [[100, 102, 4] * 2, [100, 102, 4, 200, 202, 4]]


def test_the_batches_that_a_training_draws_are_known_before():
    pairs = TaughtPairs(Numbers(), numbered)
    assert pairs.drawn_batches(0) == [(0, 0), (0, 1), (0, 2)]
    assert pairs.drawn_batches(2) == [(0, 2), (1, 0), (1, 1), (2, 0), (2, 1)]
    assert pairs.repeating(1).drawn_batches(2) == [(0, 2), (1, 0), (1, 1)]
    numbers, fixed, moving = pairs.untaught_batch(2, 1)
    assert numbers.tolist() == [2, 3] and fixed.shape == moving.shape == (2, 16, 16, 1)
    assert fixed[:, 0, 0, 0].tolist() == [202, 203] and moving[0, 0, 0, 0] == 202.5


def test_what_is_drawn_on_the_images_stays_beside_the_field():
    shapes = ShapePairs((16, 16), 2, 2, shape_size=(4, 8), labels=2, label_maps=True)
    _, targets = TaughtPairs(shapes, numbered).frozen_batch()
    assert set(targets) == {"labels", "flow_field"}
    np.testing.assert_array_equal(targets["flow_field"][:, 0, 0, 0], [0, 1])


def test_judged_pairs_take_the_fields_of_a_teacher_for_the_true_ones():
    judged = JudgedPairs(TaughtPairs(Numbers(), numbered), {"zero": None})
    (_, _, given), field = judged.frozen_batch()
    assert not tf.reduce_any(given != 0) and field[0, 0, 0, 0] == 4
