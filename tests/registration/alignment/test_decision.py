from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from skimage.io import imread

from dirv_tf.registration.alignment.align import align
from dirv_tf.registration.alignment.placement import decide_alignment, mean_displacement

DATA = Path(__file__).parents[3] / "data"


@pytest.fixture(scope="module")
def epithelium():
    return imread(DATA / "tissue/epithelium_he.png").astype(np.float32) / 255


def deformed(image, seed, largest):
    random = np.random.default_rng(seed)
    field = np.stack([ndimage.gaussian_filter(random.normal(size=image.shape), 20) for _ in image.shape])
    field *= largest / np.abs(field).max()
    return ndimage.map_coordinates(image, np.indices(image.shape) + field, order=1, mode="nearest").astype(np.float32)


@pytest.mark.parametrize("seed", range(3))
def test_a_deformation_within_reach_stays_untouched(epithelium, seed):
    assert decide_alignment(epithelium, deformed(epithelium, seed, 8)).is_identity


def test_a_large_motion_is_aligned_also_under_a_deformation(epithelium):
    moving = np.ascontiguousarray(deformed(epithelium, 0, 8)[::-1, ::-1])
    alignment = decide_alignment(epithelium, moving)
    np.testing.assert_allclose(alignment.matrix, -np.eye(2), atol=0.1)
    assert mean_displacement(alignment, epithelium.shape) > 50


def test_unrelated_images_stay_as_they_are(epithelium, rng):
    noise = ndimage.gaussian_filter(rng.normal(size=epithelium.shape), 2).astype(np.float32)
    assert decide_alignment(epithelium, noise).is_identity


def test_images_of_different_sizes_are_always_aligned(epithelium):
    alignment = decide_alignment(epithelium, epithelium[2:, 3:])
    np.testing.assert_allclose(alignment.translation, [-2, -3], atol=0.3)


def test_the_mean_displacement_is_that_of_a_shift(epithelium):
    alignment = align(epithelium, np.roll(epithelium, (6, 8), (0, 1)), "translation")
    assert mean_displacement(alignment, epithelium.shape) == pytest.approx(10, abs=0.2)
