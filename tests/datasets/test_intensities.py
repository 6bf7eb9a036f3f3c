import numpy as np
import pytest

from dirv_tf.datasets.intensities import normalize_images, robust_range


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_joint_images_keep_their_relation_and_fill_the_range(dtype):
    first, second = np.array([[10, 60]], dtype), np.array([[35, 110]], dtype)
    stretched = normalize_images([first, second], "joint")
    np.testing.assert_allclose(stretched, [[[0.0, 0.5]], [[0.25, 1.0]]], atol=1e-7)
    assert all(image.dtype == np.float32 for image in stretched)


def test_a_single_image_is_stretched_by_its_own_minimum_and_maximum():
    image = np.random.default_rng(0).normal(size=(8, 9)) * 1e3 - 5e6
    (stretched,) = normalize_images([image], "joint")
    np.testing.assert_allclose(stretched, (image - image.min()) / (image.max() - image.min()), atol=1e-6)


def test_each_image_is_stretched_by_its_own_percentiles_and_clipped():
    ramp = np.arange(1001, dtype=np.int16).reshape(7, 143) - 400
    ramp.flat[500] = 30000
    images = normalize_images([ramp, 3.0 * ramp + 7], "each")
    expected = np.clip((ramp - (5.0 - 400)) / 991, 0, 1)
    for image in images:
        np.testing.assert_allclose(image, expected, atol=2e-3)
        assert image.min() == 0 and image.max() == 1


def test_the_range_of_a_sparse_image_is_its_minimum_and_maximum():
    image = np.zeros((50, 50))
    image[3, 4] = 9
    assert robust_range(image) == (0, 9)
    (stretched,) = normalize_images([image], "each")
    assert stretched[3, 4] == 1 and stretched.sum() == 1


@pytest.mark.parametrize("normalization", ["joint", "each"])
def test_an_even_image_is_an_error(normalization):
    with pytest.raises(ValueError, match="more than one intensity. Received: an even image of 7"):
        normalize_images([np.full((4, 4), 7)], normalization)


def test_an_unknown_rule_is_an_error():
    with pytest.raises(ValueError, match="`normalization` must be one of joint, each. Received: normalization='z'"):
        normalize_images([np.eye(3)], "z")
