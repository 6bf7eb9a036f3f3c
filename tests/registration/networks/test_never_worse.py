"""A network's field that takes the images farther from each other is not taken."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from dirv_tf import register
from dirv_tf.losses import image_dissimilarity
from dirv_tf.models import RegistrationNetwork
from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.networks.network_registration import dissimilarity, never_worse


class OnePixelRight(RegistrationNetwork):
    """Finds one pixel along the last axis, whatever the images are."""

    kind = "one_pixel_right"
    similarity = "mse"
    halo = (4, 4)

    def call(self, inputs):
        fixed, _ = self.checked_pair(inputs)
        return {"flow_field": tf.concat([tf.zeros_like(fixed), tf.ones_like(fixed)], axis=-1)}


def _image(shape=(48, 96), seed=0):
    image = ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), 2)
    return ((image - image.min()) / np.ptp(image)).astype(np.float32)


def _pair(shifted, left, right):
    """A pair of which one half is shifted by a pixel; both halves with their own contrast."""
    image = _image()
    moved = np.concatenate([image[:, 1:], image[:, -1:]], axis=1)
    half = np.arange(image.shape[1]) < image.shape[1] // 2
    contrast = np.where(half, left, right).astype(np.float32)
    fixed = np.where(half == (shifted == "left"), moved, image)
    return 0.5 + (fixed - 0.5) * contrast, 0.5 + (image - 0.5) * contrast


def test_a_field_that_helps_is_taken():
    result = register(*_pair("left", 1.0, 0.1), model=OnePixelRight())
    assert (result.flow_field[..., 1] == 1).all()
    assert result.notes == () and result.rounds == 1


@pytest.mark.parametrize("tile", [None, 32])
def test_the_whole_field_decides_also_with_tiles(tile):
    helps = register(*_pair("left", 1.0, 0.1), model=OnePixelRight(), tile=tile)
    np.testing.assert_allclose(helps.flow_field[..., 1], 1, atol=1e-6)
    harms = register(*_pair("left", 0.1, 1.0), model=OnePixelRight(), tile=tile)
    assert not harms.flow_field.any() and harms.rounds == 0
    np.testing.assert_array_equal(harms.registered, harms.moving)
    assert "the images stay where they were: with the field of one_pixel_right" in harms.notes[-1]
    assert harms.metrics()["difference_after"] == harms.metrics()["difference_before"]


def test_without_a_known_measure_everything_is_taken():
    network = OnePixelRight()
    network.similarity = None
    assert (register(*_pair("left", 0.1, 1.0), model=network).flow_field[..., 1] == 1).all()


def test_the_linear_part_stays():
    image = _image()
    linear = LinearMap(np.eye(2), np.array([0.0, 2.0]))
    pair = Pair(linear.sampled(image, image.shape), image, linear)
    field = pair.start()
    left = never_worse(pair, Found(field + 1, "a network", 3, ("a note",)), "mse")
    np.testing.assert_array_equal(left.flow_field, field)
    assert left.rounds == 0 and left.notes[0] == "a note" and len(left.notes) == 2
    better = Found(field, "a network")
    assert never_worse(pair, better, "mse") is better


def test_each_measure_has_its_own_opinion():
    image = _image()
    inverted = Pair(1 - image, image, LinearMap.identity(2))
    found = Found(np.ones((*image.shape, 2), np.float32), "a network")
    # Squares of intensities say that a negative lies better where it does not fit, self-similarity does not.
    assert never_worse(inverted, found, "mse") is found
    assert "difference of self-similarity" in never_worse(inverted, found, "mind").notes[0]


@pytest.mark.parametrize("similarity", ["mse", "ncc", "lncc", "mk_lncc", "mind"])
def test_the_measures_are_those_of_the_losses(similarity):
    images = _image(seed=1), _image(seed=2)
    expected = image_dissimilarity(*(image[np.newaxis, ..., np.newaxis] for image in images), similarity)
    assert dissimilarity(*images, similarity) == pytest.approx(float(expected[0]), rel=1e-5)
