import numpy as np
import pytest
import scipy.ndimage

from experiments.benchmark.demons import demons_flow_field


@pytest.mark.parametrize("axis", [0, 1])
def test_demons_find_a_shift_along_either_axis(axis):
    pytest.importorskip("SimpleITK")
    moving = scipy.ndimage.gaussian_filter(np.random.default_rng(1).normal(size=(64, 48)), 3).astype(np.float32)
    moving /= moving.std()
    shift = np.zeros(2)
    shift[axis] = 2
    fixed = scipy.ndimage.shift(moving, -shift, order=1, mode="nearest").astype(np.float32)
    inner = demons_flow_field(fixed, moving)[12:-12, 12:-12]
    np.testing.assert_allclose(inner.mean(axis=(0, 1)), shift, atol=0.3)
