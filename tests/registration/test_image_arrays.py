from __future__ import annotations

import warnings

import numpy as np
import pytest

from dirv_tf.registration.image_arrays import (
    check_intensities,
    check_same_shape,
    from_unit_interval,
    to_spatial_array,
    to_unit_interval,
)


@pytest.mark.parametrize("shape", [(9, 8), (9, 8, 10)])
def test_trailing_channel_is_taken_off(shape):
    array, has_channel = to_spatial_array(np.zeros((*shape, 1)), "fixed")
    assert array.shape == shape and has_channel
    array, has_channel = to_spatial_array(np.zeros(shape), "fixed")
    assert array.shape == shape and not has_channel


@pytest.mark.parametrize("shape", [(9, 8, 3), (9, 8, 4), (9, 8, 10, 3), (1, 9, 8, 2)])
def test_colour_is_refused_with_advice(shape):
    with pytest.raises(ValueError, match=r"moving: expected a grey image.*rgb2gray.*Received: moving.shape=\("):
        to_spatial_array(np.zeros(shape), "moving")


@pytest.mark.parametrize("shape", [(), (9,), (1, 9, 8, 7, 1)])
def test_other_numbers_of_axes_are_refused(shape):
    with pytest.raises(ValueError, match=r"fixed: expected a grey image of shape .* Received: fixed.shape=\("):
        to_spatial_array(np.zeros(shape), "fixed")


def test_mask_is_refused():
    with pytest.raises(ValueError, match="without a mask"):
        to_spatial_array(np.ma.zeros((8, 8)), "fixed")


def test_shapes_and_ranks_must_agree():
    with pytest.raises(ValueError, match=r"same shape.*fixed.shape=\(8, 8\), moving.shape=\(8, 9\)"):
        check_same_shape(np.zeros((8, 8)), np.zeros((8, 9)))
    with pytest.raises(ValueError, match=r"same rank.*fixed.shape=\(8, 8\), moving.shape=\(8, 8, 8\)"):
        check_same_shape(np.zeros((8, 8)), np.zeros((8, 8, 8)))


@pytest.mark.parametrize("dtype, largest", [(np.uint8, 255), (np.uint16, 65535)])
def test_integers_are_divided_by_the_range_of_their_type(dtype, largest):
    image = np.array([[0, largest // 5, largest]], dtype)
    values = to_unit_interval(image, "fixed")
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, [[0, 0.2, 1]], atol=1e-7)
    np.testing.assert_array_equal(from_unit_interval(values, image.dtype), image)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_are_kept(dtype):
    image = np.array([[0, 0.25, 1]], dtype)
    values = to_unit_interval(image, "fixed")
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, image)
    assert from_unit_interval(values, image.dtype).dtype == dtype


@pytest.mark.parametrize("dtype", [np.int16, np.int64, np.uint32, bool, complex, object])
def test_other_dtypes_are_refused(dtype):
    with pytest.raises(ValueError, match=r"fixed: expected floating-point.*Received: fixed.dtype="):
        to_unit_interval(np.ones((3, 3), dtype), "fixed")


def test_integers_are_clipped_and_rounded_on_the_way_back():
    values = np.array([-1e-5, 0.5004, 1 + 1e-5], np.float32)
    np.testing.assert_array_equal(from_unit_interval(values, np.dtype(np.uint8)), [0, 128, 255])


def _ramp():
    return np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_counted(value):
    image = _ramp()
    image[2, 3:5] = value
    with pytest.raises(ValueError, match="moving: expected finite.*2 NaN or infinite values among 64"):
        check_intensities(image, "moving")


@pytest.mark.parametrize("image", [_ramp() * 255, _ramp() - 0.01, _ramp() + 0.01])
def test_range_is_checked(image):
    with pytest.raises(ValueError, match=r"intensities in \[0, 1\].*Received: fixed with values from"):
        check_intensities(image, "fixed")


def test_rounding_errors_outside_the_range_pass():
    check_intensities(_ramp() * np.float32(1 + 1e-6), "fixed")


def test_even_image_is_refused():
    with pytest.raises(ValueError, match="some structure.*single value 0.5"):
        check_intensities(np.full((8, 8), 0.5, np.float32), "fixed")


def test_low_contrast_warns_and_full_contrast_does_not():
    with pytest.warns(UserWarning, match=r"moving uses only 5.0 % of the intensity range"):
        check_intensities(_ramp() * np.float32(0.05), "moving")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_intensities(_ramp(), "moving")
