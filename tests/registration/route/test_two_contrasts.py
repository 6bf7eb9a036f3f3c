"""Pairs of two contrasts: from where they are, and from the field of a network that does not compare intensities."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage
from skimage.io import imread

from dirv_tf import geometry, register
from dirv_tf.models import RegistrationNetwork
from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.maps.apply_field import warp_in_blocks
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.optimization.pair_optimization import registered_by_optimization
from dirv_tf.registration.route import automatic_route, first_field
from dirv_tf.registration.route.automatic_route import improved_by_structure, registered_where_it_is
from dirv_tf.synthesis import LARGE_RANGE, affine_fields, chessboard_images, random_fields

SECTION = Path(__file__).parents[3] / "data" / "tissue" / "colon_ihc.png"
# Of a tissue that the shipped network was not trained on.
UNSEEN = SECTION.with_name("ki67_scanner_1.png")
IDENTITY = LinearMap.identity(2)
SHADE = 0.7 + 0.6 * np.linspace(0, 1, 128, dtype=np.float32)
CHANGES = {
    "gamma": lambda image: image**2,
    "inverted": lambda image: 1 - image,
    # Its distribution of intensities says nothing of it.
    "shaded": lambda image: np.clip(SHADE * image, 0, 1),
}


@pytest.fixture(scope="module")
def known():
    """Fixed image, moving image and the true field of a crop of tissue."""
    image = imread(SECTION).astype(np.float32) / 255
    field = random_fields(image.shape, 3, [0], 0)[0].numpy()
    box = np.s_[64:192, 64:192]
    return warp_in_blocks(image, field)[box], image[box], field[box]


class NearTheTruth(RegistrationNetwork):
    """Finds three quarters of a field that it was told."""

    kind = "near_the_truth"
    halo = (4, 4)

    def __init__(self, field, similarity):
        super().__init__(2)
        self.field, self.own = tf.constant(0.75 * field[None]), similarity

    @property
    def similarity(self):
        return self.own

    def call(self, inputs):
        self.checked_pair(inputs)
        return {"flow_field": self.field}


def removed(field, true):
    lengths = [np.linalg.norm(each, axis=-1).mean() for each in (field - true, true)]
    return 100 * (1 - lengths[0] / lengths[1])


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("effort", ["fast", "default"])
def test_a_change_of_contrast_that_explains_a_pair_saves_the_alignment(known, change, effort):
    fixed, moving, true = known
    moving = CHANGES[change](moving)
    found = registered_where_it_is(Pair(fixed, moving, IDENTITY), effort)
    assert removed(found.flow_field, true) > 97
    assert "a smooth change of contrast was found and compensated" in found.notes
    assert ("one image is dark where the other is bright" in found.notes) == (change == "inverted")
    result = register(fixed, moving, effort=effort, normalize="type")
    # `register` uses one thread for small images, and sums round otherwise.
    np.testing.assert_allclose(result.flow_field, found.flow_field, atol=0.01)
    assert "no alignment was needed" in result.notes


def test_intensities_are_looked_at_once_where_they_suffice(known, monkeypatch):
    fixed, moving, _ = known
    looks = []

    def counting(pair, similarity, effort, *others):
        looks.append(similarity)
        return registered_by_optimization(pair, similarity, effort, *others)

    for module in (automatic_route, first_field):
        monkeypatch.setattr(module, "registered_by_optimization", counting)
    register(fixed, moving)
    assert looks == ["mse"]


def test_what_does_not_explain_a_pair_is_left_to_an_alignment(known):
    fixed, moving, _ = known
    # Of one contrast; with a hole; another image; turned.
    assert registered_where_it_is(Pair(fixed, moving, IDENTITY), "fast") is None
    holed = moving.copy()
    holed[40:60, 50:70] = 0
    assert registered_where_it_is(Pair(fixed, holed, IDENTITY), "fast") is None
    assert registered_where_it_is(Pair(fixed, moving.T**2, IDENTITY), "fast") is None
    assert registered_where_it_is(Pair(fixed, moving[::-1, ::-1] ** 2, IDENTITY), "fast") is None


def test_the_field_of_a_network_is_improved_on_the_finest_levels(known):
    fixed, moving, true = known
    start = Found(0.75 * true, "name", 2, ("note",))
    pair = Pair(fixed, 1 - moving, IDENTITY)
    found = improved_by_structure(pair, start, "default")
    assert removed(found.flow_field, true) > 97 and found.rounds == 2
    assert found.method.startswith("name, then optimization (lncc)")
    assert found.notes[0] == "note" and "one image is dark where the other is bright" in found.notes
    quick = improved_by_structure(pair, start, "fast")
    assert quick.method == "name, then optimization (lncc)" and removed(quick.flow_field, true) > 85
    alone = registered_by_optimization(replaced(pair), "lncc", "fast", start, levels=2)
    np.testing.assert_array_equal(quick.flow_field, alone.flow_field)


def replaced(pair):
    return Pair(pair.fixed, 1 - pair.moving, pair.linear)


def test_optimization_asked_for_with_a_network_compares_what_the_network_compares(known):
    fixed, moving, true = known
    moving = 1 - moving
    blind, seeing = (
        register(fixed, moving, model=NearTheTruth(true, similarity), optimize=True) for similarity in ("mind", None)
    )
    assert removed(blind.flow_field, true) > 97 and "(lncc)" in blind.model_name
    assert removed(seeing.flow_field, true) < 70 and "(mse)" in seeing.model_name
    named = register(fixed, moving, model=NearTheTruth(true, "mind"), similarity="mind")
    assert named.model_name.endswith("then optimization (mind)")


def test_what_makes_the_structures_less_alike_is_not_taken(known):
    fixed, moving, true = known
    good, bad = (
        register(fixed, 1 - moving, model=NearTheTruth(field, "mind")) for field in (true, np.float32(-2) * true)
    )
    assert removed(good.flow_field, true) == pytest.approx(75, abs=1)
    assert not bad.flow_field.any() and "difference of self-similarity" in bad.notes[-1]


def test_a_pattern_that_intensities_explain_from_another_pose_is_not_explained_away():
    """A turned and magnified chessboard came to lie a cell away, and a change of gray explained the difference."""
    moving = chessboard_images((64, 64), 9137, [1])
    true = affine_fields((64, 64), 9137, [1], limits=LARGE_RANGE)
    fixed = geometry.warp_image(moving, true)
    pair = Pair(fixed[0, ..., 0].numpy(), moving[0, ..., 0].numpy(), IDENTITY)
    assert registered_where_it_is(pair, "default") is None
    field = register(pair.fixed, pair.moving).flow_field
    assert np.linalg.norm(field - true[0], axis=-1).mean() < 0.05


def test_the_sharper_image_is_blurred_before_a_network_s_field_is_improved(known):
    fixed, moving, true = known
    blurred = ndimage.gaussian_filter(1 - moving, 1.5)
    found = improved_by_structure(Pair(fixed, blurred, IDENTITY), Found(0.75 * true, "name"), "default")
    assert removed(found.flow_field, true) > 93
    assert any("is blurred by" in note for note in found.notes)


@pytest.mark.parametrize("change", CHANGES)
def test_the_shipped_network_registers_two_appearances_of_any_size(change):
    image = imread(UNSEEN).astype(np.float32) / 255
    field = random_fields(image.shape, 5, [1], 1)[0].numpy()
    box = np.s_[40:141, 60:188]
    fixed, moving, true = warp_in_blocks(image, field)[box], image[box], field[box]
    result = register(fixed, CHANGES[change](moving), model="multi-contrast-2d")
    assert removed(result.flow_field, true) > 70
    assert result.model_name == "multi-contrast-2d" and result.quality.folded_percent == 0
    better = register(fixed, CHANGES[change](moving), model="multi-contrast-2d", optimize=True)
    assert removed(better.flow_field, true) > max(90, removed(result.flow_field, true))
