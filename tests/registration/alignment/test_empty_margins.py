"""Margins in which both images are constant are cut before a registration, and come back afterward."""

import numpy as np
from scipy import ndimage

import dirv_tf
from dirv_tf.registration.alignment.align import Alignment
from dirv_tf.registration.alignment.empty_margins import Margins
from dirv_tf.registration.images.pair import Pair
from dirv_tf.registration.maps.linear_map import LinearMap


def texture(size, seed=0):
    image = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=size), 2)
    return (0.1 + 0.8 * (image - image.min()) / np.ptp(image)).astype(np.float32)


def padded(image, *widths):
    return np.pad(image, widths)


def pair(fixed, moving, *masks):
    return Pair(fixed, moving, LinearMap.identity(2), *masks)


def test_the_content_of_both_stays_with_a_little_around_it():
    fixed, moving = padded(texture((40, 40)), (10, 30), (12, 28)), padded(texture((36, 48), 1), (16, 28), (2, 30))
    margins = Margins.of(pair(fixed, moving))
    assert margins.box == (slice(6, 56), slice(0, 56))
    cut = margins.cut(pair(fixed, moving))
    np.testing.assert_array_equal(cut.fixed, fixed[margins.box])
    np.testing.assert_array_equal(cut.moving, moving[margins.box])
    mask = np.zeros(fixed.shape, bool)
    mask[20:30, 20:30] = True
    masked = pair(fixed, moving, mask)
    assert Margins.of(masked).cut(masked).mask.sum() == 100
    mask[:] = False
    mask[70:] = True
    assert Margins.of(pair(fixed, moving, None, mask)).box is None, "a mask of the margin alone"


def test_nothing_is_cut_where_it_saves_little_or_the_images_do_not_lie_on_each_other():
    image, small = texture((64, 64)), padded(texture((30, 30)), (17, 17), (17, 17))
    shifted = Pair(small, small, LinearMap(np.eye(2), np.ones(2)))
    for given in (pair(image, small), pair(small, small[1:]), pair(small, 0 * small), shifted):
        margins = Margins.of(given)
        assert margins.box is None and margins.cut(given) is given


def test_a_small_content_keeps_enough_pixels_to_register():
    image = padded(texture((10, 40)), (50, 4), (12, 12))
    assert Margins.of(pair(image, image)).box == (slice(32, 64), slice(8, 56))


def test_maps_and_fields_come_back_to_the_images_as_given():
    image = padded(texture((40, 40)), (10, 14), (12, 12))
    margins = Margins.of(pair(image, image))
    size = margins.cut(pair(image, image)).fixed.shape
    turn = LinearMap(np.array([[0.8, -0.6], [0.6, 0.8]]), np.array([3.0, -2.0]))
    whole = margins.restored_map(turn)
    first = np.array([6.0, 8.0])
    np.testing.assert_allclose(whole.applied(first + [5, 7]), turn.applied([5, 7]) + first)
    field = margins.restored_field(turn.flow_field(size), turn, image.shape)
    np.testing.assert_allclose(field, whole.flow_field(image.shape), atol=1e-4)
    bump = turn.flow_field(size) + np.float32(1)
    field = margins.restored_field(bump, turn, image.shape)
    np.testing.assert_array_equal(field[margins.box], bump)
    np.testing.assert_allclose(field[0, 0], whole.flow_field(image.shape)[0, 0] + 1, atol=1e-4)
    alignment = Alignment(turn.matrix, turn.translation, 0.1, 0.5, 1.0, 1.0, "rigid")
    np.testing.assert_allclose(margins.restored_alignment(alignment).translation, whole.translation)


def test_a_pair_before_an_empty_background_is_registered_as_without_it():
    moving = texture((56, 56), 3)
    rows, columns = np.mgrid[:56, :56].astype(np.float32)
    true = np.stack([2 * np.sin(columns / 15), 2 * np.cos(rows / 18)], axis=-1)
    fixed = ndimage.map_coordinates(moving, [rows + true[..., 0], columns + true[..., 1]], order=3, mode="nearest")
    fixed, moving = (padded(np.float32(image), (30, 34), (32, 32)) for image in (fixed, moving))
    result = dirv_tf.register(fixed, moving)
    assert result.flow_field.shape == (120, 120, 2)
    error = np.linalg.norm(result.flow_field[34:82, 36:84] - true[4:52, 4:52], axis=-1)
    assert np.median(error) < 0.1 and error.mean() < 0.3
    np.testing.assert_array_equal(dirv_tf.register(fixed, fixed).flow_field, 0)
