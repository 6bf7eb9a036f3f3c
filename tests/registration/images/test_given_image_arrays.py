from __future__ import annotations

import numpy as np
import pytest

from dirv_tf.registration.images.given_image import check_same_rank, to_spatial_array


@pytest.mark.parametrize("shape", [(9, 8), (9, 8, 10)])
def test_trailing_channel_is_taken_off(shape):
    array, has_channel = to_spatial_array(np.zeros((*shape, 1)), "fixed")
    assert array.shape == shape and has_channel
    array, has_channel = to_spatial_array(np.zeros(shape), "fixed")
    assert array.shape == shape and not has_channel


@pytest.mark.parametrize("shape", [(9, 8, 3), (9, 8, 4), (9, 8, 10, 3), (1, 9, 8, 2)])
def test_color_is_refused_with_advice(shape):
    with pytest.raises(ValueError, match=r"moving: expected a gray image.*rgb2gray.*Received: moving.shape=\("):
        to_spatial_array(np.zeros(shape), "moving")


@pytest.mark.parametrize("shape", [(), (9,), (1, 9, 8, 7, 1)])
def test_other_numbers_of_axes_are_refused(shape):
    with pytest.raises(ValueError, match=r"fixed: expected a gray image of shape .* Received: fixed.shape=\("):
        to_spatial_array(np.zeros(shape), "fixed")


def test_mask_is_refused():
    with pytest.raises(ValueError, match="without a mask"):
        to_spatial_array(np.ma.zeros((8, 8)), "fixed")


def test_ranks_must_agree_and_sizes_need_not():
    check_same_rank(np.zeros((8, 8)), np.zeros((8, 9)))
    with pytest.raises(ValueError, match=r"same rank.*fixed.shape=\(8, 8\), moving.shape=\(8, 8, 8\)"):
        check_same_rank(np.zeros((8, 8)), np.zeros((8, 8, 8)))
