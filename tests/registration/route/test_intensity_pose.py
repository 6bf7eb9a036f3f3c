import numpy as np
import pytest
import skimage.data
import tensorflow as tf

import dirv_tf
from dirv_tf import geometry, synthesis
from dirv_tf.registration.images.pair import Pair
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.route import first_field
from dirv_tf.registration.route.intensity_pose import intensity_pose

SIZE = (96, 96)


def turned(degrees, scales=(1.0, 1.0), shift=(0.0, 0.0), size=SIZE):
    """A rotation and scales about the middle, then a shift."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.array([[cosine, -sine], [sine, cosine]]) @ np.diag(scales)
    middle = (np.array(size) - 1) / 2
    return LinearMap(matrix, middle + shift - matrix @ middle)


def chessboard(size=SIZE, number=0, seed=31):
    return synthesis.chessboard_images(size, seed, tf.constant([number])).numpy()[0, ..., 0]


def warped(moving, linear, size=None):
    field = linear.flow_field(size or moving.shape)
    if size is None:
        return geometry.warp_image(moving[np.newaxis, ..., np.newaxis], field[np.newaxis]).numpy()[0, ..., 0]
    return linear.sampled(moving, size)


def off(found, linear, size=SIZE):
    """The largest distance of two maps at the corners of an image."""
    corners = np.array([[row, column] for row in (0, size[0] - 1) for column in (0, size[1] - 1)], float)
    return np.linalg.norm(found.applied(corners) - linear.applied(corners), axis=1).max()


@pytest.mark.parametrize(
    ("degrees", "scales", "shift"),
    [(0, (1, 1), (9, -7)), (20, (1, 1), (0, 0)), (-18, (0.8, 1.25), (5, 6)), (12, (1.25, 1.2), (-8, 3))],
)
def test_the_pose_of_a_chessboard_is_found_and_not_one_a_period_away(degrees, scales, shift):
    for number in range(3):
        moving, linear = chessboard(number=number), turned(degrees, scales, shift)
        found = intensity_pose(Pair(warped(moving, linear), moving, LinearMap.identity(2)))
        assert off(found, linear) < 0.1


@pytest.mark.parametrize("scale", [0.4, 1.5])
def test_it_is_found_beyond_what_the_headers_say_between_images_of_two_sizes(scale):
    moving = chessboard((120, 160))
    if scale < 1:
        moving = moving[:48, :48]
    header = LinearMap(np.diag([scale, scale]), np.array([4.0, 8.0]))
    linear = header.after(turned(15, shift=(3, -4), size=(72, 64)))
    fixed = warped(moving, linear, (72, 64))
    found = intensity_pose(Pair(fixed, moving, header))
    assert off(found, linear, (72, 64)) < 0.2


def test_large_images_are_reduced_and_the_pose_is_that_of_their_own_pixels():
    size = (300, 260)
    board = np.kron(chessboard((75, 65)), np.ones((4, 4), np.float32))
    linear = turned(14, (1.1, 0.95), (12, -9), size)
    found = intensity_pose(Pair(linear.sampled(board, size), board, LinearMap.identity(2)))
    assert off(found, linear, size) < 1


def test_pixels_that_a_mask_leaves_out_do_not_count(rng):
    moving, linear = chessboard(), turned(10, (1.1, 0.9), (4, 2))
    fixed = warped(moving, linear)
    masks = np.ones((2, *SIZE), bool)
    masks[0, 30:50, 35:70] = masks[1, 60:80, 20:50] = False
    spoiled = [np.where(mask, image, rng.random(SIZE)).astype(np.float32) for mask, image in zip(masks, (fixed, moving))]
    found = intensity_pose(Pair(*spoiled, LinearMap.identity(2), *masks))
    assert off(found, linear) < 0.2


def test_of_a_pair_that_only_a_part_of_fits_the_part_says_where_it_lies():
    moving, linear = chessboard(), turned(0, shift=(8, 8))
    fixed = warped(moving, linear).copy()
    rows, columns = np.mgrid[:96, :96]
    outside = np.maximum(abs(rows - 48), abs(columns - 48)) > 30
    fixed[outside] = np.random.default_rng(3).random(outside.sum())
    found = intensity_pose(Pair(fixed, moving, LinearMap.identity(2)))
    assert off(found, linear) < 0.5


@pytest.mark.parametrize("shift", [4, -6, 9])
def test_stripes_which_fit_all_along_them_stay_as_near_as_they_can(shift):
    stripes = np.tile(0.5 + 0.5 * np.sin(np.arange(128) / 3)[:, None], (1, 128)).astype(np.float32)
    result = dirv_tf.register(stripes, np.roll(stripes, shift, axis=0))
    rows, columns = np.median(result.flow_field, axis=(0, 1))
    assert abs(rows - shift) < 0.1 and abs(columns) < 1


def test_unrelated_images_and_negatives_have_none(rng):
    assert intensity_pose(Pair(*rng.random((2, *SIZE)).astype(np.float32), LinearMap.identity(2))) is None
    rows = np.linspace(0, 1, 96, dtype=np.float32)
    ramp = np.add.outer(rows, 0.1 * rows) / 1.1
    assert intensity_pose(Pair(ramp, 1.4 - 0.1 * ramp, LinearMap.identity(2))) is None


def test_a_picture_that_is_turned_out_of_reach_has_none():
    """What fitted its background best took a registration of its own before the alignment got its turn."""
    moving = skimage.data.camera()[128:384, 128:384].astype(np.float32)[::2, ::2] / 255
    fixed = warped(moving, turned(130, size=moving.shape))
    assert intensity_pose(Pair(fixed, moving, LinearMap.identity(2))) is None


def test_where_noise_alone_is_left_no_pose_is_looked_for(rng, monkeypatch):
    moving = skimage.data.camera()[128:384, 128:384].astype(np.float32)[::2, ::2] / 255
    true = synthesis.nonrigid_fields(moving.shape, 3, 0, 1, 2.0, 2.5, (30, 34)).numpy()
    fixed = geometry.warp_image(moving[np.newaxis, ..., np.newaxis], true).numpy()[0, ..., 0]
    noisy = np.clip(fixed + rng.normal(scale=0.05, size=fixed.shape), 0, 1).astype(np.float32)
    for name in ("intensity_pose", "registered_by_network"):
        monkeypatch.setattr(first_field, name, lambda *arguments: pytest.fail("nothing else has to be tried"))
    result = dirv_tf.register(noisy, moving)
    assert np.linalg.norm(result.flow_field - true[0], axis=-1).mean() < 0.3


def test_volumes_are_refused():
    volume = np.zeros((16, 16, 16), np.float32)
    with pytest.raises(ValueError, match="Expected images, rank 2. Received: rank 3"):
        intensity_pose(Pair(volume, volume, LinearMap.identity(3)))


def test_a_pattern_that_is_magnified_beyond_the_border_is_tried_at_places_that_reach_over_it():
    """Its cells hardly differ: a cell away, 0.4 % of the variance is left."""
    size, number = (128, 128), tf.constant([34])
    moving = synthesis.chessboard_images(size, 31337, number).numpy()
    field = synthesis.affine_fields(size, 31337, number, limits=synthesis.LARGE_RANGE).numpy()
    fixed = geometry.warp_image(moving, field).numpy()
    found = intensity_pose(Pair(fixed[0, ..., 0], moving[0, ..., 0], LinearMap.identity(2)))
    assert np.linalg.norm(found.flow_field(size) - field[0], axis=-1).mean() < 0.1


@pytest.mark.parametrize("deformation", [0.0, 3.0])
def test_a_strong_affine_map_of_a_chessboard_is_registered(deformation):
    """Alignment by local structure alone put such pairs a period away, and made most of them worse."""
    size, numbers = (128, 128), tf.constant([1, 3, 7])
    moving = synthesis.chessboard_images(size, 9138, numbers).numpy()
    affine = synthesis.affine_fields(size, 9138, numbers, limits=synthesis.LARGE_RANGE)
    fields = (affine + synthesis.nonrigid_fields(size, 9138, 0, 3, 0, max(deformation, 0.1), (30, 34))).numpy()
    fixed = geometry.warp_image(moving, fields).numpy()
    for one, other, field in zip(fixed[..., 0], moving[..., 0], fields):
        result = dirv_tf.register(one, other)
        before, after = (np.linalg.norm(each, axis=-1).mean() for each in (field, result.flow_field - field))
        assert before > 9 and after < 0.02 * before
        assert any("by intensities" in note for note in result.notes)


def test_an_affine_alignment_that_was_asked_for_looks_for_the_pose_as_well():
    """Left to itself, the alignment ends 9 pixels off on this pair."""
    size, number = (128, 128), tf.constant([2])
    moving = synthesis.chessboard_images(size, 4711, number).numpy()
    field = synthesis.affine_fields(size, 4711, number, limits=synthesis.LARGE_RANGE).numpy()
    fixed = geometry.warp_image(moving, field).numpy()
    result = dirv_tf.register(fixed[0, ..., 0], moving[0, ..., 0], align="affine")
    assert np.linalg.norm(result.flow_field - field[0], axis=-1).mean() < 0.1
    assert result.alignment.transform == "affine" and result.alignment.similarity_after > 0.8


@pytest.mark.parametrize("number", [31, 57])
def test_what_is_seen_of_a_magnified_pattern_is_no_other_contrast(number):
    """Their distributions differ by 0.21 and 0.27; each was stretched on its own, and 55 and 14 pixels of error were left."""
    size, numbers = (64, 64), tf.constant([number])
    moving = synthesis.chessboard_images(size, 4711, numbers).numpy()
    field = synthesis.affine_fields(size, 4711, numbers, limits=synthesis.LARGE_RANGE).numpy()
    result = dirv_tf.register(geometry.warp_image(moving, field).numpy()[0, ..., 0], moving[0, ..., 0])
    assert np.linalg.norm(result.flow_field - field[0], axis=-1).mean() < 0.1
