"""The likelihood of fields: known answers, and a computation with dense matrices."""

import math

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry, losses


def outputs_of(rng, size, batch=2):
    rank = len(size)
    field = tf.constant(rng.normal(0, 0.5, (batch, *size, rank)), tf.float32)
    images = [tf.constant(rng.random((batch, *size, 1)), tf.float32) for _ in range(2)]
    deviation = tf.constant(rng.uniform(0.2, 2.0, (batch, *size, rank)), tf.float32)
    return images, field, deviation


@pytest.mark.parametrize(("rank", "width", "expected"), [(3, 15.0, 3.87), (2, 5.0, 1.585)])
def test_without_images_a_constant_has_its_minimum_where_it_is_known(rank, width, expected):
    assert losses.free_standard_deviation(rank, 10.0, width) == pytest.approx(expected, abs=5e-3)


def test_the_loss_itself_has_that_minimum():
    width, smoothness = 2.0, 10.0
    best = losses.free_standard_deviation(2, smoothness, width)
    image, field = tf.zeros([1, 64, 64, 1]), tf.zeros([1, 64, 64, 2])

    def far_from_the_border(value):
        # Of two sizes, so that what the border adds is in both.
        large, small = (
            float(losses.field_likelihood(each, each, zero, zero + value, zero, smoothness, 1e-4, width)[0]) * pixels
            for each, zero, pixels in ((image, field, 64**2), (image[:, :32], field[:, :32], 32 * 64))
        )
        return large - small

    around = [far_from_the_border(best * factor) for factor in (0.97, 1.0, 1.03)]
    assert around[1] < around[0] and around[1] < around[2]


@pytest.mark.parametrize("width", [1.3, None])
def test_it_is_that_of_dense_matrices(rng, width):
    (fixed, moving), field, deviation = outputs_of(rng, (6, 6), batch=1)
    noise = tf.constant(rng.normal(size=(1, 6, 6, 2)), tf.float32)
    found = float(losses.field_likelihood(fixed, moving, field, deviation, noise, 3.0, 0.02, width)[0])
    places = np.stack(np.meshgrid(*[np.arange(6)] * 2, indexing="ij"), -1).reshape(-1, 2)
    squares = ((places[:, None] - places[None]) ** 2).sum(-1)
    smoothing = np.exp(-0.5 * squares / (6 / 12 if width is None else width) ** 2)
    smoothing /= np.linalg.norm(smoothing, axis=1, keepdims=True)
    correlation, neighbors = smoothing @ smoothing.T, squares == 1
    np.testing.assert_allclose(np.diag(correlation), 1, atol=1e-6)
    rough = 0.0
    for component in range(2):
        values = deviation.numpy()[0, ..., component].ravel()
        covariance = values[:, None] * correlation * values[None]
        rough += (neighbors * (np.diag(covariance)[:, None] - covariance)).sum()
    warped = geometry.warp_image(moving, field + deviation * noise)
    expected = float(tf.reduce_sum((fixed - warped) ** 2)) / (2 * 0.02) + 0.5 * 3.0 * rough
    expected -= np.log(deviation.numpy()).sum()
    assert found == pytest.approx(expected / 36, rel=1e-4)


def test_zero_noise_takes_the_field_itself(rng):
    (fixed, moving), field, deviation = outputs_of(rng, (8, 12))
    warped = geometry.warp_image(moving, field)
    terms = [
        losses.field_likelihood(image, moving, field, deviation, 0 * field, 0.0, 0.5) for image in (fixed, warped)
    ]
    expected = tf.reduce_mean((fixed - warped) ** 2, axis=[1, 2, 3])
    np.testing.assert_allclose(terms[0] - terms[1], expected, rtol=1e-4)


@pytest.mark.parametrize("size", [(40, 32), (16, 16, 16)])
def test_noise_has_its_deviation_and_correlation(size):
    width, count = 2.5, 400
    noise = losses.correlated_noise([count, *size, 1], seed=[3, 4], width=width).numpy()[..., 0]
    np.testing.assert_allclose(noise.std(axis=0), 1, atol=0.2)  # At the border too.
    assert np.sqrt((noise**2).mean()) == pytest.approx(1, abs=0.02)
    for distance in (1, 3):
        middle = noise[:, 6:-6]
        found = (middle[:, distance:] * middle[:, :-distance]).mean() / (middle**2).mean()
        assert found == pytest.approx(math.exp(-(distance**2) / (4 * width**2)), abs=0.03)


