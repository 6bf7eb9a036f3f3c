import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from dirv_tf.synthesis import nonrigid_fields, random_keys


def _taps(size, deviation):
    positions = np.arange(size) - size // 2
    weights = np.exp(-0.5 * (positions / deviation) ** 2)
    return weights / weights.sum()


def _resize_axis(values, axis, side):
    """Linear resize with pixel centers at half integers."""
    points = values.shape[axis]
    positions = (np.arange(side) + 0.5) * points / side - 0.5
    return np.apply_along_axis(lambda line: np.interp(positions, np.arange(points), line), axis, values)


@pytest.mark.parametrize("size", [(40, 36), (12, 16, 20)])
def test_fields_match_filters_applied_one_after_the_other(size):
    rank = len(size)
    fields = nonrigid_fields(size, 42, batch_index=5, batch_size=3, epoch=2).numpy()
    assert fields.shape == (3, *size, rank)

    key = random_keys.fold(random_keys.stream_key(42, random_keys.NONRIGID, 2), 5)
    draws = random_keys.uniform(key[None], 1 + rank)[0].numpy()
    largest = 0.1 + 5.9 * draws[0]
    points = [30 + int(5 * draw) for draw in draws[1:]]
    noise = tf.random.stateless_uniform(
        [rank * 3, *points], random_keys.stateless_seed(key), minval=-largest, maxval=largest
    ).numpy()
    values = noise.astype(np.float64)
    for axis in range(1, rank + 1):
        for size_and_deviation in ((9, 3.0), (5, 2.0)):
            values = ndimage.correlate1d(values, _taps(*size_and_deviation), axis, mode="constant")
        values = _resize_axis(values, axis, size[axis - 1] + 10)
    values = values[(slice(None), *[slice(5, -5)] * rank)]
    values *= np.abs(noise).max() / np.abs(values).max()
    expected = np.moveaxis(values.reshape(rank, 3, *size), 0, -1)
    np.testing.assert_allclose(fields, expected, atol=1e-4)


def test_the_maximum_of_a_batch_is_the_drawn_one():
    largest = [
        float(tf.reduce_max(tf.abs(nonrigid_fields((16, 16), 42, batch, 4, max_displacement=3.0))))
        for batch in range(60)
    ]
    assert 0.1 <= min(largest) < 0.4 and 2.7 < max(largest) < 3.0
    assert 1.2 < np.mean(largest) < 1.9


def test_more_coarse_points_give_more_complex_fields():
    def roughness(points):
        fields = nonrigid_fields((64, 64), 42, 0, 8, coarse_points=(points, points)).numpy()
        return np.mean(np.diff(fields, axis=1) ** 2) / np.mean(fields**2)

    assert roughness(60) > 2 * roughness(30)


def test_fields_follow_from_seed_epoch_and_batch_alone():
    def fields(seed=42, batch=3, epoch=1):
        return nonrigid_fields((16, 16), seed, batch, 2, epoch).numpy()

    np.testing.assert_array_equal(fields(), fields())
    for other in (fields(seed=43), fields(batch=4), fields(epoch=2)):
        assert (other != fields()).all()
