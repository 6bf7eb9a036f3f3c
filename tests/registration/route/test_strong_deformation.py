"""A repeated pattern under a strong deformation: alignment alone would take it to another place."""

import dataclasses

import numpy as np
import pytest

import dirv_tf
from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.route import first_field, pair_route
from experiments.comparison.families.pair_sets import SETS, draw


def boards(name, number, seed):
    """A pair of a set and its true field."""
    pairs = draw(next(each for each in SETS if each.name == name), number + 1, seed=seed)
    return tuple(np.squeeze(np.asarray(each)[number]) for each in (pairs.fixed, pairs.moving, pairs.flow_field))


def error(field, true):
    return np.linalg.norm(field - true, axis=-1).mean()


def test_a_repeated_pattern_that_looks_unlike_itself_stays_where_it_is():
    fixed, moving, true = boards("chessboards-64", 4, 778)
    result = dirv_tf.register(fixed, moving, normalize="type")
    # An alignment finds them more alike 48 pixels off.
    assert any("no alignment was kept" in note for note in result.notes)
    assert error(result.flow_field, true) < 0.5


def test_a_discrete_search_finds_what_goes_too_far_for_all_other_ways():
    fixed, moving, true = boards("chessboards-128-large", 22, 9137)
    result = dirv_tf.register(fixed, moving, normalize="type")
    assert "discrete search" in result.model_name and error(result.flow_field, true) < 0.15 * error(0 * true, true)
    assert not result.quality.warnings


def test_tiny_images_far_apart_leave_something_to_compare():
    # Fields that fit nowhere led all pixels out of images of 16 pixels.
    for number in (3, 11):
        fixed, moving, _ = boards("chessboards-64-affine", number, 9137)
        result = dirv_tf.register(fixed[::4, ::4], moving[::4, ::4], normalize="type")
        assert np.isfinite(result.flow_field).all()


def test_a_start_that_leads_out_of_the_image_is_no_way(monkeypatch, rng):
    image = rng.random((32, 32)).astype(np.float32)
    pair = Pair(image, image, LinearMap.identity(2))
    out = np.full((32, 32, 2), 100, np.float32)
    monkeypatch.setattr(first_field, "coupled_convex_field", lambda *_: out)
    assert first_field._from_search(pair, "default", "mind", 4, 7) is None
    monkeypatch.setattr(first_field, "fused_field", lambda *_: out)
    known = Found(np.zeros_like(out), "known")
    assert first_field._fused(pair, "default", [known, known])[0] is known


@pytest.mark.parametrize("number", [4, 16])
def test_more_effort_finds_no_less(number):
    fixed, moving, true = boards("chessboards-128-large", number, 9137)
    found = {effort: dirv_tf.register(fixed, moving, normalize="type", effort=effort) for effort in ("default", "best")}
    errors = {effort: error(result.flow_field, true) for effort, result in found.items()}
    assert errors["best"] < 1.1 * errors["default"] < 0.05 * error(0 * true, true)


def test_the_better_one_of_two_rounds_and_one_is_taken(monkeypatch):
    fixed, moving, true = boards("chessboards-64", 0, 1)
    pair = Pair(fixed, moving, LinearMap.identity(2))
    fields = {"default": true, "best": 0 * true, "fast": 0.5 * true}
    asked = []

    def stub(pair, similarity, effort):
        asked.append((similarity, effort))
        return Found(fields[effort], effort)

    monkeypatch.setattr(first_field, "registered_by_optimization", stub)
    assert first_field.by_intensities(pair, "best").method == "default"
    fields["default"], fields["best"] = fields["best"], fields["default"]
    assert first_field.by_intensities(pair, "best").method == "best"
    assert first_field.by_intensities(pair, "fast").method == "fast"
    assert asked == 2 * [("mse", "default"), ("mse", "best")] + [("mse", "fast")]


def test_where_intensities_do_not_fit_the_verdict_warns(monkeypatch):
    fixed, moving, true = boards("chessboards-128", 1, 5)
    wrong = true.copy()
    wrong[:45, :60, 0] += 16
    given = {}

    def stub(pair, call, asked, tell):
        return pair_route.Registered(Found(given["field"], "stub"), pair.linear)

    monkeypatch.setattr(pair_route, "_registered", stub)
    monkeypatch.setattr(pair_route, "without_foreign_content", lambda pair, found, effort: found)

    def warnings_of(field, moving=moving):
        given["field"] = field
        return [text for text in dirv_tf.register(fixed, moving, normalize="type").quality.warnings if "fit" in text]

    (text,) = warnings_of(wrong)
    share = float(text.split(" % of the image")[0].removeprefix("in "))
    assert 10 < share < 40
    assert not warnings_of(true)
    noisy = np.clip(moving + np.random.default_rng(0).normal(0, 0.05, moving.shape), 0, 1).astype(np.float32)
    assert not warnings_of(true, noisy)
    # Another contrast fits nowhere by its intensities, which says nothing.
    assert not warnings_of(wrong, 1 - 0.5 * moving)


def test_what_was_left_aside_is_in_the_notes_and_is_not_warned_of(monkeypatch):
    fixed, moving, true = boards("chessboards-128", 1, 5)
    wrong = true.copy()
    wrong[:45, :60, 0] += 16
    pair = Pair(fixed, moving, LinearMap.identity(2))
    assert pair_route._doubts(pair, Found(wrong, "stub"))
    monkeypatch.setattr(
        pair_route, "_registered", lambda pair, *_: pair_route.Registered(Found(wrong, "stub"), pair.linear)
    )
    monkeypatch.setattr(
        pair_route, "without_foreign_content", lambda pair, found, effort: dataclasses.replace(found, notes=("left aside",))
    )
    result = dirv_tf.register(fixed, moving, normalize="type")
    assert "left aside" in result.notes and not any("fit" in text for text in result.quality.warnings)
