"""Color to gray."""

import numpy as np
import pytest
from skimage.color import rgb2gray

from dirv_tf.io import to_gray


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_as_scikit_image_in_the_type_of_the_image(dtype, rng):
    largest = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    color = (largest * rng.random((9, 7, 3))).astype(dtype)
    gray = to_gray(color)
    assert gray.dtype == dtype
    np.testing.assert_allclose(gray / largest, rgb2gray(color), atol=0.51 / largest if largest > 1 else 1e-6)


def test_alpha_is_dropped(rng):
    color = rng.integers(0, 256, size=(5, 6, 4)).astype(np.uint8)
    np.testing.assert_array_equal(to_gray(color), to_gray(color[..., :3]))
