from __future__ import annotations

import warnings

import numpy as np
import pytest

from dirv_tf.registration.images.intensities import (
    check_intensities,
    intensity_ranges,
    to_unit_interval,
    type_range,
    warn_of_low_contrast,
)


@pytest.mark.parametrize("dtype, largest", [(np.uint8, 255), (np.uint16, 65535)])
def test_integers_are_divided_by_the_range_of_their_type(dtype, largest):
    image = np.array([[0, largest // 5, largest]], dtype)
    values = to_unit_interval(image, type_range(image, "fixed"))
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, [[0, 0.2, 1]], atol=1e-7)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_are_kept(dtype):
    image = np.array([[0, 0.25, 1]], dtype)
    values = to_unit_interval(image, type_range(image, "fixed"))
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, image)


@pytest.mark.parametrize("dtype", [np.int16, np.int64, np.uint32])
def test_the_range_of_other_integer_types_says_nothing(dtype):
    with pytest.raises(ValueError, match=r"fixed: expected floating-point.*Received: fixed.dtype="):
        type_range(np.ones((3, 3), dtype), "fixed")


@pytest.mark.parametrize("dtype", [bool, complex, object])
def test_other_dtypes_are_refused(dtype):
    with pytest.raises(ValueError, match=r"fixed: expected real numbers. Received: fixed.dtype="):
        check_intensities(np.ones((3, 3), dtype), "fixed")


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
        type_range(image, "fixed")


def test_rounding_errors_outside_the_range_pass():
    assert type_range(_ramp() * np.float32(1 + 1e-6), "fixed") == (0, 1)


@pytest.mark.parametrize("image", [np.full((8, 8), 0.5, np.float32), np.full((8, 8), 7, np.int16)])
def test_even_image_is_refused(image):
    with pytest.raises(ValueError, match="some structure.*single value"):
        check_intensities(image, "fixed")


def test_low_contrast_warns_and_full_contrast_does_not():
    with pytest.warns(UserWarning, match=r"moving uses only 5.0 % of the intensity range") as caught:
        warn_of_low_contrast(_ramp() * np.float32(0.05), "moving", stacklevel=1)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_low_contrast(_ramp(), "moving", stacklevel=1)


def test_joint_range_keeps_equal_numbers_equal():
    fixed, moving = np.array([[-1000, 0, 3]], np.int16), np.array([[0.5, 250.0, 3000.0]])
    ranges = intensity_ranges(fixed, moving, "joint")
    assert ranges == ((-1000, 3000), (-1000, 3000))
    np.testing.assert_allclose(to_unit_interval(fixed, ranges[0]), [[0, 0.25, 0.25075]], atol=1e-6)
    np.testing.assert_allclose(to_unit_interval(moving, ranges[1]), [[0.250125, 0.3125, 1]], atol=1e-6)


def test_each_image_by_its_own_percentiles():
    fixed = np.arange(201, dtype=np.int32).reshape(3, 67)
    ranges = intensity_ranges(fixed, 10 * fixed + 5, "each")
    np.testing.assert_allclose(ranges, [(1, 199), (15, 1995)])
    values = to_unit_interval(fixed, ranges[0])
    assert values.flat[0] == values.flat[1] == 0 and values.flat[-1] == 1, "clipped"
    np.testing.assert_allclose(values, to_unit_interval(10 * fixed + 5, ranges[1]), atol=1e-6)


def test_large_numbers_that_differ_little_keep_their_difference():
    image = np.array([[2**30, 2**30 + 1, 2**30 + 4]], np.int64)
    np.testing.assert_allclose(to_unit_interval(image, (2.0**30, 2.0**30 + 4)), [[0, 0.25, 1]])


def test_unknown_rule():
    with pytest.raises(ValueError, match="type, joint, each. Received: normalize='minmax'"):
        intensity_ranges(_ramp(), _ramp(), "minmax")
