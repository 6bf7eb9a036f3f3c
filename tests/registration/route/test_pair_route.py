"""Which way suits a pair."""

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from skimage.io import imread

from dirv_tf.registration import register_multi_resolution
from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.maps.apply_field import warp_in_blocks
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.networks.network_registration import NetworkCall, registered_by_network
from dirv_tf.registration.optimization.pair_optimization import optimized, registered_by_optimization
from dirv_tf.registration.route.automatic_route import best_route
from dirv_tf.registration.route.intensity_trial import SAME_CONTRAST, contrast_distance
from dirv_tf.synthesis import random_fields

DATA = Path(__file__).parents[3] / "data"
IDENTITY = LinearMap.identity(2)
NAMES = ("colon_ihc", "epithelium_he", "cells_he")


@pytest.fixture(scope="module")
def pairs():
    """Fixed image, moving image and the true field of crops of tissue."""
    made = []
    for number, name in enumerate(NAMES):
        image = imread(DATA / f"tissue/{name}.png").astype(np.float32) / 255
        field = random_fields(image.shape, 3, [number], number)[0].numpy()
        box = np.s_[64:192, 64:192]
        made.append((warp_in_blocks(image, field)[box], image[box], field[box]))
    return made


@pytest.fixture
def nearly(pairs):
    """Stand in for a network: it finds the truth of the first pair but for a tenth."""
    calls = []

    def run(fixed, moving):
        calls.append((fixed, moving))
        return 0.9 * pairs[0][2], 3

    run.calls = calls
    return run


def removed(found, true):
    lengths = [np.linalg.norm(field, axis=-1).mean() for field in (found.flow_field - true, true)]
    return 100 * (1 - lengths[0] / lengths[1])


def test_a_deformed_copy_has_the_same_contrast(pairs):
    for fixed, moving, _ in pairs:
        assert contrast_distance(moving, moving) == 0
        assert contrast_distance(fixed, moving) < 0.5 * SAME_CONTRAST


@pytest.mark.parametrize("change", [lambda image: image**2, lambda image: 0.6 * image])
def test_another_contrast_is_far_away(pairs, change):
    for fixed, moving, _ in pairs:
        assert contrast_distance(fixed, change(moving)) > 1.5 * SAME_CONTRAST
    fixed, moving, _ = pairs[0]
    assert contrast_distance(fixed, 1 - moving) > 1.5 * SAME_CONTRAST
    assert contrast_distance(fixed, 1 - moving) == pytest.approx(contrast_distance(1 - moving, fixed))


def test_sizes_do_not_matter_for_the_contrast(pairs):
    image = pairs[0][1]
    assert contrast_distance(image, image[::2, ::3]) < 0.5 * SAME_CONTRAST
    assert contrast_distance(np.full((8, 8), 0.5, np.float32), np.full((9, 9), 0.5, np.float32)) == 0


def test_a_pair_starts_where_its_linear_map_says(pairs):
    fixed, moving, _ = pairs[0]
    shift = LinearMap(np.eye(2), np.array([2.0, 0.0]))
    pair = Pair(fixed, moving[:100], shift)
    expected = moving[:100][np.minimum(np.arange(128) + 2, 99)]
    np.testing.assert_allclose(pair.sampled(), expected, atol=1e-6)
    np.testing.assert_allclose(pair.warped(pair.start()), expected, atol=1e-6)
    support = pair.support(pair.start())
    assert support[:98].all() and not support[98:].any()


def test_only_masked_pixels_support_a_pair(pairs):
    fixed, moving, _ = pairs[0]
    rows = np.zeros(fixed.shape, bool)
    rows[10:50] = True
    shift = LinearMap(np.eye(2), np.array([2.0, 0.0]))
    np.testing.assert_array_equal(Pair(fixed, moving, IDENTITY, mask=rows).support(np.zeros((128, 128, 2))), rows)
    support = Pair(fixed, moving, shift, rows, np.roll(rows, 20, axis=0)).support(shift.flow_field(fixed.shape))
    expected = np.zeros(fixed.shape, bool)
    expected[28:50] = True
    np.testing.assert_array_equal(support, expected)


def test_the_network_sees_the_sampled_image_and_its_field_leads_to_the_moving_one(pairs, nearly):
    fixed, moving, true = pairs[0]
    half = LinearMap(0.5 * np.eye(2), np.array([0.25, 0.25]))
    pair = Pair(fixed, moving[::2, ::2], half)
    found = registered_by_network(pair, NetworkCall(nearly, "name"))
    np.testing.assert_array_equal(nearly.calls[0][1], pair.sampled())
    np.testing.assert_allclose(found.flow_field, pair.start() + 0.45 * true, atol=1e-4)
    assert found.method == "name" and found.rounds == 3 and found.notes == ()


def test_optimization_improves_a_field_and_keeps_what_is_known_of_it(pairs):
    fixed, moving, true = pairs[0]
    start = Found(0.9 * true, "name", 2, ("note",))
    pair = Pair(fixed, moving, IDENTITY)
    assert removed(optimized(pair, start, "mse", "fast"), true) > removed(start, true) + 1
    found = optimized(pair, start, "mse", "default")
    assert removed(found, true) > 97 > removed(start, true)
    assert (found.method, found.rounds, found.notes) == ("name, then optimization (mse)", 2, ("note",))
    same = Found(np.zeros_like(true), "name")
    assert optimized(Pair(fixed, fixed, IDENTITY), same, "mse", "default") is same


