"""The fixed image in the appearance of the moving one."""

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from skimage.io import imread

from dirv_tf.registration.route.appearance import matched_appearance

DATA = Path(__file__).parents[3] / "data"
EVERYWHERE = np.ones((128, 128), bool)


def crop(name, row=64, column=64):
    return imread(DATA / f"tissue/{name}.png").astype(np.float32)[row : row + 128, column : column + 128] / 255


@pytest.fixture(scope="module")
def tissue():
    return crop("colon_ihc")


def uneven(image):
    rows, columns = np.mgrid[:128, :128] / 127
    return image * (0.6 + 0.5 * rows - 0.2 * columns) + 0.1 * columns


CHANGES = {
    "nothing": lambda image: image,
    "brightness": lambda image: 0.6 * image,
    "gamma": lambda image: image**2,
    "square root": np.sqrt,
    "inversion": lambda image: 1 - image,
    "uneven illumination": uneven,
    "uneven negative": lambda image: 1 - uneven(image),
    "blur": lambda image: ndimage.gaussian_filter(image, 1.5, mode="nearest"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_contrast_is_explained(tissue, name):
    registered = CHANGES[name](tissue).astype(np.float32)
    matched = matched_appearance(tissue, registered, EVERYWHERE)
    assert matched.explained > 0.98
    assert matched.fixed.dtype == np.float32 and matched.fixed.shape == tissue.shape
    error = np.square(matched.fixed - registered)[matched.counted].mean()
    assert error < 0.02 * registered.var()


@pytest.mark.parametrize("name", ["epithelium_he", "cells_he", "ki67_scanner_1"])
def test_of_other_tissue_too(name):
    image = crop(name)
    assert matched_appearance(image, 1 - image**2, EVERYWHERE).explained > 0.98


def test_noise_is_not_explained(tissue, rng):
    noisy = np.clip(tissue + rng.normal(0, 0.1, size=tissue.shape), 0, 1).astype(np.float32)
    assert matched_appearance(tissue, noisy, EVERYWHERE).explained < 0.95


def test_another_image_is_not_explained(tissue):
    assert matched_appearance(tissue, crop("cells_he"), EVERYWHERE).explained < 0.7
    assert matched_appearance(tissue, np.rot90(tissue).copy(), EVERYWHERE).explained < 0.7


def test_a_hole_does_not_count(tissue):
    registered = 0.8 * tissue
    hole = np.zeros_like(EVERYWHERE)
    hole[40:70, 50:80] = True
    registered[hole] = 1.0
    matched = matched_appearance(tissue, registered, EVERYWHERE)
    assert matched.counted[hole].mean() < 0.1
    assert matched.counted[~ndimage.binary_dilation(hole, iterations=8)].mean() > 0.95
    assert matched.explained > 0.98


def test_nothing_outside_the_support_counts(tissue, rng):
    support = EVERYWHERE.copy()
    support[:, 80:] = False
    registered = np.where(support, 0.5 * tissue + 0.2, rng.uniform(size=tissue.shape)).astype(np.float32)
    matched = matched_appearance(tissue, registered, support)
    assert not matched.counted[~support].any() and matched.counted[support].mean() > 0.95
    assert matched.explained > 0.98


def test_without_support_nothing_is_explained(tissue):
    assert matched_appearance(tissue, tissue, ~EVERYWHERE).explained == 0.0


def test_a_flat_image_explains_nothing(tissue):
    flat = np.full_like(tissue, 0.5)
    assert matched_appearance(flat, tissue, EVERYWHERE).explained < 0.9
    assert matched_appearance(tissue, flat, EVERYWHERE).explained == 0.0


def test_volumes(rng):
    volume = ndimage.gaussian_filter(rng.normal(size=(32, 32, 32)), 2).astype(np.float32)
    volume = (volume - volume.min()) / np.ptp(volume)
    matched = matched_appearance(volume, 1 - volume**2, np.ones(volume.shape, bool))
    assert matched.explained > 0.98
