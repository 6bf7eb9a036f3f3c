"""The loss of images and of the mask of what has no counterpart: known answers, in 2D and in 3D."""

import math

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.losses import CounterpartLoss, image_dissimilarity, mask_perimeter, mask_volume

SIZES = {2: (16, 24), 3: (12, 12, 16)}
ranks = pytest.mark.parametrize("rank", [2, 3])


def outputs(rng, rank, mask=0.0):
    shape = (2, *SIZES[rank], 1)
    fixed, registered = (tf.constant(rng.random(shape), tf.float32) for _ in range(2))
    mask = tf.zeros(shape) + mask
    return {"fixed_images": (fixed,), "registered_images": (registered,), "counterpart_mask": mask}


def box(rank, low=4, high=9):
    values = np.zeros((2, *SIZES[rank], 1), np.float32)
    values[(slice(None), *[slice(low, high)] * rank)] = 1
    return tf.constant(values)


@ranks
def test_volume_and_perimeter_of_a_box(rank):
    pixels = math.prod(SIZES[rank])
    np.testing.assert_allclose(mask_volume(box(rank)), [5**rank / pixels] * 2, rtol=1e-6)
    # Twice as many faces as axes.
    np.testing.assert_allclose(mask_perimeter(box(rank)), [2 * rank * 5 ** (rank - 1) / pixels] * 2, rtol=1e-6)
    np.testing.assert_allclose(mask_perimeter(tf.ones_like(box(rank))), [0, 0])


@ranks
@pytest.mark.parametrize("similarity", ["mse", "lncc", "mind"])
def test_an_empty_mask_changes_nothing(rng, rank, similarity):
    found = outputs(rng, rank)
    images = found["fixed_images"][0], found["registered_images"][0]
    expected = float(tf.reduce_mean(image_dissimilarity(*images, similarity)))
    assert float(CounterpartLoss(similarity)(None, found)) == pytest.approx(expected, rel=1e-5)
    # Neither does no mask at all, while the part that registers is trained alone.
    del found["counterpart_mask"]
    assert float(CounterpartLoss(similarity)(None, found)) == pytest.approx(expected, rel=1e-5)


@ranks
@pytest.mark.parametrize("similarity", ["mse", "ncc", "lncc", "mind"])
@pytest.mark.parametrize("known", [False, True])
def test_what_lies_within_the_mask_or_the_known_lesion_does_not_matter(rng, rank, similarity, known):
    found = outputs(rng, rank, 0.0 if known else box(rank))
    targets, loss = {"lesion": box(rank)}, CounterpartLoss(similarity, supervision=0.1 if known else 0.0)
    other = {**found, "fixed_images": (tf.where(box(rank) > 0, 1 - found["fixed_images"][0], found["fixed_images"][0]),)}
    values, gradients = [], []
    for each in (found, other):
        with tf.GradientTape() as tape:
            tape.watch(each["registered_images"])
            values.append(loss(targets, each))
        gradients.append(tape.gradient(values[-1], each["registered_images"])[0])
    np.testing.assert_allclose(values[0], values[1], rtol=1e-5)
    np.testing.assert_allclose(gradients[0], gradients[1], atol=1e-6)
    assert float(tf.reduce_max(tf.abs(gradients[0]))) > 1e-6


def test_the_terms_are_weighted(rng):
    found = outputs(rng, 2, box(2))
    parts = [
        CounterpartLoss(volume=volume, perimeter=perimeter)(None, found)
        for volume, perimeter in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5))
    ]
    pixels = math.prod(SIZES[2])
    assert float(parts[1] - parts[0]) == pytest.approx(0.5 * 25 / pixels, rel=1e-3)
    assert float(parts[2] - parts[0]) == pytest.approx(0.5 * 20 / pixels, rel=1e-3)


def test_the_cross_entropy_with_the_lesion(rng):
    found = outputs(rng, 2, 0.25)
    losses = [CounterpartLoss(supervision=weight)({"lesion": box(2)}, found) for weight in (1.0, 3.0)]
    share = 25 / math.prod(SIZES[2])
    entropy = -(share * math.log(0.25) + (1 - share) * math.log(0.75))
    assert float(losses[1] - losses[0]) == pytest.approx(2 * entropy, rel=1e-4)


def test_penalties_decide_what_is_left_out():
    # A pixel is left out where its squared difference is larger than the mean by more than the weight of the volume.
    fixed = tf.zeros([1, 16, 16, 1])
    registered = tf.concat([tf.fill([1, 8, 16, 1], 0.5), tf.zeros([1, 8, 16, 1])], axis=1)
    mask = tf.Variable(tf.zeros_like(fixed))
    for volume, sign in ((0.01, -1), (0.3, 1)):
        with tf.GradientTape() as tape:
            found = {"fixed_images": (fixed,), "registered_images": (registered,), "counterpart_mask": mask}
            loss = CounterpartLoss(volume=volume, perimeter=0.0)(None, found)
        assert np.sign(tape.gradient(loss, mask).numpy()[0, 2, 3, 0]) == sign


def test_what_it_needs(rng):
    with pytest.raises(ValueError, match="CounterpartLoss needs 'lesion' in the targets"):
        CounterpartLoss(supervision=1.0)(None, outputs(rng, 2))
    with pytest.raises(ValueError, match="Received: "):
        CounterpartLoss("mse", volume=-1)
    with pytest.raises(ValueError, match="`mask` must have the shape of the images"):
        CounterpartLoss()(None, {**outputs(rng, 2), "counterpart_mask": tf.zeros([2, 4, 4, 1])})


def test_config():
    loss = CounterpartLoss("lncc", 0.1, 0.2, 0.3)
    again = CounterpartLoss.from_config(loss.get_config())
    assert again.get_config() == loss.get_config() and again.similarity == "lncc"
