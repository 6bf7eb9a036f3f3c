"""Where the headers put the images, and where they have to go."""

from pathlib import Path

import numpy as np
import pytest
from skimage.io import imread

from dirv_tf.io import ImageGeometry
from dirv_tf.registration.alignment.placement import ALIGNMENTS, AUTOMATIC, alike_as_placed, placed
from dirv_tf.registration.images.given_image import GivenImage
from dirv_tf.registration.images.header_placement import pair_placement
from dirv_tf.registration.images.pair import Pair
from dirv_tf.registration.maps.linear_map import LinearMap

DATA = Path(__file__).parents[3] / "data"
IDENTITY = LinearMap.identity(2)


@pytest.fixture(scope="module")
def section():
    return imread(DATA / "sections/colon/fhl2.png").astype(np.float32)[::4, ::4] / 255


def corner_error(linear, matrix, translation, size):
    corners = np.array([(row, column) for row in (0, size[0] - 1) for column in (0, size[1] - 1)])
    return np.linalg.norm(linear.applied(corners) - corners @ np.transpose(matrix) - translation, axis=-1).max()


def given(size, geometry=None):
    image = np.zeros(size, np.float32)
    return GivenImage(image, image, geometry)


def test_none_stays_where_the_headers_say(section):
    shift = LinearMap(np.eye(2), np.array([3.0, -2.0]))
    linear, alignment, notes = placed(Pair(section, section, shift), "none")
    assert linear is shift and alignment is None and notes == ()


def test_small_images_are_left_alone_by_auto(section):
    linear, alignment, notes = placed(Pair(section[:31], np.rot90(section[:31]).copy(), IDENTITY), "auto")
    assert linear.is_identity and alignment is None and notes == ()


def test_what_needs_no_alignment_is_left_alone(section):
    linear, alignment, notes = placed(Pair(section, np.roll(section, 2, axis=0), IDENTITY), "auto")
    assert linear.is_identity and alignment.is_identity and notes == ("no alignment was needed",)


@pytest.mark.parametrize("transform", ["auto", "rigid", "similarity", "affine"])
def test_a_turned_image_is_turned_back(section, transform):
    turned = np.rot90(section, 2).copy()
    linear, alignment, notes = placed(Pair(section, turned, IDENTITY), transform)
    assert corner_error(linear, -np.eye(2), np.array(section.shape) - 1, section.shape) < 0.5
    assert alignment.transform == (AUTOMATIC[2] if transform == "auto" else transform) and alignment.reliable
    assert len(notes) == 1 and notes[0].startswith(f"aligned ({alignment.transform}): similarity")


def test_a_translation_never_turns(section):
    moving = section[20:, 5:]
    linear, _, _ = placed(Pair(section, moving, IDENTITY), "translation")
    np.testing.assert_array_equal(linear.matrix, np.eye(2))
    np.testing.assert_allclose(linear.translation, (-20, -5), atol=0.5)


def test_the_alignment_goes_on_from_the_headers(section):
    # The moving image has pixels of half the height, lies upside down, and is 10 fixed pixels off.
    moving = np.repeat(np.flipud(section)[10:], 2, axis=0)
    initial = LinearMap(np.diag([-2.0, 1.0]), np.array([2 * 127 + 0.5, 0.0]))
    linear, alignment, _ = placed(Pair(section, moving, initial), "rigid")
    assert not alignment.is_identity
    # Fixed row p is row 127 - p of the flipped one, whose two copies have their middle at 2 (117 - p) + 0.5.
    assert corner_error(linear, np.diag([-2.0, 1.0]), (2 * 117 + 0.5, 0), section.shape) < 1


def test_masks_say_what_is_compared(section):
    # The upper half of the moving image is turned alone: what counts decides.
    moving = section.copy()
    moving[:, 64:] = np.rot90(section, 2)[:, 64:]
    turned = np.zeros(section.shape, bool)
    turned[:, 66:] = True
    for mask, expected in ((turned, -np.eye(2)), (~turned, np.eye(2))):
        linear, _, _ = placed(Pair(section, moving, IDENTITY, moving_mask=mask), "rigid")
        np.testing.assert_allclose(linear.matrix, expected, atol=0.05)


def test_alike_is_what_lies_nearly_right(section):
    near, turned = np.roll(section, 2, axis=0), np.rot90(section).copy()
    assert alike_as_placed(Pair(section, near, IDENTITY), "auto")
    assert not alike_as_placed(Pair(section, turned, IDENTITY), "auto")
    assert not alike_as_placed(Pair(section, near, IDENTITY), "rigid"), "it is asked for"
    assert not alike_as_placed(Pair(section[:31], near[:31], IDENTITY), "auto"), "nothing is aligned"


def test_all_kinds_are_named():
    assert ALIGNMENTS == ("auto", "none", "translation", "rigid", "similarity", "affine")


def test_arrays_start_pixel_on_pixel():
    fixed, moving, initial, notes = pair_placement(given((10, 12)), given((20, 9)), None)
    assert fixed == moving == ImageGeometry.unit(2) and initial.is_identity and notes == ()


def test_an_array_lies_on_the_pixels_of_a_file():
    geometry = ImageGeometry((5.0, 3.0), ((0.0, 0.2), (0.3, 0.0)))
    for pair in ((given((9, 9), geometry), given((9, 9))), (given((9, 9)), given((9, 9), geometry))):
        fixed, moving, initial, notes = pair_placement(*pair, None)
        assert fixed == moving == geometry and initial.is_identity and notes == ()


def test_two_files_start_where_they_lie(rng):
    fixed = ImageGeometry((1.0, 2.0), ((0.0, 0.5), (0.5, 0.0)))
    moving = ImageGeometry((6.0, 2.0), ((-0.25, 0.0), (0.0, 1.0)))
    first, second, initial, notes = pair_placement(given((20, 20), fixed), given((40, 10), moving), None)
    points = rng.uniform(0, 20, size=(5, 2))
    assert (first, second) == (fixed, moving)
    np.testing.assert_allclose(second.to_world(initial.applied(points)), first.to_world(points))
    assert len(notes) == 1 and "pixel sizes of 0.5 x 0.5 (fixed) and 0.25 x 1 mm (moving)" in notes[0]


def test_files_far_apart_start_center_on_center():
    fixed = ImageGeometry.from_pixel_size((0.5, 0.5))
    moving = ImageGeometry((1000.0, 0.0), ((0.0, 0.25), (0.25, 0.0)))
    _, _, initial, notes = pair_placement(given((21, 11), fixed), given((31, 41), moving), None)
    np.testing.assert_allclose(initial.matrix, 2 * np.eye(2))
    np.testing.assert_allclose(initial.applied([10.0, 5.0]), (15, 20))
    assert "hardly overlap" in notes[0]


def test_a_file_without_geometry_starts_pixel_on_pixel():
    known, unknown = ImageGeometry.from_pixel_size((0.5, 0.5)), ImageGeometry.unit(2)
    first, second, initial, notes = pair_placement(given((9, 9), known), given((9, 9), unknown), None)
    assert (first, second) == (known, unknown) and initial.is_identity
    assert "one file knows no geometry" in notes[0]
