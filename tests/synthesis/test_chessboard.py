import itertools

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.synthesis import chessboard_images, random_keys


def _drawn_parameters(rank, seed, index, cell_range):
    """The cell side and corner shades (2, 2, ..., 2) behind one image."""
    keys = random_keys.fold(random_keys.stream_key(seed, random_keys.IMAGES), tf.constant([index]))
    uniforms = random_keys.uniform(keys, 1 + 2 * 2**rank).numpy()[0].astype(np.float64)
    cell = cell_range[0] + int(np.floor(uniforms[0] * (cell_range[1] - cell_range[0])))
    return cell, np.floor(255 * uniforms[1:]).reshape([2] + [2] * rank)


def _brute_force(size, cell, shades):
    """Walk over the pixels one by one."""
    image = np.empty(size)
    cells = [side // cell for side in size]
    for pixel in np.ndindex(*size):
        numbers = [min(p // cell, n - 1) for p, n in zip(pixel, cells)]
        weights = [number / (n - 1) for number, n in zip(numbers, cells)]
        shade = 0.0
        for corner in itertools.product((0, 1), repeat=len(size)):
            weight = np.prod([w if c else 1 - w for w, c in zip(weights, corner)])
            shade += weight * shades[(sum(numbers) % 2, *corner)]
        image[pixel] = np.floor(shade + 1e-4)
    return image / 255


@pytest.mark.parametrize(("size", "cell_range"), [((32, 45), (6, 10)), ((16, 13, 11), (3, 6))])
def test_images_match_a_brute_force_board(size, cell_range):
    images = chessboard_images(size, 42, tf.range(4), cell_range).numpy()
    assert images.shape == (4, *size, 1) and images.dtype == np.float32
    for index, image in enumerate(images):
        expected = _brute_force(size, *_drawn_parameters(len(size), 42, index, cell_range))
        np.testing.assert_allclose(image[..., 0], expected, atol=1e-6)


def test_all_cell_sides_of_the_half_open_range_occur():
    images = chessboard_images((64, 64), 1, tf.range(200), (6, 10)).numpy()[:, :, 0, 0]
    first_cells = np.array([np.argmax(column != column[0]) for column in images])
    # Two neighboring cells may have the same shade by chance, hence not all of them.
    sides, counts = np.unique(first_cells, return_counts=True)
    assert set(sides[counts > 10]) == {6, 7, 8, 9} and counts[counts <= 10].sum() < 6


def test_intensities_are_eight_bit_shades_below_white():
    images = 255 * chessboard_images((64, 64), 7, tf.range(50)).numpy()
    np.testing.assert_allclose(images, np.round(images), atol=1e-4)
    assert images.min() >= 0 and images.max() <= 254.001 and images.max() > 240 and images.min() < 10


def test_a_board_of_one_cell_is_of_one_shade():
    images = chessboard_images((7, 7), 7, tf.range(5), (5, 7)).numpy()
    assert np.isfinite(images).all()
    assert (images == images[:, :1, :1]).all()


def test_an_image_does_not_depend_on_its_batch():
    together = chessboard_images((24, 24, 24), 42, tf.range(6)).numpy()
    apart = chessboard_images((24, 24, 24), 42, tf.constant([4, 1])).numpy()
    np.testing.assert_array_equal(apart, together[[4, 1]])
    assert (together[0] != together[1]).any()
    assert (chessboard_images((24, 24, 24), 43, tf.range(1)).numpy() != together[:1]).any()
