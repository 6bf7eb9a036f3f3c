import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from dirv_tf.synthesis import random_keys


def _words(*values):
    return [tf.constant(value, tf.uint32) for value in values]


@pytest.mark.parametrize(
    ("key", "counter", "expected"),
    [
        # Known answers published with the reference implementation (Random123).
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_threefry_gives_the_published_answers(key, counter, expected):
    received = random_keys.threefry(*_words(*key), *_words(*counter))
    assert tuple(int(word) for word in received) == expected


def test_uniform_numbers_are_uniform_and_independent():
    keys = random_keys.fold(random_keys.stream_key(42, random_keys.IMAGES), tf.range(20000))
    numbers = random_keys.uniform(keys, 5).numpy()
    assert numbers.shape == (20000, 5) and numbers.min() >= 0 and numbers.max() < 1
    for lane in numbers.T:
        assert stats.kstest(lane, "uniform").pvalue > 1e-3
    between_lanes = np.corrcoef(numbers.T) - np.eye(5)
    between_images = np.corrcoef(numbers[:-1].T, numbers[1:].T)[:5, 5:]
    assert max(np.abs(between_lanes).max(), np.abs(between_images).max()) < 0.03


def test_every_part_of_a_key_matters():
    keys = [
        random_keys.fold(random_keys.stream_key(seed, stream, epoch), index).numpy()
        for seed, stream, epoch, index in [
            (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (0, 0, 0, 0), (2**32, 0, 0, 0), (2**64 - 1, 0, 0, 0)
        ]
    ]
    assert len({tuple(key) for key in keys}) == len(keys)


def test_a_key_does_not_depend_on_its_batch():
    parent = random_keys.stream_key(42, random_keys.NOISE)
    together = random_keys.uniform(random_keys.fold(parent, tf.range(7)), 3)
    alone = random_keys.uniform(random_keys.fold(parent, tf.constant([5])), 3)
    np.testing.assert_array_equal(together[5:6], alone)


def test_integers_leave_out_the_upper_end():
    largest = tf.constant([1.0 - 2.0**-24])
    for low, high in [(6, 10), (0, 255), (30, 35), (0, 6), (3, 7)]:
        assert random_keys.integers(largest, low, high).numpy() == high - 1
        assert random_keys.integers(tf.constant([0.0]), low, high).numpy() == low


def test_truncated_normal_follows_its_distribution():
    numbers = random_keys.truncated_normal(random_keys.stream_key(3, random_keys.NOISE)[None], 20000)[0].numpy()
    assert np.abs(numbers).max() <= 2
    assert stats.kstest(numbers, stats.truncnorm(-2, 2).cdf).pvalue > 1e-3


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_is_an_error(seed):
    with pytest.raises(ValueError, match=f"Received: seed={seed}"):
        random_keys.stream_key(seed, random_keys.IMAGES)