@pytest.mark.parametrize("effort", ["fast", "default", "best"])
def test_optimization_alone(pairs, effort):
    fixed, moving, true = pairs[1]
    found = registered_by_optimization(Pair(fixed, moving**2, IDENTITY), "lncc", effort)
    np.testing.assert_array_equal(found.flow_field, register_multi_resolution(fixed, moving**2, effort=effort))
    assert removed(found, true) > 90 and found.method == "optimization from coarse to fine (lncc)"


@pytest.mark.parametrize("effort", ["fast", "default", "best"])
def test_a_clean_pair_needs_no_network(pairs, nearly, effort):
    fixed, moving, true = pairs[0]
    found = best_route(Pair(fixed, moving, IDENTITY), NetworkCall(nearly, "name"), effort)
    assert not nearly.calls and found.rounds == 1 and found.notes == ()
    assert found.method == "optimization from coarse to fine (mse), then optimization (mse)"
    assert removed(found, true) > (97 if effort == "fast" else 99)


def test_the_network_is_asked_where_intensities_explain_too_little(pairs, nearly):
    fixed, moving, true = pairs[0]
    fixed = fixed.copy()
    fixed[20:28, 30:38] = 1.0 - fixed[20:28, 30:38]  # a stain
    found = best_route(Pair(fixed, moving, IDENTITY), NetworkCall(nearly, "name"), "default")
    assert len(nearly.calls) == 1 and removed(found, true) > 95


def test_without_optimization_the_network_has_the_last_word(pairs, nearly):
    fixed, moving, true = pairs[0]
    found = best_route(Pair(fixed, moving, IDENTITY), NetworkCall(nearly, "name"), "default", optimize=False)
    assert found.method == "name"
    np.testing.assert_allclose(found.flow_field, 0.9 * true, atol=1e-6)


@pytest.mark.parametrize("effort", ["fast", "default"])
@pytest.mark.parametrize("number", range(3))
def test_another_contrast_goes_to_local_structure(pairs, nearly, number, effort):
    fixed, moving, true = pairs[number]
    found = best_route(Pair(fixed, moving**2, IDENTITY), NetworkCall(nearly, "name"), effort)
    assert not nearly.calls and found.rounds == 1
    assert found.method.startswith("optimization from coarse to fine (lncc)")
    assert found.notes[0].startswith("the images differ in contrast (")
    assert removed(found, true) > (90 if effort == "fast" else 95)
    compensated = "a smooth change of contrast was found and compensated"
    assert (compensated in found.notes) == (effort == "default") == found.method.endswith("optimization (mse)")


def test_a_negative_is_noticed(pairs, nearly):
    fixed, moving, true = pairs[0]
    found = best_route(Pair(fixed, 1 - moving, IDENTITY), NetworkCall(nearly, "name"), "default")
    assert "one image is dark where the other is bright" in found.notes and removed(found, true) > 95
    positive = best_route(Pair(fixed, moving**2, IDENTITY), NetworkCall(nearly, "name"), "fast")
    assert "one image is dark where the other is bright" not in positive.notes


def test_a_negative_of_the_same_distribution_is_noticed_too(pairs, nearly):
    # Ranks instead of intensities: a negative whose histogram is that of the image.
    fixed, moving, true = (
        np.argsort(np.argsort(image.ravel())).reshape(image.shape).astype(np.float32) / (image.size - 1)
        if image.ndim == 2
        else image
        for image in pairs[0]
    )
    assert contrast_distance(fixed, 1 - moving) < SAME_CONTRAST
    found = best_route(Pair(fixed, 1 - moving, IDENTITY), NetworkCall(nearly, "name"), "default")
    # The network was tried, and what it made of them was not taken.
    assert len(nearly.calls) == 1 and found.rounds == 1
    assert "one image is dark where the other is bright" in found.notes and removed(found, true) > 95


def test_a_network_that_has_lost_its_way_is_overruled(pairs):
    fixed, moving, true = pairs[0]
    random = np.random.default_rng(0)
    wrong = np.stack([10 * ndimage.gaussian_filter(random.normal(size=(128, 128)), 6) * 6 for _ in range(2)], axis=-1)
    found = best_route(Pair(fixed, moving, IDENTITY), NetworkCall(lambda *_: (wrong.astype(np.float32), 1), "name"), "fast", False)
    assert found.method == "optimization from coarse to fine (lncc)" and removed(found, true) > 95
    assert found.notes == ("intensities explain too little of the difference: local structure was compared",)


def test_what_a_mask_leaves_out_does_not_decide(pairs, nearly):
    fixed, moving, true = pairs[0]
    spoiled, mask = fixed.copy(), np.ones(fixed.shape, bool)
    spoiled[:, 90:], mask[:, 90:] = 0, False
    assert contrast_distance(spoiled, moving) > SAME_CONTRAST
    found = best_route(Pair(spoiled, moving, IDENTITY, mask), NetworkCall(nearly, "name"), "default")
    assert not nearly.calls and found.method == "optimization from coarse to fine (mse), then optimization (mse)"
    assert removed(Found(found.flow_field[:, :85], ""), true[:, :85]) > 95
