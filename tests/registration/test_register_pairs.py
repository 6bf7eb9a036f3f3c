"""Pairs of any kind, registered in one call without a model."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy import ndimage
from skimage.io import imread

from dirv_tf.datasets import ChessboardPairs
from dirv_tf.registration import register
from dirv_tf.registration.alignment.placement import decide_alignment
from dirv_tf.registration.maps.apply_field import warp_in_blocks
from dirv_tf.registration.register import DEFAULT_MODELS
from dirv_tf.synthesis import chessboard_images, random_fields

DATA = Path(__file__).parents[2] / "data"
NAMES = ("colon_ihc", "epithelium_he", "cells_he", "ki67_scanner_1")


@pytest.fixture(scope="module")
def pairs():
    """Fixed image, moving image and the true field of crops of tissue, 2 to 4 pixels apart on average."""
    made = []
    for number, name in enumerate(NAMES):
        image = imread(DATA / f"tissue/{name}.png").astype(np.float32) / 255
        field = random_fields(image.shape, 3, [number], number)[0].numpy()
        box = np.s_[64:192, 64:192]
        made.append((warp_in_blocks(image, field)[box], image[box], field[box]))
    return made


@pytest.fixture(scope="module")
def section():
    return imread(DATA / "sections/colon/fhl2.png").astype(np.float32)[::4, ::4] / 255


@pytest.fixture(scope="module")
def brain():
    volume = tifffile.imread(DATA / "volumes/brain_t1.tif").astype(np.float32) / 255
    return volume.reshape(32, 2, 32, 2, 32, 2).mean(axis=(1, 3, 5))


def removed(result, true, counted=...):
    before, after = (np.linalg.norm(true - field, axis=-1)[counted].mean() for field in (0, result.flow_field))
    return 100 * (1 - after / before)


def mapped(result):
    return np.moveaxis(np.indices(result.size), 0, -1) + result.flow_field


def with_a_hole(image):
    image = image.copy()
    image[50:80, 40:70] = 0.9
    return image


def noisy(image):
    return np.clip(image + np.random.default_rng(5).normal(0, 0.1, image.shape), 0, 1).astype(np.float32)


# The share of the endpoint error that has to go, in percent, as a mean over the pairs.
CHANGES = {
    "nothing": (lambda image: image, 98),
    "0.6": (lambda image: np.float32(0.6) * image, 95),
    "gamma": (np.square, 95),
    "inverted": (lambda image: 1 - image, 90),
    "noise": (noisy, 88),
    "hole": (with_a_hole, 92),
    "blur": (lambda image: ndimage.gaussian_filter(image, 1.5), 95),
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_happened_to_the_moving_image(pairs, name):
    change, least = CHANGES[name]
    # Two of the tissues, by turns.
    first = list(CHANGES).index(name)
    pairs = [pairs[number % len(pairs)] for number in (first, first + 1)]
    results = [register(fixed, change(moving)) for fixed, moving, _ in pairs]
    shares = [removed(result, true) for result, (_, _, true) in zip(results, pairs)]
    assert np.mean(shares) >= least, shares
    for result in results:
        assert result.quality.is_trustworthy, result.quality.warnings
        assert result.linear.is_identity and "no alignment was needed" in result.notes


@pytest.mark.parametrize("degrees", [45, 180])
def test_a_turned_section_is_turned_back(section, degrees):
    angle = np.radians(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    center = (np.array(section.shape) - 1) / 2
    translation = center - matrix @ center
    inverse = matrix.T
    moving = ndimage.affine_transform(section, inverse, center - inverse @ center, order=1, mode="reflect")
    result = register(section, moving)
    rows, columns = np.mgrid[:128, :128]
    counted = np.hypot(rows - 63.5, columns - 63.5) < 55
    expected = np.stack([rows, columns], axis=-1) @ matrix.T + translation
    errors = np.linalg.norm(mapped(result) - expected, axis=-1)[counted]
    assert errors.mean() < 0.3 and errors.max() < 2
    np.testing.assert_allclose(result.affine, np.column_stack([matrix, translation]), atol=0.05 if degrees == 180 else 2)
    assert result.alignment.reliable and any(note.startswith("aligned (affine)") for note in result.notes)
    assert result.quality.is_trustworthy and result.quality.similarity_after > 0.8 > result.quality.similarity_before


def test_a_shift_beyond_the_reach_of_a_network(section):
    fixed, moving = section[:, :100], section[:, 20:120]
    result = register(fixed, moving)
    counted = np.zeros(fixed.shape, bool)
    counted[4:-4, 26:-4] = True
    errors = np.linalg.norm(result.flow_field - (0, -20), axis=-1)[counted]
    assert errors.mean() < 0.2
    np.testing.assert_allclose(result.affine, [[1, 0, 0], [0, 1, -20]], atol=0.5)
    assert result.quality.support == pytest.approx(0.8, abs=0.02)


def first_chessboards(side, seed):
    """Fixed and moving image and the true field of the first pair."""
    # As the evaluation of 80 pairs begins, without a pipeline for it.
    pairs = ChessboardPairs(size=(side, side), count=80, batch_size=10, seed=seed).first(10)
    (fixed, moving), true = pairs.frozen_batch()
    return fixed[0, ..., 0].numpy(), moving[0, ..., 0].numpy(), true[0].numpy()


@pytest.mark.parametrize("similarity", ["auto", "mse"])
def test_a_repeated_pattern_is_not_shifted_by_a_period(similarity):
    # Of these chessboards the first is more like itself shifted by a field than like its deformed copy.
    fixed, moving, true = first_chessboards(64, 5)
    assert not decide_alignment(fixed, moving).is_identity
    result = register(fixed, moving, similarity=similarity)
    assert removed(result, true) > 70 and "no alignment was needed" in result.notes
    np.testing.assert_array_equal(result.affine, np.eye(2, 3))


def test_an_alignment_that_explains_no_more_is_dropped():
    # So small a chessboard deforms so much that the network's field alone is no proof.
    fixed, moving, true = first_chessboards(32, 77)
    assert not decide_alignment(fixed, moving).is_identity
    result = register(fixed, moving)
    assert removed(result, true) > 30 and "no alignment was kept: none explains the images better" in result.notes
    np.testing.assert_array_equal(result.affine, np.eye(2, 3))


def test_images_of_different_size(section):
    box = np.s_[20:116, 8:104]
    result = register(section[box], section)
    assert result.registered.shape == (96, 96) and result.flow_field.shape == (96, 96, 2)
    assert np.linalg.norm(result.flow_field - (20, 8), axis=-1).mean() < 0.2
    assert np.abs(result.registered - section[box]).mean() < 0.01
    other = register(section, section[box])
    counted = np.zeros(section.shape, bool)
    counted[24:112, 12:100] = True
    assert np.linalg.norm(other.flow_field + (20, 8), axis=-1)[counted].mean() < 0.3
    assert other.quality.support == pytest.approx(0.75**2, abs=0.02)
    assert len(other.quality.warnings) == 1 and "lie outside the moving one" in other.quality.warnings[0]


def test_another_number_type(pairs):
    fixed, moving, true = pairs[0]
    # 12 bits in 16: the range of the type says little.
    result = register(np.rint(255 * fixed).astype(np.uint8), np.rint(4095 * moving).astype(np.uint16))
    assert removed(result, true) > 95
    assert result.registered.dtype == np.uint16 and result.registered.max() > 3500
    assert "intensities of each image stretched to [0, 1] by its own range" in result.notes


def test_wider_floats_are_no_other_number_type(pairs, monkeypatch):
    # A network of the rule "type".
    monkeypatch.setitem(DEFAULT_MODELS, 2, "A-8-quick")
    fixed, moving, true = pairs[0]
    result = register(fixed, moving.astype(np.float64))
    assert result.intensity_ranges == ((0.0, 1.0), (0.0, 1.0)) and result.notes == ("no alignment was needed",)
    assert result.registered.dtype == np.float64 and removed(result, true) > 90


@pytest.mark.parametrize("align, moves", [("none", False), ("translation", True), ("rigid", True), ("affine", True)])
def test_an_explicit_alignment(section, align, moves):
    fixed, moving = section[:, :120], section[:, 8:]
    result = register(fixed, moving, align=align, effort="fast")
    assert result.linear.is_identity != moves
    if moves:
        np.testing.assert_allclose(result.affine, [[1, 0, 0], [0, 1, -8]], atol=0.3)
        assert result.alignment.transform == align
    else:
        assert result.alignment is None and not any("align" in note for note in result.notes)


def test_what_masks_leave_out_does_not_matter(pairs):
    fixed, moving, true = pairs[0]
    rows = np.random.default_rng(3)
    spoiled, fixed_mask = fixed.copy(), np.ones(fixed.shape, bool)
    spoiled[:, :40] = rows.uniform(size=(128, 40))
    fixed_mask[:, :40] = False
    broken, moving_mask = moving.copy(), np.ones(moving.shape, bool)
    broken[:, 100:], moving_mask[:, 100:] = 0.0, False
    counted = np.zeros(fixed.shape, bool)
    counted[:, 44:90] = True
    result = register(spoiled, broken, fixed_mask=fixed_mask, moving_mask=moving_mask)
    assert removed(result, true, counted) > 95


@pytest.mark.parametrize("similarity", ["mse", "ncc", "lncc", "mind"])
def test_every_similarity(pairs, similarity):
    fixed, moving, true = pairs[0]
    result = register(fixed, moving, similarity=similarity, align="none")
    assert removed(result, true) > 88 and similarity in result.model_name


@pytest.mark.parametrize("effort", ["fast", "best"])
def test_every_effort(pairs, effort):
    fixed, moving, true = pairs[0]
    assert removed(register(fixed, moving, effort=effort), true) > (75 if effort == "fast" else 98)


def test_optimization_can_be_left_out(pairs):
    fixed, moving, true = pairs[0]
    plain = register(fixed, moving, optimize=False)
    assert plain.model_name == DEFAULT_MODELS[2] and removed(plain, true) > 75
    network = register(fixed, moving, model=DEFAULT_MODELS[2])
    np.testing.assert_array_equal(plain.flow_field, network.flow_field)


@pytest.mark.parametrize("turned", [False, True])
def test_a_model_alone_is_that_network_alone(pairs, network_2d, turned):
    fixed, moving, _ = pairs[0]
    moving = np.rot90(moving, 2).copy() if turned else np.float32(0.6) * moving
    result = register(fixed, moving, model=network_2d)
    expected = network_2d((fixed[None, ..., None], moving[None, ..., None]))["flow_field"][0].numpy()
    assert result.intensity_ranges == ((0.0, 1.0), (0.0, 1.0)) and np.abs(expected).max() > 0.05
    np.testing.assert_allclose(result.flow_field, expected, atol=1e-4)
    assert result.linear.is_identity and result.alignment is None and result.notes == ()


def test_more_can_be_asked_of_a_model(pairs):
    fixed, moving, true = pairs[0]
    plain = register(fixed, moving, model=DEFAULT_MODELS[2])
    better = register(fixed, moving, model=DEFAULT_MODELS[2], optimize=True)
    assert removed(better, true) > max(98, removed(plain, true))
    assert better.model_name == f"{DEFAULT_MODELS[2]}, then optimization (mse)"
    turned = register(fixed, np.rot90(moving, 2).copy(), model=DEFAULT_MODELS[2], align="auto")
    np.testing.assert_allclose(turned.linear.matrix, -np.eye(2), atol=0.1)


@pytest.mark.parametrize("rank", [2, 3])
def test_identical_images_are_left_exactly_alone(pairs, brain, rank):
    image = pairs[0][0] if rank == 2 else brain
    result = register(image, image.copy())
    assert not result.flow_field.any()
    np.testing.assert_array_equal(result.registered, image)
    assert result.quality.is_trustworthy


def test_a_volume(brain):
    true = random_fields(brain.shape, 3, [0], 0, max_displacement=3.0)[0].numpy()
    fixed = warp_in_blocks(brain, true)
    counted = fixed > 0.1
    result = register(fixed, brain)
    assert removed(result, true, counted) > 70
    contrast = register(fixed, 1 - brain**2)
    assert removed(contrast, true, counted) > 60 and contrast.quality.is_trustworthy


def test_unrelated_images_are_not_trusted(section):
    other = imread(DATA / "sections/nuclei/ki67_scanner_1.tif").astype(np.float32)[100:228, 300:428] / 255
    quality = register(section, other).quality
    assert quality.similarity_after < 0.2
    assert quality.warnings == ("the images are no more alike than unrelated ones: the registration may be wrong",)


def test_a_saved_result_of_two_sizes_can_be_read(section, tmp_path):
    from dirv_tf.io import read_flow_field

    result = register(section[20:116, 8:104], section, effort="fast")
    field = read_flow_field(result.save(tmp_path / "result") / "flow_field.npz")
    np.testing.assert_array_equal(field.flow_field, result.flow_field)
    assert field.moving_size == section.shape


def test_intensities_that_are_asked_for_find_what_the_network_was_not_trained_for():
    moving = chessboard_images((128, 128), 3, [3])[0, ..., 0].numpy()
    true = random_fields((128, 128), 4, [3], 3, max_displacement=15.0)[0].numpy()
    fixed = warp_in_blocks(moving, true)
    ways = {"model": "best-2d"}, {"similarity": "mse"}
    network, asked = (register(fixed, moving, align="none", **way) for way in ways)
    assert removed(network, true) < 80 and removed(asked, true) > 95
