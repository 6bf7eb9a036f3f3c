"""Images compared within a mask."""

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import losses
from dirv_tf.losses.unsupervised import SIMILARITIES


@pytest.fixture
def images(rng):
    return rng.random((2, 2, 64, 20, 1))


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_a_mask_of_ones_is_no_mask(images, similarity):
    ones = np.ones((2, 64, 20, 1))
    masked = losses.image_dissimilarity(*images, similarity, ones)
    np.testing.assert_allclose(masked, losses.image_dissimilarity(*images, similarity), rtol=1e-6)


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_what_is_outside_changes_neither_loss_nor_gradient(images, similarity, rng):
    mask = np.ones((2, 64, 20, 1))
    mask[:, 20:32, 4:12], mask[:, :3] = 0, 0
    results = []
    for noise in (0, 5 * rng.normal(size=images.shape) * (1 - mask)):
        fixed, registered = (tf.constant(each) for each in images + noise)
        with tf.GradientTape() as tape:
            tape.watch(registered)
            loss = losses.MaskedLoss(similarity)({"mask": mask}, {"fixed_images": (fixed,), "registered_images": (registered,)})
        results.append((float(loss), tape.gradient(loss, registered).numpy()))
    (loss, gradient), (again, other_gradient) = results
    assert again == pytest.approx(loss, rel=1e-9)
    np.testing.assert_allclose(other_gradient, gradient, atol=1e-12)
    assert not gradient[mask == 0].any() and gradient.any()
    assert float(tf.reduce_mean(losses.image_dissimilarity(*images, similarity))) != pytest.approx(loss, rel=1e-3)


def test_within_a_rectangle_it_is_the_measure_of_the_rectangle(images):
    mask = np.zeros((2, 64, 20, 1))
    mask[:, 10:30, 2:18] = 1
    inside = images[:, :, 10:30, 2:18]
    for similarity in ("mse", "ncc"):
        found = losses.image_dissimilarity(*images, similarity, mask)
        np.testing.assert_allclose(found, losses.image_dissimilarity(*inside, similarity), rtol=1e-6)


@pytest.mark.parametrize("similarity", ["mse", "ncc", "lncc", "mind"])
def test_gradients(images, similarity, check_gradients):
    mask = np.ones((2, 64, 20, 1))
    mask[:, 8:] = 0.5
    mask[:, 40:] = 0
    check_gradients(lambda image: losses.image_dissimilarity(images[0], image, similarity, mask), images[1], tolerance=1e-5)


def test_a_mask_of_another_size_is_named(images):
    with pytest.raises(ValueError, match="`mask` must have the shape of the images with one channel.*Received: mask.shape="):
        losses.image_dissimilarity(*images, "mse", np.ones((2, 64, 21, 1)))