def test_the_same_seed_gives_the_same_noise():
    first, second, other = (losses.correlated_noise([1, 8, 8, 2], seed) for seed in ([1, 2], [1, 2], [2, 1]))
    np.testing.assert_array_equal(first, second)
    assert np.abs(first - other).max() > 0.1


def test_gaussian_likelihood_is_smallest_at_the_mean_square(rng):
    true = tf.constant(rng.normal(0, 0.7, (2, 16, 16, 2)), tf.float32)
    field = tf.zeros_like(true)
    best = float(tf.sqrt(tf.reduce_mean(true**2)))
    values = [
        float(tf.reduce_mean(losses.gaussian_likelihood(true, field, field + best * factor)))
        for factor in (0.95, 1.0, 1.05)
    ]
    assert values[1] < values[0] and values[1] < values[2]
    assert values[1] == pytest.approx(math.log(best) + 0.5, abs=1e-3)


@pytest.mark.parametrize("size", [(16, 24), (8, 8, 8)])
def test_the_losses_of_networks(rng, size):
    (fixed, moving), field, deviation = outputs_of(rng, size)
    true = field + 0.5
    outputs = {"flow_field": field, "standard_deviation": deviation}
    pure = tf.reduce_mean(losses.gaussian_likelihood(true, field, deviation))
    loss = losses.GaussianLikelihoodLoss()
    np.testing.assert_allclose(loss(true, outputs), pure)
    np.testing.assert_allclose(loss({"flow_field": true}, outputs), pure)
    images = {"fixed_images": (fixed,), "moving_images": (moving,)}
    of_images = losses.FieldLikelihoodLoss(weight=2.0, image_variance=0.01)
    again = type(of_images).from_config(of_images.get_config())
    assert again.weight == 2.0 and again.image_variance == 0.01 and again.width is None
    # One sample per call, from the outputs: the same for the same, another for others.
    first, second = of_images(None, {**outputs, **images}), again(true, {**outputs, **images})
    np.testing.assert_array_equal(first, second)
    with tf.GradientTape() as tape:
        tape.watch(deviation)
        value = of_images(None, {**outputs, **images, "standard_deviation": deviation})
    assert np.isfinite(tape.gradient(value, deviation)).all()


def test_what_is_missing_or_does_not_fit_is_named(rng):
    _, field, deviation = outputs_of(rng, (8, 8))
    with pytest.raises(ValueError, match="needs 'standard_deviation'.*Received: outputs with 'flow_field'"):
        losses.GaussianLikelihoodLoss()(field, {"flow_field": field})
    with pytest.raises(ValueError, match="needs the true flow field in the targets. Received: none"):
        losses.GaussianLikelihoodLoss()(None, {"flow_field": field, "standard_deviation": deviation})
    with pytest.raises(ValueError, match="needs 'fixed_images', 'moving_images'"):
        losses.FieldLikelihoodLoss()(None, {"flow_field": field, "standard_deviation": deviation})
    with pytest.raises(ValueError, match="must have the same shape. Received: standard_deviation.shape"):
        losses.gaussian_likelihood(field, field, deviation[:, :4])
    for arguments in ({"weight": -1.0}, {"image_variance": 0.0}, {"width": 0.0}):
        with pytest.raises(ValueError, match=f"{next(iter(arguments))}.*Received"):
            losses.FieldLikelihoodLoss(**arguments)


def test_rows_and_what_they_are_applied_to():
    rows = geometry.gaussian_rows(9, 2.0)
    np.testing.assert_allclose(tf.norm(rows, axis=1), np.ones(9), rtol=1e-6)
    averages = geometry.gaussian_rows(9, 2.0, norm=1)
    constant = tf.fill([2, 9, 4, 3], 2.5)
    smoothed = geometry.apply_rows(constant, [averages, tf.eye(4)])
    np.testing.assert_allclose(smoothed, constant, rtol=1e-5)
    first = geometry.apply_rows(tf.reshape(tf.range(72.0), [1, 9, 8, 1]), [averages, tf.eye(8)])
    np.testing.assert_allclose(first[0, ..., 0], averages.numpy() @ np.arange(72.0).reshape(9, 8), rtol=1e-5)
    assert float(geometry.neighbor_correlations(rows)[4]) == pytest.approx(math.exp(-1 / 16), abs=0.01)
    with pytest.raises(ValueError, match="`matrices` must be one per axis, 2. Received: 1"):
        geometry.apply_rows(constant, [averages])
    with pytest.raises(ValueError, match="norm.*Received: norm=3"):
        geometry.gaussian_rows(9, 2.0, norm=3)
