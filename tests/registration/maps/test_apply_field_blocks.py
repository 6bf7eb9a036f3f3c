from __future__ import annotations

import numpy as np
import pytest

from dirv_tf import geometry
from dirv_tf.registration.maps import apply_field
from dirv_tf.registration.maps.apply_field import warp_in_blocks


@pytest.mark.parametrize("shape", [(23, 9), (11, 6, 5)])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float16", "float32", "float64"])
def test_blocks_give_what_the_whole_gives(rng, monkeypatch, shape, dtype):
    monkeypatch.setattr(apply_field, "_BLOCK_PIXELS", 100)
    is_integer = np.issubdtype(dtype, np.integer)
    image = rng.integers(0, 250, shape).astype(dtype) if is_integer else rng.random(shape).astype(dtype)
    field = rng.normal(scale=3, size=(*shape, len(shape))).astype(np.float32)
    warped = warp_in_blocks(image, field)
    assert warped.dtype == image.dtype
    expected = geometry.warp_image(image[np.newaxis, ..., np.newaxis].astype(np.float32), field[np.newaxis])[0, ..., 0]
    tolerance = 0.5 + 1e-3 if is_integer else {"float16": 1e-3}.get(dtype, 1e-5)
    np.testing.assert_allclose(warped, expected, atol=tolerance)


def test_integers_are_rounded_not_cut():
    image = np.array([[10, 11], [10, 11]], np.uint8)
    field = np.zeros((2, 2, 2), np.float32)
    field[:, 0, 1] = 0.75
    np.testing.assert_array_equal(warp_in_blocks(image, field)[:, 0], 11)


def test_extremes_of_a_type_stay():
    image = np.array([[0, 2**16 - 1]] * 2, np.uint16)
    np.testing.assert_array_equal(warp_in_blocks(image, np.full((2, 2, 2), 5, np.float32)), 2**16 - 1)


def test_half_precision_is_converted_once(rng, monkeypatch):
    sources, sample = [], apply_field.ndimage.map_coordinates

    def watched(source, *arguments, **options):
        sources.append(source)
        return sample(source, *arguments, **options)

    monkeypatch.setattr(apply_field, "_BLOCK_PIXELS", 100)
    monkeypatch.setattr(apply_field.ndimage, "map_coordinates", watched)
    warp_in_blocks(rng.random((23, 9)).astype(np.float16), np.zeros((23, 9, 2), np.float32))
    assert len(sources) == 3 and all(source is sources[0] for source in sources)
