import itertools
from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy import ndimage
from skimage.io import imread

from dirv_tf.registration.alignment.align import Alignment, align

DATA = Path(__file__).parents[3] / "data"


def tissue(name):
    return imread(DATA / name).astype(np.float32) / 255


@pytest.fixture(scope="module")
def colon():
    return tissue("tissue/colon_ihc.png")


@pytest.fixture(scope="module")
def lobes():
    return tissue("sections/lung_lobes/he.png")[::2, ::2]


@pytest.fixture(scope="module")
def brain():
    volume = tifffile.imread(DATA / "volumes/brain_t1.tif").astype(np.float32) / 255
    return volume.reshape(32, 2, 32, 2, 32, 2).mean(axis=(1, 3, 5))


def rotation(degrees, scale=1.0, rank=2, plane=(0, 1)):
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(rank)
    i, j = plane
    matrix[[i, i, j, j], [i, j, i, j]] = cosine, -sine, sine, cosine
    return scale * matrix


def moved(image, matrix, shift, size=None, background=0.0):
    """An image in another pose, and the translation in pixels: its pixel p is found at ``matrix p + translation``."""
    size = size or image.shape
    centers = (np.array(image.shape) - 1) / 2, (np.array(size) - 1) / 2
    translation = centers[1] + np.array(shift) - matrix @ centers[0]
    inverse = np.linalg.inv(matrix)
    warped = ndimage.affine_transform(image, inverse, -inverse @ translation, size, order=1, cval=background)
    return warped.astype(np.float32), translation


def corner_error(alignment, matrix, translation, size):
    corners = np.array(list(itertools.product(*[(0, side - 1) for side in size])))
    expected = corners @ (matrix - np.eye(len(size))).T + translation
    return np.linalg.norm(alignment.displacements(corners) - expected, axis=1).max()


@pytest.mark.parametrize(
    "degrees, scale, shift", [(0, 1.0, (45, -50)), (-149, 0.85, (30, 8)), (84, 1.2, (-40, 20)), (180, 1.0, (0, 0))]
)
def test_any_pose_is_found(colon, degrees, scale, shift):
    matrix = rotation(degrees, scale)
    moving, translation = moved(colon, matrix, shift)
    alignment = align(colon, moving)
    assert corner_error(alignment, matrix, translation, colon.shape) < 1
    assert alignment.reliable and alignment.similarity_after > 0.8 > 5 * alignment.similarity_before


@pytest.mark.parametrize("background", [1.0, 0.0])
@pytest.mark.parametrize("negative", [False, True])
def test_neither_contrast_nor_an_empty_background_matters(lobes, background, negative):
    fixed = np.where(lobes > 0.97, background, lobes).astype(np.float32)
    matrix = rotation(126, 0.95)
    moving, translation = moved(fixed, matrix, (-4, -40), (400, 400), background)
    alignment = align(fixed, 1 - moving if negative else moving)
    assert corner_error(alignment, matrix, translation, fixed.shape) < 1


def test_another_scanner(colon):
    fixed, other = tissue("tissue/ki67_scanner_1.png"), tissue("tissue/ki67_scanner_2.png")
    straight = align(fixed, other, "similarity")
    # The two scanners agree to a pixel or two.
    assert corner_error(straight, np.eye(2), np.zeros(2), fixed.shape) < 4
    matrix = rotation(-70, 1.1)
    moving, translation = moved(other, matrix, (20, -30))
    expected = matrix @ straight.matrix, matrix @ straight.translation + translation
    assert corner_error(align(fixed, moving, "similarity"), *expected, fixed.shape) < 1


def test_images_of_different_sizes_that_overlap_in_part(colon):
    fixed, moving = colon[:200, :230], colon[40:, 50:]
    alignment = align(fixed, moving)
    assert corner_error(alignment, np.eye(2), np.array([-40.0, -50.0]), fixed.shape) < 1
    assert alignment.overlap == pytest.approx(160 * 180 / (200 * 230), abs=0.05)


@pytest.mark.parametrize(
    "matrix",
    [
        rotation(35, 1.1, 3, (0, 2)) @ rotation(-20, 1.0, 3, (1, 2)),
        rotation(90, 1.0, 3, (0, 1)) @ rotation(180, 1.0, 3, (1, 2)),
    ],
    ids=["oblique", "axes exchanged"],
)
def test_volumes(brain, matrix):
    moving, translation = moved(brain, matrix, (3, -2, 4))
    assert corner_error(align(brain, 1 - moving), matrix, translation, brain.shape) < 1


