import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import correlate

from dirv_tf import geometry

SIZES = {2: (6, 9), 3: (4, 5, 6)}


@pytest.mark.parametrize("rank", [2, 3])
def test_every_component_meets_its_own_kernels_only(rank, rng):
    values = rng.normal(size=(1, *SIZES[rank], 2)).astype("float32")
    kernels = rng.normal(size=(3,) * rank + (2, 4)).astype("float32")
    responses = geometry.expert_convolution(values, geometry.expert_kernel(kernels)).numpy()
    for component in range(2):
        for expert in range(4):
            expected = correlate(values[0, ..., component], kernels[..., component, expert], mode="constant")
            np.testing.assert_allclose(responses[0, ..., component * 4 + expert], expected, atol=1e-5)


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("side", [1, 3, 5, 7])
@pytest.mark.parametrize("size", [None, (1, 2, 1)], ids=["large", "smaller than the kernel"])
def test_the_transpose_agrees_with_tensorflow(rank, side, size, rng):
    size = (size or SIZES[rank])[:rank]
    responses = rng.normal(size=(2, *size, 3)).astype("float32")
    kernel = rng.normal(size=(side,) * rank + (2, 3)).astype("float32")
    transposed = geometry.transposed_expert_convolution(responses, kernel)
    expected = tf.nn.conv_transpose(responses, kernel, (2, *size, 2), strides=1, padding="SAME")
    np.testing.assert_allclose(transposed, expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("rank", [2, 3])
def test_the_transpose_is_the_adjoint(rank, rng):
    values, responses = rng.normal(size=(1, *SIZES[rank], 1)), rng.normal(size=(1, *SIZES[rank], 3))
    kernel = rng.normal(size=(5,) * rank + (1, 3))
    left = np.sum(geometry.expert_convolution(values, kernel).numpy() * responses)
    right = np.sum(values * geometry.transposed_expert_convolution(responses, kernel).numpy())
    assert left == pytest.approx(right, rel=1e-10)


@pytest.mark.parametrize("rank", [2, 3])
def test_gradients(rank, rng, check_gradients):
    values, responses = rng.normal(size=(1, *SIZES[rank], 1)), rng.normal(size=(1, *SIZES[rank], 3))
    kernel = rng.normal(size=(3,) * rank + (1, 3))
    check_gradients(geometry.expert_convolution, values, kernel)
    check_gradients(geometry.transposed_expert_convolution, responses, kernel)


def test_kernels_with_different_sides(rng):
    responses, kernel = rng.normal(size=(1, 6, 9, 4)).astype("float32"), rng.normal(size=(3, 7, 1, 4)).astype("float32")
    expected = tf.nn.conv_transpose(responses, kernel, (1, 6, 9, 1), strides=1, padding="SAME")
    np.testing.assert_allclose(geometry.transposed_expert_convolution(responses, kernel), expected, atol=1e-4)
