import numpy as np
import pytest
import tensorflow as tf
from numpy.lib.stride_tricks import sliding_window_view

from dirv_tf import losses

SIZES = {2: (14, 12), 3: (9, 8, 10)}


def brute_force(fixed, registered, side, stride, dilation, squared):
    """The correlation of one pair of single-channel images, window for window."""
    extent = (side - 1) * dilation + 1
    every = (slice(None, None, stride),) * fixed.ndim + (slice(None, None, dilation),) * fixed.ndim
    windows = [sliding_window_view(x, (extent,) * x.ndim)[every] for x in (fixed, registered)]
    first, second = (w.reshape(*w.shape[: fixed.ndim], -1) for w in windows)
    first, second = (w - w.mean(axis=-1, keepdims=True) for w in (first, second))
    cross = (first * second).sum(-1)
    variances = (first**2).sum(-1) * (second**2).sum(-1) + 1e-5
    return np.mean(cross**2 / variances if squared else cross / np.sqrt(variances))


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("side, stride, dilation", [(5, 1, 1), (3, 2, 2)])
def test_correlation_agrees_with_brute_force(rank, squared, side, stride, dilation, rng):
    fixed, registered = rng.random((2, 2, *SIZES[rank], 1))
    got = losses.local_correlation(fixed, registered, side, stride, dilation, squared)
    expected = [
        brute_force(f[..., 0], w[..., 0], side, stride, dilation, squared) for f, w in zip(fixed, registered)
    ]
    np.testing.assert_allclose(got, expected, atol=1e-8)


@pytest.mark.parametrize("rank", [2, 3])
def test_linear_intensities(rank, rng):
    fixed = rng.random((1, *(12,) * rank, 1))
    windows = [(1.0, 9, 1, 1)]
    assert float(losses.multi_kernel_correlation(fixed, fixed, windows)[0]) == pytest.approx(0, abs=1e-5)
    assert float(losses.multi_kernel_correlation(fixed, -3 * fixed + 2, windows)[0]) == pytest.approx(2, abs=1e-5)
    assert float(losses.multi_kernel_correlation(fixed, -3 * fixed + 2, windows, True)[0]) == pytest.approx(0, abs=1e-5)


def test_the_mean_intensity_costs_no_precision(rng):
    fixed = (rng.random((1, 16, 16, 1)) * 0.05).astype("float32")
    correlation = float(losses.local_correlation(fixed, fixed + 100)[0])
    assert correlation == pytest.approx(float(losses.local_correlation(fixed, fixed)[0]), abs=0.02)


def test_windows_of_several_sizes_are_weighted(rng):
    fixed, registered = rng.random((2, 1, 16, 16, 1))
    both = losses.multi_kernel_correlation(fixed, registered, [(0.7, 8, 2, 1), (0.3, 4, 1, 2)])
    large = losses.local_correlation(fixed, registered, 8, 2, 1)
    small = losses.local_correlation(fixed, registered, 4, 1, 2)
    np.testing.assert_allclose(both, 0.7 * (1 - large) + 0.3 * (1 - small), atol=1e-12)


def test_a_flat_image_gives_one_and_a_finite_gradient(rng):
    flat = tf.fill([1, 12, 12, 1], 0.5)
    with tf.GradientTape() as tape:
        tape.watch(flat)
        loss = losses.multi_kernel_correlation(rng.random((1, 12, 12, 1)).astype("float32"), flat, [(1.0, 9, 1, 1)])
    assert float(loss[0]) == pytest.approx(1, abs=1e-4)
    assert np.all(np.isfinite(tape.gradient(loss, flat)))


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("squared", [False, True])
def test_gradients(rank, squared, rng, check_gradients):
    images = rng.random((2, 1, *(5,) * rank, 1))
    check_gradients(lambda f, w: losses.local_correlation(f, w, 3, squared=squared), *images, tolerance=1e-5)


def test_no_windows_are_refused():
    with pytest.raises(ValueError, match=r"at least one .*Received: \[\]"):
        losses.multi_kernel_correlation(tf.zeros([1, 8, 8, 1]), tf.zeros([1, 8, 8, 1]), [])


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((64, 64), [(0.3, 16, 4, 2), (0.7, 32, 8, 2)]),
        ((128, 160, 130), [(0.3, 32, 8, 2), (0.7, 64, 16, 2)]),
        ((48, 64), [(1.0, 24, 6, 1)]),
        ((4, 8), [(1.0, 2, 1, 1)]),
    ],
)
def test_windows_go_with_the_image(size, expected, rng):
    assert losses.windows_of_two_sizes(size) == expected
    # They lie inside the image, whatever its size.
    image = rng.random((1, *size[:2], 1)).astype("float32")
    assert float(losses.multi_kernel_correlation(image, 1 - image, expected)[0]) > 1.9


def test_windows_of_an_unknown_or_tiny_image_are_refused():
    for size in ((None, 64), (3, 64)):
        with pytest.raises(ValueError, match="known sides of at least 4 pixels. Received: size="):
            losses.windows_of_two_sizes(size)
