import numpy as np
import pytest
from scipy import ndimage

from dirv_tf import synthesis
from dirv_tf.geometry import warp_image
from dirv_tf.registration.images.relative_blur import relative_blur


@pytest.fixture(scope="module")
def pair():
    """A texture and its copy under a random field, which moves structures by some pixels."""
    image = ndimage.gaussian_filter(np.random.default_rng(4).random((128, 128)), 1.0).astype(np.float32)
    image = (image - image.min()) / np.ptp(image)
    field = synthesis.random_fields(image.shape, seed=3, indices=[0], batch_index=0)
    return warp_image(image[None, ..., None], field)[0, ..., 0].numpy(), image


@pytest.mark.parametrize("blur", [1.2, 2.0])
def test_the_blur_of_either_image_is_found(pair, blur):
    fixed, moving = pair
    assert relative_blur(fixed, ndimage.gaussian_filter(moving, blur)) == pytest.approx(blur, abs=0.35)
    assert relative_blur(ndimage.gaussian_filter(fixed, blur), moving) == pytest.approx(-blur, abs=0.35)


def test_volumes_by_the_same_code():
    volume = ndimage.gaussian_filter(np.random.default_rng(1).random((64, 64, 64)), 1.0).astype(np.float32)
    assert relative_blur(volume, ndimage.gaussian_filter(volume, 1.5)) == pytest.approx(1.5, abs=0.2)


def test_what_is_no_blur_is_left_alone(pair):
    fixed, moving = pair
    noisy = moving + np.random.default_rng(2).normal(size=moving.shape, scale=0.1).astype(np.float32)
    holed = moving.copy()
    holed[40:70, 50:80] = 0.0
    for changed in (moving, 0.6 * moving, moving**2, 1 - moving, noisy, holed):
        assert relative_blur(fixed, changed) == 0.0


def test_constant_and_small_images_have_none():
    assert relative_blur(np.zeros((128, 128), np.float32), np.ones((128, 128), np.float32)) == 0.0
    assert relative_blur(np.zeros((32, 128), np.float32), np.ones((32, 128), np.float32)) == 0.0
