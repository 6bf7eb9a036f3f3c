import numpy as np
import pytest
from scipy import ndimage

import dirv_tf
from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.route.appearance import compensated, contrast_changed


def structure(size, rng, width=2.5):
    image = ndimage.gaussian_filter(rng.normal(size=size), width)
    return ((image - image.min()) / np.ptp(image)).astype(np.float32)


def displaced(image, rng, largest=2.5):
    """An image warped by a smooth field, and the field (n_1, ..., n_r, r)."""
    field = np.stack([ndimage.gaussian_filter(rng.normal(size=image.shape), 8) for _ in range(image.ndim)])
    field *= largest / np.abs(field).max()
    warped = ndimage.map_coordinates(image, np.indices(image.shape) + field, order=1, mode="nearest")
    return warped.astype(np.float32), np.moveaxis(field, 0, -1)


def still(image):
    return np.zeros((*image.shape, image.ndim), np.float32)


@pytest.mark.parametrize(
    "change, changed",
    [
        (lambda image, rng: image, False),
        (lambda image, rng: image + rng.normal(scale=0.05, size=image.shape), False),
        (lambda image, rng: ndimage.shift(image, 1.5, order=1, mode="nearest"), False),
        (lambda image, rng: 0.6 * image, True),
        (lambda image, rng: image**0.8, True),
    ],
    ids=["equal", "noise", "moved", "darker", "gamma"],
)
@pytest.mark.parametrize("size", [(64, 64), (24, 24, 24)])
def test_what_is_left_goes_by_intensity_after_a_change_of_contrast_alone(rng, size, change, changed):
    moving = structure(size, rng)
    pair = Pair(change(moving, rng).astype(np.float32), moving, LinearMap.identity(len(size)))
    assert contrast_changed(pair, still(moving)) == changed


def test_nothing_is_said_where_no_pixel_counts_or_the_image_is_flat(rng):
    moving = structure((32, 32), rng)
    nowhere = Pair(moving, moving, LinearMap.identity(2), mask=np.zeros(moving.shape, bool))
    flat = Pair(np.full_like(moving, 0.5), moving, LinearMap.identity(2))
    assert not contrast_changed(nowhere, still(moving)) and not contrast_changed(flat, still(moving))


def test_two_things_that_a_change_of_contrast_does_not_explain_keep_their_field(rng):
    fixed, moving = structure((64, 64), rng), structure((64, 64), rng)
    found = Found(still(fixed), "start")
    assert compensated(Pair(fixed, moving, LinearMap.identity(2)), found, "default") is found


@pytest.mark.parametrize("change", [lambda image: image**1.15, lambda image: image**0.8], ids=["darker", "brighter"])
def test_a_volume_of_another_contrast_is_registered_as_one_of_the_same(rng, change):
    """The field made up for most of the change, and was 0.3 voxels off on average."""
    moving = structure((40, 40, 40), rng)
    fixed, true = displaced(moving, rng)
    result = dirv_tf.register(change(fixed), moving)
    assert "a smooth change of contrast was found and compensated" in result.notes
    error = np.linalg.norm(result.flow_field - true, axis=-1)[4:-4, 4:-4, 4:-4]
    assert error.mean() < 0.1
