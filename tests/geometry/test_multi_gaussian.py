import itertools

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry

# As AVSM was published.
DEVIATIONS, WEIGHTS = (0.05, 0.1, 0.15, 0.2, 0.25), (0.067, 0.133, 0.2, 0.267, 0.333)
boundaries = pytest.mark.parametrize("boundary", ["periodic", "reflect"])


@pytest.mark.parametrize(("side", "one", "two"), [(32, 0.55678, 0.16662), (64, 0.54858, 0.16071)])
def test_waves_are_damped(side, one, two):
    """One and two periods per side are eigenfunctions of a periodic smoothing."""
    for periods, factor in ((1, one), (2, two)):
        line = np.cos(2 * np.pi * periods * np.arange(side) / side)
        wave = np.broadcast_to(line[:, None, None], (1, side, 8, 1))
        found = geometry.multi_gaussian_smoothing(wave, DEVIATIONS, WEIGHTS)
        np.testing.assert_allclose(found, factor * wave, atol=1e-5)


@boundaries
@pytest.mark.parametrize("size", [(7, 12), (5, 6, 4)])
def test_it_equals_the_sum_over_all_pixels(boundary, size, rng):
    """A sum over every pair of pixels, with the values written down three times along every axis."""
    values = rng.normal(size=(1, *size, 2))
    expected = np.zeros_like(values)
    for sigma, weight in ((0.3, 0.25), (0.1, 0.5)):
        smoothed = values
        for axis, side in enumerate(size, start=1):
            kernel = np.zeros((side, side))
            for p, q in itertools.product(range(side), repeat=2):
                if boundary == "periodic":
                    distances = [min(abs(p - q), side - abs(p - q))]
                else:
                    # The nearest of the images of q, and of its mirror images.
                    images = ([q + 2 * side * k for k in (-1, 0, 1)], [-1 - q + 2 * side * k for k in (-1, 0, 1)])
                    distances = [min(abs(p - image) for image in each) for each in images]
                kernel[p, q] = sum(np.exp(-((d / (side - 1)) ** 2) / (2 * sigma**2)) for d in distances)
            kernel /= kernel.sum(axis=1, keepdims=True)
            smoothed = np.moveaxis(np.tensordot(kernel, smoothed, axes=[[1], [axis]]), 0, axis)
        expected += weight * smoothed
    found = geometry.multi_gaussian_smoothing(values, (0.3, 0.1), (0.25, 0.5), boundary)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@boundaries
def test_deviations_in_sides_of_so_many_pixels_do_not_grow_with_the_image(boundary, rng):
    values = rng.normal(size=(1, 20, 33, 1))
    of_its_own = geometry.multi_gaussian_smoothing(values[:, :, :20], (0.1,), (1.0,), boundary)
    np.testing.assert_array_equal(
        geometry.multi_gaussian_smoothing(values[:, :, :20], (0.1,), (1.0,), boundary, side=20), of_its_own
    )
    # A pixel far from the ends is spread alike, however long the axis is; in units of its own sides it is not.
    pixels = [np.eye(size)[None, size // 2 : size // 2 + 1, :, None] * np.ones((1, 20, 1, 1)) for size in (60, 90)]
    for side, same in ((20, True), (None, False)):
        spread = [geometry.multi_gaussian_smoothing(each, (0.1,), (1.0,), boundary, side=side) for each in pixels]
        near = [each[:, :, each.shape[2] // 2 - 15 : each.shape[2] // 2 + 16] for each in spread]
        assert np.allclose(*near, atol=1e-9) == same
    with pytest.raises(ValueError, match="`side` must be"):
        geometry.multi_gaussian_smoothing(values, (0.1,), (1.0,), boundary, side=1)


@boundaries
@pytest.mark.parametrize("rank", [2, 3])
def test_constants_stay_and_it_is_its_own_adjoint(boundary, rank, rng):
    size = (9, 6, 7)[:rank]
    constant = np.full((1, *size, rank), 0.75)
    np.testing.assert_allclose(
        geometry.multi_gaussian_smoothing(constant, DEVIATIONS, WEIGHTS, boundary), constant, atol=1e-12
    )
    first, second = rng.normal(size=(2, 1, *size, rank))
    smoothed = [geometry.multi_gaussian_smoothing(each, DEVIATIONS, WEIGHTS, boundary) for each in (first, second)]
    assert np.sum(first * smoothed[1]) == pytest.approx(np.sum(smoothed[0] * second), rel=1e-10)


def test_gradients_and_unknown_sizes(rng, check_gradients):
    check_gradients(lambda m: geometry.multi_gaussian_smoothing(m, (0.1, 0.3), (0.5, 0.5)), rng.normal(size=(2, 6, 5, 2)))
    values = rng.normal(size=(2, 6, 5, 2)).astype("float32")
    unknown = tf.TensorSpec([None, None, None, 2], tf.float32)
    graph = tf.function(lambda m: geometry.multi_gaussian_smoothing(m, (0.1,), (1.0,)), input_signature=[unknown])
    np.testing.assert_allclose(graph(values), geometry.multi_gaussian_smoothing(values, (0.1,), (1.0,)), atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((0.1, 0.2), (1.0,)), r"equally many numbers. Received: deviations=\(0.1, 0.2\), weights=\(1.0,\)"),
        (((0.0,), (1.0,)), "`deviations` must be .*Received: deviations="),
        (((0.1,), (-1.0,)), "`weights` must be .*Received: weights="),
        (((0.1,), (1.0,), "zero"), "`boundary` must be one of periodic, reflect. Received: boundary='zero'"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        geometry.multi_gaussian_smoothing(tf.zeros([1, 4, 4, 2]), *arguments)
