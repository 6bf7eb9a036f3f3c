import numpy as np
import pytest

from dirv_tf.layers import ControlPointForce, DataForce, ImageGradient


@pytest.mark.parametrize("spacing", [(4, 2), (2, 4, 3)])
def test_it_is_the_fused_form_of_two_layers(spacing, rng):
    size = [3 * s for s in spacing]
    weights, image = rng.normal(size=(2, 2, *size, 1)).astype("float32")
    expected = ControlPointForce(spacing)(weights * ImageGradient()(image)[..., 0, :])
    assert np.abs(expected).max() > 1
    np.testing.assert_allclose(DataForce(spacing)((weights, image)), expected, atol=1e-5)
