import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry


def smooth_field(size, amplitude):
    grid = np.stack(np.meshgrid(*[np.arange(n) / n for n in size], indexing="ij"), -1)
    bump = np.prod(np.sin(np.pi * grid) ** 2, axis=-1, keepdims=True)
    return (amplitude * bump * np.sin(2 * np.pi * grid[..., ::-1] + 0.4))[None].astype("float32")


def smooth_image(size):
    grid = np.stack(np.meshgrid(*[np.arange(n) / n for n in size], indexing="ij"), -1)
    return (0.5 + 0.5 * np.sin(np.pi * grid.sum(-1, keepdims=True)))[None].astype("float32")


@pytest.mark.parametrize("size", [(48, 40), (24, 20, 28)])
def test_compose_equals_warping_twice(size):
    first, second, image = smooth_field(size, 1.5), smooth_field(size, 1.5)[..., ::-1], smooth_image(size)
    twice = geometry.warp_image(geometry.warp_image(image, first), second)
    once = geometry.warp_image(image, geometry.compose(first, second))
    # Warping twice interpolates twice; the difference is that blur alone.
    np.testing.assert_allclose(once, twice, atol=0.01)
    swapped = geometry.compose(second, first)
    assert np.abs(swapped - geometry.compose(first, second)).max() > 0.1


def test_compose_of_translations_adds_them():
    ones = np.ones((1, 6, 6, 2), "float32")
    np.testing.assert_allclose(geometry.compose(0.5 * ones, -0.2 * ones), 0.3 * ones, atol=1e-6)


@pytest.mark.parametrize("size", [(48, 40), (24, 20, 28)])
def test_the_inverse_undoes_the_field(size):
    field = smooth_field(size, 1.5)
    residual = geometry.compose(field, geometry.invert(field)).numpy()
    assert np.abs(residual).max() < 1e-3
    assert np.abs(field).max() > 1


def test_the_inverse_in_a_graph_of_unknown_sizes_is_the_same():
    field = smooth_field((16, 20), 1.5)
    # As in the steps of Keras 3: nothing is rewritten.
    invert = tf.function(geometry.invert, input_signature=[tf.TensorSpec([None, None, None, 2])], autograph=False)
    np.testing.assert_allclose(invert(field), geometry.invert(field), atol=1e-6)


def test_the_number_of_iterations_is_checked():
    with pytest.raises(ValueError, match="iterations=0"):
        geometry.invert(np.zeros((1, 4, 4, 2), "float32"), iterations=0)
