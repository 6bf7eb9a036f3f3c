import numpy as np
import pytest

from dirv_tf import geometry
from dirv_tf.datasets import ImagePairs


@pytest.mark.parametrize("size", [(16, 20), (8, 12, 10)])
def test_given_images_are_the_moving_ones(size):
    images = np.random.default_rng(0).random((5, *size, 1), np.float32)
    pairs = ImagePairs(images, batch_size=2, desensitize=False, transform="affine")
    assert (pairs.size, pairs.count, pairs.steps_per_epoch) == (size, 5, 3)
    batches = [(*images_of_pair, field) for images_of_pair, field in pairs.evaluation()]
    fixed, moving, field = (np.concatenate(x) for x in zip(*batches))
    np.testing.assert_array_equal(moving, images)
    np.testing.assert_allclose(fixed, geometry.warp_image(images, field), atol=1e-6)


def test_later_changes_of_the_array_have_no_effect():
    images = np.full((2, 8, 8, 1), 0.5, np.float32)
    pairs = ImagePairs(images, batch_size=2)
    images[:] = 0
    assert (pairs.frozen_batch()[0][1].numpy() == 0.5).all()


@pytest.mark.parametrize("shape", [(5, 16, 16), (5, 16, 16, 3), (5, 16, 1), (0, 16, 16, 1), (2, 4, 4, 4, 4, 1)])
def test_wrong_shapes_are_errors(shape):
    with pytest.raises(ValueError, match="`images` must .*Received: images.shape="):
        ImagePairs(np.zeros(shape, np.float32))


@pytest.mark.parametrize("value", [-0.1, 255.0, np.nan])
def test_intensities_out_of_range_are_errors(value):
    images = np.zeros((1, 8, 8, 1), np.float32)
    images[0, 3, 3, 0] = value
    with pytest.raises(ValueError, match=r"`images` must have intensities in \[0, 1\]. Received: minimum="):
        ImagePairs(images)
