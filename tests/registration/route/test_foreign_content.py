"""What one image alone shows is found by what a field leaves, and does not draw the field around it."""

import numpy as np
import pytest
from scipy import ndimage

import dirv_tf
from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.maps.apply_field import warp_in_blocks
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.route.foreign_content import foreign_content, without_foreign_content

SIDE = 96
TORN = (slice(30, 60), slice(35, 65))


@pytest.fixture(scope="module")
def known():
    """A pair of random structure, and its true field of up to some pixels."""
    random = np.random.default_rng(3)
    moving = ndimage.gaussian_filter(random.normal(size=(SIDE, SIDE)), 2)
    moving = ((moving - moving.min()) / np.ptp(moving)).astype(np.float32)
    field = np.stack([60 * ndimage.gaussian_filter(random.normal(size=(SIDE, SIDE)), 14) for _ in range(2)], axis=-1)
    field = field.astype(np.float32)
    return warp_in_blocks(moving, field), moving, field


def torn(fixed):
    image = fixed.copy()
    image[TORN] = 1.0
    return image


def as_pair(fixed, moving, **masks):
    return Pair(fixed, moving, LinearMap.identity(2), **masks)


def around():
    hole = np.zeros((SIDE, SIDE), bool)
    hole[TORN] = True
    return ndimage.binary_dilation(hole, iterations=8) & ~hole


def test_a_torn_part_is_found_and_no_more_than_that(known):
    fixed, moving, field = known
    assert not foreign_content(as_pair(fixed, moving), field).any()
    noisy = fixed + np.random.default_rng(0).normal(0, 0.1, fixed.shape).astype(np.float32)
    assert not foreign_content(as_pair(noisy, moving), field).any()
    found = foreign_content(as_pair(torn(fixed), moving), field)
    assert found[TORN].mean() > 0.95 and 30 * 30 < found.sum() < 45 * 45


def test_the_field_around_it_is_that_without_it(known):
    fixed, moving, _ = known
    whole = dirv_tf.register(fixed, moving, normalize="type")
    assert not any("left aside" in note for note in whole.notes)
    for effort in ("fast", "default"):
        result = dirv_tf.register(torn(fixed), moving, normalize="type", effort=effort)
        assert any("% of the fixed image show what the moving one does not" in note for note in result.notes)
        moved = np.linalg.norm(result.flow_field - whole.flow_field, axis=-1)[around()]
        assert moved.mean() < 0.3, effort


def test_what_would_fit_worse_is_not_taken(known, monkeypatch):
    from dirv_tf.registration.route import foreign_content as module

    fixed, moving, field = known
    pair, found = as_pair(torn(fixed), moving), Found(field + np.float32(0.2), "near")
    better = without_foreign_content(pair, found, "fast")
    assert better.notes and better.method == "near"
    monkeypatch.setattr(module, "optimized", lambda rest, again, *_: Found(again.flow_field + 2.0, "off"))
    assert without_foreign_content(pair, found, "fast") is found


def test_images_that_differ_nearly_everywhere_stay_as_they_are(known):
    fixed, moving, field = known
    for other in (1 - fixed, np.where(np.arange(SIDE)[:, None] < 70, 1.0, fixed).astype(np.float32)):
        found = Found(field, "truth")
        assert without_foreign_content(as_pair(other, moving), found, "fast") is found


def test_masks_still_count(known):
    fixed, moving, field = known
    seen = []
    mask = np.ones((SIDE, SIDE), bool)
    mask[:, :10] = False
    pair = as_pair(torn(fixed), moving, mask=mask)
    from dirv_tf.registration.route import foreign_content as module

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "optimized", lambda rest, again, *_: seen.append(rest.mask) or again)
        without_foreign_content(pair, Found(field, "truth"), "fast")
    assert not seen[0][:, :10].any() and not seen[0][TORN].all() and seen[0][:, 75:].all()
