"""The verdict on a registration without known truth."""

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from skimage.io import imread

from dirv_tf.registration.route.quality import judge, structure_similarity

DATA = Path(__file__).parents[3] / "data"


@pytest.fixture(scope="module")
def tissue():
    return imread(DATA / "tissue/colon_ihc.png").astype(np.float32)[:128, :128] / 255


@pytest.fixture(scope="module")
def unrelated():
    return imread(DATA / "tissue/cells_he.png").astype(np.float32)[64:192, 64:192] / 255


@pytest.fixture(scope="module")
def everywhere():
    return np.ones((128, 128), bool)


def test_an_image_is_like_itself_whatever_its_contrast(tissue):
    for other in (tissue, 1 - tissue, 0.3 * tissue + 0.5):
        assert structure_similarity(tissue, other) == pytest.approx(1, abs=1e-3)


def test_uneven_illumination_matters_little(tissue):
    factor = np.linspace(0.5, 1.2, 128, dtype=np.float32)[:, None]
    assert structure_similarity(tissue, tissue * factor) > 0.97


def test_unrelated_images_are_not_alike(tissue, unrelated, rng):
    assert structure_similarity(tissue, unrelated) < 0.2
    noise = rng.uniform(size=tissue.shape).astype(np.float32)
    assert structure_similarity(tissue, noise) < 0.05
    assert structure_similarity(tissue, np.rot90(tissue)) < 0.2


def test_every_pixel_of_misalignment_counts(tissue):
    values = [structure_similarity(tissue, np.roll(tissue, shift, axis=0)) for shift in (0, 1, 3, 8)]
    assert values == sorted(values, reverse=True) and values[0] - values[1] > 0.1 and values[-1] < 0.3


def test_flat_images_have_nothing_to_compare(tissue):
    flat = np.full_like(tissue, 0.4)
    assert structure_similarity(flat, tissue) == 0.0
    assert structure_similarity(tissue, flat) == pytest.approx(0.0, abs=1e-6)
    assert structure_similarity(flat, flat) == 0.0


def test_flat_parts_of_the_fixed_image_do_not_count(tissue):
    padded = np.pad(tissue, 64, mode="edge")
    padded[:64], padded[-64:], padded[:, :64], padded[:, -64:] = 1, 1, 1, 1
    assert structure_similarity(padded, padded) == pytest.approx(1, abs=1e-3)


def test_only_the_support_counts(tissue, unrelated, everywhere):
    half = everywhere.copy()
    half[:, 64:] = False
    mixed = np.where(half, tissue, unrelated)
    shrunk = ndimage.binary_erosion(half, iterations=5)
    assert structure_similarity(tissue, mixed, shrunk) == pytest.approx(1, abs=1e-3)
    assert structure_similarity(tissue, mixed, ~ndimage.binary_dilation(half, iterations=5)) < 0.25
    assert structure_similarity(tissue, mixed, ~everywhere) == 0.0


def test_large_images_and_volumes(rng):
    large = ndimage.gaussian_filter(rng.normal(size=(300, 520)), 3).astype(np.float32)
    large = (large - large.min()) / np.ptp(large)
    assert structure_similarity(large, 1 - large, np.ones(large.shape, bool)) == pytest.approx(1, abs=1e-3)
    volume = ndimage.gaussian_filter(rng.normal(size=(24, 20, 22)), 2).astype(np.float32)
    volume = (volume - volume.min()) / np.ptp(volume)
    assert structure_similarity(volume, volume) == pytest.approx(1, abs=1e-3)
    assert structure_similarity(volume, np.flip(volume, 0)) < 0.2


def test_nothing_speaks_against_a_good_result(tissue, everywhere):
    quality = judge(tissue, np.roll(tissue, 4, axis=1), tissue, everywhere, folded_percent=0.1)
    assert quality.is_trustworthy and quality.warnings == ()
    assert quality.similarity_after == pytest.approx(1, abs=1e-3) and quality.similarity_before < 0.5
    assert quality.folded_percent == 0.1 and quality.support == 1.0


def test_an_unchanged_pair_is_no_reason_to_warn(tissue, everywhere):
    assert judge(tissue, tissue, tissue, everywhere, 0.0).is_trustworthy


@pytest.mark.parametrize(
    "change, message",
    [
        ({"worse": True}, "less alike after"),
        ({"folded_percent": 0.6}, "folds in 0.6 % of the pixels"),
        ({"outside": 0.31}, "31 % of the fixed image lie outside"),
    ],
)
def test_each_warning_alone(tissue, everywhere, change, message):
    moved = np.roll(tissue, 6, axis=0)
    images = (tissue, moved) if change.get("worse") else (moved, tissue)
    support = everywhere.copy()
    support[: round(128 * change.get("outside", 0))] = False
    quality = judge(tissue, *images, support, change.get("folded_percent", 0.4))
    assert len(quality.warnings) == 1 and message in quality.warnings[0]
    assert not quality.is_trustworthy


def test_an_alignment_in_doubt_counts_where_the_images_stay_different(tissue, unrelated, everywhere):
    moved = np.roll(unrelated, 6, axis=0)
    quality = judge(tissue, moved, unrelated, everywhere, 0.0, reliable=False)
    assert [each for each in quality.warnings if "no more alike than unrelated ones" in each]
    assert not [each for each in judge(tissue, moved, unrelated, everywhere, 0.0).warnings if "unrelated" in each]
    assert judge(tissue, moved, tissue, everywhere, 0.0, reliable=False).is_trustworthy


def test_several_warnings_at_once(tissue, unrelated, everywhere):
    support = everywhere.copy()
    support[:, 60:] = False
    quality = judge(tissue, tissue, unrelated, support, 3.0, reliable=False)
    assert len(quality.warnings) == 4
    assert quality.support == pytest.approx(60 / 128)
