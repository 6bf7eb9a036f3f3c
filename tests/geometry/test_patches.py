import itertools

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry


@pytest.mark.parametrize("parts", [1, 2, 3])
@pytest.mark.parametrize("rank", [2, 3])
def test_patches_lie_side_by_side_and_are_put_together_bit_for_bit(rank, parts, rng):
    image = rng.normal(size=(2, *(6, 12, 6)[:rank], 3)).astype("float32")
    patches = geometry.split_patches(image, parts)
    sides = [n // parts for n in image.shape[1:-1]]
    expected = [
        each[tuple(slice(i * n, (i + 1) * n) for i, n in zip(place, sides))]
        for each in image
        for place in itertools.product(range(parts), repeat=rank)
    ]
    np.testing.assert_array_equal(patches, expected)
    np.testing.assert_array_equal(geometry.join_patches(patches, parts), image)


def test_unknown_batch_and_size(rng):
    image = rng.normal(size=(3, 8, 4, 2)).astype("float32")

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 2])])
    def through(values):
        patches = geometry.split_patches(values)
        assert patches.shape.as_list() == [None, None, None, 2]
        return patches, geometry.join_patches(patches)

    patches, again = through(image)
    assert patches.shape == (12, 4, 2, 2)
    np.testing.assert_array_equal(again, image)


def test_what_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="multiple of `parts`. Received: image.shape=.1, 6, 5, 1., parts=2"):
        geometry.split_patches(tf.zeros([1, 6, 5, 1]))
    with pytest.raises(ValueError, match="whole images of 4 patches. Received: patches.shape=.6, 2, 2, 1."):
        geometry.join_patches(tf.zeros([6, 2, 2, 1]))
    with pytest.raises(ValueError, match="Received: parts=0"):
        geometry.split_patches(tf.zeros([1, 6, 6, 1]), 0)
