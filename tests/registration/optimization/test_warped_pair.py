import numpy as np
import pytest

from dirv_tf import geometry
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.optimization.control_grid import ControlGrid
from dirv_tf.registration.optimization.warped_pair import WarpedPair, halved


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
    within = ((places >= 0) & (places <= np.array(size) - 1)).all(axis=-1)
    assert 0.2 < within.mean() < 1
    found = pair.composed(np.moveaxis(second, -1, 0))
    np.testing.assert_allclose(found[within], composed.numpy()[within], atol=1e-5)
    # Beyond the border, only the affine part of a field goes on: little of one that is nearly none.
    np.testing.assert_allclose(found, composed, atol=1.0)


def test_an_affine_field_goes_on_beyond_the_border(rng):
    linear = LinearMap(np.array([[-1.0, 0.3], [0.1, -2.0]]), np.array([12.0, 25.0]))
    size = (12, 10)
    pair = WarpedPair.make(rng.random(size), rng.random((15, 30)), linear.flow_field(size))
    np.testing.assert_allclose(pair.matrix, linear.matrix, atol=1e-4)
    second = rng.normal(size=(*size, 2), scale=3).astype(np.float32)
    np.testing.assert_allclose(pair.composed(np.moveaxis(second, -1, 0)), linear.composed(second), atol=1e-3)
    np.testing.assert_allclose(pair.added(np.moveaxis(second, -1, 0)), linear.composed(second), atol=1e-3)


def test_without_a_field_no_matrix_is_needed(rng):
    assert WarpedPair.make(rng.random((9, 9)), rng.random((9, 9)), np.zeros((9, 9, 2))).matrix is None
    # A field that sends all pixels to one place says nothing about directions.
    nowhere = -np.moveaxis(np.indices((9, 9)), 0, -1).astype(np.float32)
    assert WarpedPair.make(rng.random((9, 9)), rng.random((9, 9)), nowhere).matrix is None


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


@pytest.mark.parametrize("size", [(64, 48), (11, 8), (10, 9), (9, 7, 12), (2, 30), (1, 12)])
def test_images_are_halved_as_by_the_layers(size, rng):
    values = rng.normal(size=(*size, 2)).astype(np.float32)
    np.testing.assert_allclose(halved(values), geometry.downsample_image(values[None])[0].numpy(), atol=1e-6)
    assert halved(values).dtype == np.float32


def test_a_pyramid_has_weights_beside_its_images(rng):
    image = rng.uniform(size=(16, 12)).astype(np.float32)
    field = np.zeros((16, 12, 2), np.float32)
    field[..., 0] = 4
    levels = WarpedPair.make(image, image, field).pyramid(1)
    assert [fixed.shape for fixed, _, _ in levels] == [(16, 12), (8, 6)]
    assert levels[0][1].sum() == 12 * 12 and levels[1][1][0].min() == 1 and levels[1][1][-1].max() < 0.1
