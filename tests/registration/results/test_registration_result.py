from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dirv_tf.registration import RegistrationResult


def _result(dtype=np.uint8, largest=255):
    fixed = np.zeros((8, 10), dtype)
    moving = np.full((8, 10), largest, dtype)
    registered = moving.copy()
    registered[4:] = 0
    field = np.zeros((8, 10, 2), np.float32)
    field[0, 0] = (3, 4)
    return RegistrationResult(
        registered=registered,
        flow_field=field,
        displacement_field=field[::4, ::4],
        fixed=fixed,
        moving=moving,
        model_name="A-6",
        spacing=(4, 4),
        seconds=0.125,
    )


@pytest.mark.parametrize("dtype, largest", [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)])
def test_repr_says_what_happened(dtype, largest):
    text = repr(_result(dtype, largest))
    assert "model='A-6', size=8 x 10" in text
    assert "1.0000 -> 0.5000 (intensities 0 to 1)" in text
    assert "mean 0.06 px, largest 5.00 px" in text
    assert "array" not in text


def test_repr_works_when_everything_is_black():
    black = dataclasses.replace(_result(), registered=np.zeros((8, 10), np.uint8))
    assert "-> 0.0000" in repr(black)


def test_size_and_rank():
    result = _result()
    assert (result.rank, result.size) == (2, (8, 10))


def test_images_come_as_floats_without_channel():
    result = _result()
    images = dataclasses.replace(result, fixed=result.fixed[..., np.newaxis]).unit_interval_images()
    assert set(images) == {"fixed", "moving", "registered"}
    assert all(image.shape == (8, 10) and image.dtype == np.float32 for image in images.values())
    assert images["moving"].max() == 1


def test_result_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        _result().registered = None