def test_the_kind_of_map_is_kept(colon):
    moving, _ = moved(colon, np.array([[1.05, 0.1], [-0.02, 0.97]]), (5, 9))
    np.testing.assert_array_equal(align(colon, moving, "translation").matrix, np.eye(2))
    rigid = align(colon, moving, "rigid").matrix
    np.testing.assert_allclose(rigid @ rigid.T, np.eye(2), atol=1e-9)
    similarity = align(colon, moving, "similarity").matrix
    np.testing.assert_allclose(similarity @ similarity.T, np.linalg.det(similarity) * np.eye(2), atol=1e-9)
    np.testing.assert_allclose(align(colon, moving, "affine").matrix, [[1.05, 0.1], [-0.02, 0.97]], atol=0.005)


def test_mirroring_only_on_request(colon):
    mirrored = np.ascontiguousarray(colon[:, ::-1])
    assert np.linalg.det(align(colon, mirrored).matrix) > 0
    alignment = align(colon, mirrored, mirror=True)
    assert corner_error(alignment, np.diag([1.0, -1.0]), np.array([0.0, 255.0]), colon.shape) < 0.5


def test_identical_images_stay_exactly_as_they_are(colon, brain):
    for image in (colon, brain):
        alignment = align(image, image)
        assert alignment.is_identity and alignment.similarity_after == pytest.approx(1, abs=1e-5)
        assert alignment.overlap == pytest.approx(1)


def test_never_worse_than_no_alignment(rng, colon):
    noise = rng.uniform(size=(96, 96)).astype(np.float32)
    for fixed, moving in [(noise, colon[:96, :96]), (colon[:96, :96], colon[96:192, 96:192]), (noise, noise[::-1])]:
        alignment = align(fixed, moving)
        assert alignment.similarity_after >= alignment.similarity_before


def test_the_identity_has_the_similarity_of_the_images_as_they_are(colon):
    moving, _ = moved(colon, rotation(30), (10, 5))
    alignment = align(colon, moving)
    undone = alignment.undone()
    assert undone.is_identity and not alignment.is_identity
    assert undone.similarity_after == undone.similarity_before == alignment.similarity_before
    assert undone.overlap == alignment.overlap_before


def test_what_a_mask_leaves_out_does_not_count(colon):
    fixed, moving = colon.copy(), moved(colon, rotation(20), (8, -6))[0]
    # The same label in both images, in the same place.
    label = tissue("tissue/cells_he.png")[:150, :150]
    fixed[:150, :150], moving[:150, :150] = label, label
    mask = np.ones(colon.shape, bool)
    mask[:150, :150] = False
    alignment = align(fixed, moving, fixed_mask=mask, moving_mask=mask)
    expected = moved(colon, rotation(20), (8, -6))[1]
    assert corner_error(alignment, rotation(20), expected, colon.shape) < 1.5


def test_what_cannot_be_aligned_is_refused(colon):
    with pytest.raises(ValueError, match="the same intensity 0.5 everywhere"):
        align(colon, np.full((64, 64), 0.5, np.float32))
    with pytest.raises(ValueError, match=r"two images or two volumes. Received: fixed.shape=\(256, 256\)"):
        align(colon, np.zeros((9, 9, 9), np.float32) + np.arange(9, dtype=np.float32))
    with pytest.raises(ValueError, match="moving to hold finite numbers"):
        align(colon, np.where(colon > 0.5, np.nan, colon))
    with pytest.raises(ValueError, match=r"axes of 8 pixels or more. Received: fixed.shape=\(4, 256\)"):
        align(colon[:4], colon)
    with pytest.raises(ValueError, match="Received: transform='elastic'"):
        align(colon, colon, "elastic")
    with pytest.raises(ValueError, match="fixed_mask to hold something"):
        align(colon, colon, fixed_mask=np.zeros(colon.shape, bool))
    with pytest.raises(ValueError, match=r"moving_mask.shape=\(3, 3\)"):
        align(colon, colon, moving_mask=np.ones((3, 3), bool))


def test_too_little_overlap_is_refused(colon):
    # A ring and a cross: no shift lays much of one on the other.
    distance = np.hypot(*(np.indices(colon.shape) - 127.5))
    ring = (distance > 112) & (distance < 127)
    cross = np.zeros(colon.shape, bool)
    cross[116:140] = cross[:, 116:140] = True
    with pytest.raises(ValueError, match="overlap by 40%"):
        align(colon, colon, "translation", fixed_mask=ring, moving_mask=cross)


def test_an_alignment_names_where_a_point_goes():
    alignment = Alignment(rotation(90), np.array([10.0, 0.0]), 0.1, 0.9, 1.0, 0.5, "rigid")
    np.testing.assert_allclose(alignment.displacements(np.array([[2.0, 3.0]])), [[-3 + 10 - 2, 2 - 3]], atol=1e-12)
