import numpy as np
import pytest

from dirv_tf import geometry
from dirv_tf.registration.control_grid import ControlGrid
from dirv_tf.registration.warped_pair import WarpedPair


@pytest.mark.parametrize("size, moving_size", [((12, 10), (15, 9)), ((6, 8, 7), (6, 9, 8))])
def test_the_moving_image_is_warped_and_fields_are_composed(size, moving_size, rng):
    rank = len(size)
    fixed, moving = rng.random(size), rng.random(moving_size)
    field = rng.normal(size=(*size, rank)).astype("float32")
    pair = WarpedPair.make(fixed, moving, field)
    expected = geometry.warp_image(moving[None, ..., None].astype("float32"), field[None])[0, ..., 0]
    np.testing.assert_allclose(pair.moving, expected, atol=1e-5)
    second = rng.normal(size=(*size, rank)).astype("float32")
    composed = geometry.compose(first=field[None], second=second[None])[0]
    places = np.moveaxis(np.indices(size), 0, -1) + second
    inside = ((places >= 0) & (places <= np.array(size) - 1)).all(axis=-1)
    assert 0 < inside.sum() < inside.size
    np.testing.assert_allclose(pair.composed(np.moveaxis(second, -1, 0))[inside], composed[inside], atol=1e-5)


@pytest.mark.parametrize("size", [(12, 10), (6, 8, 7)])
def test_an_affine_field_goes_on_beyond_the_border(size, rng):
    rank = len(size)
    slopes = rng.normal(0, 0.5, (rank, rank))
    middle = (np.array(size) - 1) / 2
    places = np.moveaxis(np.indices(size), 0, -1) - middle
    second = rng.normal(size=(*size, rank)).astype("float32")
    pair = WarpedPair.make(np.zeros(size), np.zeros(size), places @ slopes.T)
    expected = (places + second) @ slopes.T + second
    np.testing.assert_allclose(pair.composed(np.moveaxis(second, -1, 0)), expected, atol=1e-4)


def test_pixels_count_where_both_images_have_them():
    mask, moving_mask = np.ones((8, 8), bool), np.ones((8, 8), bool)
    mask[0], moving_mask[:, 7] = False, False
    field = np.zeros((8, 8, 2), np.float32)
    field[..., 0] = 1.0
    weights = WarpedPair.make(np.zeros((8, 8)), np.zeros((8, 8)), field, mask, moving_mask).weights
    expected = np.zeros((8, 8))
    expected[1:7, :7] = 1
    np.testing.assert_array_equal(weights, expected)


@pytest.mark.parametrize("size", [(17, 13), (9, 13, 9)])
@pytest.mark.parametrize("level", [0, 1])
def test_an_affine_field_leaves_no_reference(size, level, rng):
    rank = len(size)
    grid = ControlGrid([-(-n // 2**level) for n in size], (4,) * rank)
    field = np.moveaxis(np.indices(size), 0, -1) @ rng.normal(0, 0.1, (rank, rank)) + 3.0
    pair = WarpedPair.make(np.zeros(size), np.zeros(size), field - field.mean(axis=tuple(range(rank))))
    np.testing.assert_allclose(pair.reference(grid, level), 0, atol=0.02)


def test_shapes_are_checked():
    image, field = np.zeros((8, 8)), np.zeros((8, 8, 2))
    with pytest.raises(ValueError, match=r"one rank.*moving.shape=\(8, 8, 8\)"):
        WarpedPair.make(image, np.zeros((8, 8, 8)), field)
    with pytest.raises(ValueError, match=r"shape \(8, 8, 2\).*flow_field.shape=\(8, 9, 2\)"):
        WarpedPair.make(image, image, np.zeros((8, 9, 2)))
    with pytest.raises(ValueError, match=r"`moving_mask` must have the shape \(8, 8\)"):
        WarpedPair.make(image, image, field, moving_mask=np.ones((8, 9)))
    with pytest.raises(ValueError, match="no pixel is left"):
        WarpedPair.make(image, image, field + 100)
