import numpy as np
import pytest

from dirv_tf import losses, metrics


@pytest.mark.parametrize("size", [(8, 9), (6, 7, 8)])
def test_the_difference_is_the_mean_absolute_one(size, rng):
    fixed, image = rng.random((2, 3, *size, 1)).astype("float32")
    expected = np.abs(image - fixed).reshape(3, -1).mean(axis=1)
    np.testing.assert_allclose(metrics.intensity_difference(fixed, image), expected, rtol=1e-5)
    # The loss of one channel is the same, but for its cut-off at zero.
    np.testing.assert_allclose(losses.intensity_errors([fixed], [image])[0], expected, rtol=1e-5)
    mask = rng.random((3, *size)) > 0.5
    expected = [np.abs(image - fixed)[number, ..., 0][mask[number]].mean() for number in range(3)]
    np.testing.assert_allclose(metrics.intensity_difference(fixed, image, mask), expected, rtol=1e-5)


def test_equal_images_do_not_differ(rng):
    image = rng.random((2, 8, 8, 1)).astype("float32")
    assert metrics.intensity_difference(image, image).numpy().tolist() == [0.0, 0.0]


def test_shapes_are_checked():
    with pytest.raises(ValueError, match=r"fixed.shape=\(1, 8, 8, 1\), image.shape=\(1, 8, 9, 1\)"):
        metrics.intensity_difference(np.zeros((1, 8, 8, 1)), np.zeros((1, 8, 9, 1)))
