"""Cutting volumes for drawing."""

import numpy as np
import pytest

from dirv_tf.figures import central_slice, drawn_axes, in_plane_components


def test_an_image_is_not_cut():
    image = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(central_slice(image, 2), image)
    assert drawn_axes(2) == drawn_axes(2, axis=1) == (0, 1)


@pytest.mark.parametrize("axis, kept", [(0, (1, 2)), (1, (0, 2)), (2, (0, 1))])
def test_a_volume_is_cut_at_its_center(axis, kept):
    volume = np.random.default_rng(0).normal(size=(4, 6, 8, 3))
    assert drawn_axes(3, axis) == kept
    expected = np.take(volume, volume.shape[axis] // 2, axis=axis)
    np.testing.assert_array_equal(central_slice(volume, 3, axis), expected)
    np.testing.assert_array_equal(in_plane_components(volume, 3, axis), expected[..., list(kept)])


@pytest.mark.parametrize("rank, axis", [(1, 0), (4, 0), (3, 3), (2, -1)])
def test_impossible_cuts_raise(rank, axis):
    with pytest.raises(ValueError, match="Received"):
        drawn_axes(rank, axis)
