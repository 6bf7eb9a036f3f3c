import itertools

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.synthesis import random_keys, shape_images
from dirv_tf.synthesis.shapes import _cubic_spline, _random_splines


def _bspline(distance):
    distance = abs(distance)
    if distance < 1:
        return 2 / 3 - distance**2 + distance**3 / 2
    return (2 - distance) ** 3 / 6 if distance < 2 else 0.0


def _brute_force(size, seed, index, shape_size, labels):
    """One image, pixel by pixel and control point by control point, of the numbers that its key gives."""
    rank = len(size)
    key = random_keys.fold(random_keys.stream_key(seed, random_keys.SHAPES), tf.constant([index]))

    def drawn(kind, count):
        return random_keys.uniform(random_keys.fold(key, kind), count).numpy()[0].astype(np.float64)

    def splines(kind, channels, distance, offsets, shortest):
        points = [int(np.ceil(side / shortest)) + 4 for side in size]
        numbers = drawn(kind, channels * int(np.prod(points))).reshape(channels, *points)
        values = (numbers - 0.5) * np.sqrt(12 * (315 / 151) ** rank)
        result = np.zeros((channels, *size))
        for pixel in np.ndindex(*size):
            places = [p / distance + 1 + offset for p, offset in zip(pixel, offsets)]
            for point in itertools.product(*(range(int(place) - 1, int(place) + 3) for place in places)):
                weight = np.prod([_bspline(place - number) for place, number in zip(places, point)])
                result[(slice(None), *pixel)] += weight * values[(slice(None), *point)]
        return result

    layout = drawn(0, 4 + 2 * rank)
    shortest, longest = shape_size
    distance = shortest * (longest / shortest) ** layout[0]
    width, amplitude = 0.5 + 1.5 * layout[1], 0.1 * layout[2]
    means = drawn(1, labels)
    if layout[3] < 0.5:
        means[0] = 0
    shares = np.exp(2 * distance / width * splines(2, labels, distance, layout[4 : 4 + rank], shortest))
    image = np.tensordot(means, shares / shares.sum(axis=0), 1)
    texture = splines(3, 1, distance / 2, layout[4 + rank :], shortest / 2)[0]
    return np.clip(image * (1 + amplitude * texture), 0, 1)


@pytest.mark.parametrize(("size", "shape_size"), [((14, 9), (3, 7)), ((6, 7, 5), (3, 6))])
def test_images_match_a_walk_over_pixels_and_control_points(size, shape_size):
    images = shape_images(size, 42, tf.range(4), shape_size, 3).numpy()
    assert images.shape == (4, *size, 1) and images.dtype == np.float32
    for index, image in enumerate(images):
        np.testing.assert_allclose(image[..., 0], _brute_force(size, 42, index, shape_size, 3), atol=2e-4)


def test_spline_weights_sum_to_one_and_smoothed_numbers_keep_their_deviation():
    places = np.linspace(1, 2, 21, dtype=np.float32)
    weights = _cubic_spline(tf.constant(places[:, None] - np.arange(4, dtype=np.float32))).numpy()
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    keys = random_keys.fold(random_keys.stream_key(1, random_keys.SHAPES), tf.range(60))
    for size in ((40, 40), (20, 20, 20)):
        values = _random_splines(size, keys, 4, tf.fill([60], 5.0), tf.zeros([60, 3]), 5.0).numpy()
        assert values.mean() == pytest.approx(0, abs=0.02) and values.std() == pytest.approx(1, abs=0.03)


def test_intensities_lie_in_the_unit_interval_and_half_of_the_images_have_black_regions():
    images = shape_images((64, 64), 7, tf.range(300), (4, 8)).numpy()
    assert images.min() >= 0 and images.max() <= 1 and images.max() > 0.98
    black = (images < 0.01).mean(axis=(1, 2, 3))
    # An eighth of such an image belongs to its first label, less its edges; other labels are seldom as dark.
    assert 0.4 < (black > 0.02).mean() < 0.6
    assert 0.03 < black.mean() < 1 / 16


def test_larger_shapes_have_fewer_edges():
    def roughness(shape_size):
        images = shape_images((64, 64), 3, tf.range(60), shape_size).numpy()
        return np.abs(np.diff(images, axis=1)).mean()

    small, middle, large = roughness((4, 5)), roughness((8, 10)), roughness((20, 24))
    assert small > 1.5 * middle and middle > 1.8 * large


def test_an_image_does_not_depend_on_its_batch():
    together = shape_images((24, 16, 20), 42, tf.range(6)).numpy()
    apart = shape_images((24, 16, 20), 42, tf.constant([4, 1])).numpy()
    np.testing.assert_allclose(apart, together[[4, 1]], atol=1e-6)
    assert (together[0] != together[1]).any()
    assert (shape_images((24, 16, 20), 43, tf.range(1)).numpy() != together[:1]).any()
