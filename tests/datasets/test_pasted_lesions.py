"""Pairs with regions without counterpart: where they are, and that batches, shares and parts agree."""

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.datasets import ChessboardPairs, MixedPairs, ShapePairs, from_pairs

SIMPLE = {"transform": "affine", "desensitize": False}


def boards(lesions, **arguments):
    return ChessboardPairs((32, 24), 6, 6, (3, 5), lesions=lesions, **{**SIMPLE, **arguments})


def test_a_lesion_of_the_fixed_image():
    pairs, plain = boards({"chance": 1.0}), boards(None)
    (fixed, moving), targets = pairs.frozen_batch()
    (before, same), field = plain.frozen_batch()
    assert pairs.annotations == ("lesion",) and plain.annotations == ()
    np.testing.assert_array_equal(moving, same)
    np.testing.assert_array_equal(targets["flow_field"], field)
    outside = targets["lesion"].numpy() == 0
    np.testing.assert_array_equal(fixed.numpy()[outside], before.numpy()[outside])
    assert 0.005 < 1 - outside.mean() < 0.2
    _, other = pairs._batch(tf.constant(0, tf.int64), 2)
    assert np.abs(other["lesion"] - targets["lesion"]).max() == 1


def test_a_lesion_of_the_moving_image_is_seen_where_the_true_field_brings_it():
    (fixed, moving), targets = boards({"chance": 1.0, "image": "moving", "fills": ["constant"]}).frozen_batch()
    (same, before), field = boards(None).frozen_batch()
    np.testing.assert_array_equal(fixed, same)
    changed = (np.abs(moving - before) > 1e-6).astype(np.float32)
    seen = geometry.warp_image(changed, field).numpy()
    # But for the border of the lesion, and pixels that happened to have that intensity.
    assert np.abs(seen - targets["lesion"].numpy()).mean() < 0.02
    assert targets["lesion"].numpy().mean() > 0.01


def test_either_image_gets_it():
    (fixed, moving), targets = boards({"chance": 1.0, "image": "either"}).frozen_batch()
    (plain_fixed, plain_moving), _ = boards(None).frozen_batch()
    in_fixed, in_moving = (
        np.abs(one - two).max(axis=(1, 2, 3)) > 0 for one, two in ((fixed, plain_fixed), (moving, plain_moving))
    )
    assert (in_fixed ^ in_moving).all() and in_fixed.any() and in_moving.any()
    assert (targets["lesion"].numpy().max(axis=(1, 2, 3)) > 0.5).all()


def test_both_images_get_it_and_every_pixel_keeps_its_counterpart():
    pairs = boards({"chance": 1.0, "image": "both", "fills": ["constant"], "area": (0.2, 0.4)})
    (fixed, moving), field = pairs.frozen_batch()
    (before, plain), true = boards(None).frozen_batch()
    assert pairs.annotations == ()
    np.testing.assert_array_equal(field, true)
    for image, old in ((fixed, before), (moving, plain)):
        changed = np.abs(image - old) > 1e-6
        assert 0.1 < changed.mean() < 0.5
        # One intensity for all of it, but at its border.
        values = image[0].numpy()[changed[0]]
        assert np.mean(np.abs(values - np.median(values)) < 1e-4) > 0.5
    inner = (slice(None), slice(4, -4), slice(4, -4))
    assert float(tf.reduce_mean(abs(geometry.warp_image(moving, true) - fixed)[inner])) < 0.01


def test_mixtures_shares_and_labels():
    parts = [boards({"image": "either"}, seed=seed) for seed in (1, 2)]
    mixed = MixedPairs(parts)
    assert mixed.annotations == ("lesion",)
    whole, shared = parts[0].frozen_batch(), []
    for share in range(2):
        with parts[0]._only_share((share, 2)):
            shared.append(parts[0].frozen_batch())
    for key in ("flow_field", "lesion"):
        np.testing.assert_array_equal(np.concatenate([part[1][key] for part in shared]), whole[1][key])
    with pytest.raises(ValueError, match="all of which have lesions, or none. Received: lesions in 1 of 2"):
        MixedPairs([parts[0], boards(None)])
    shapes = ShapePairs((24, 24), 2, 2, (4, 8), labels=3, label_maps=True, lesions={}, **SIMPLE)
    assert shapes.annotations == ("labels", "lesion")
    assert set(shapes.frozen_batch()[1]) == {"flow_field", "labels", "lesion"}


def test_real_pairs_and_their_tests_have_lesions_of_the_fixed_image(tmp_path, rng):
    paths = [tmp_path / name for name in ("a.npy", "b.npy")]
    for path in paths:
        np.save(path, rng.random((24, 24), np.float32))
    pairs = from_pairs([tuple(paths)], size=(16, 16), count=4, batch_size=4, lesions={"chance": 1.0})
    (_, _), targets = pairs.frozen_batch()
    assert pairs.annotations == ("lesion",) and set(targets) == {"lesion"}
    assert (targets["lesion"].numpy().max(axis=(1, 2, 3)) > 0).all()
    with pytest.raises(ValueError, match="must be 'fixed' for pairs whose true fields are unknown"):
        from_pairs([tuple(paths)], size=(16, 16), lesions={"image": "either"})


@pytest.mark.parametrize("wrong", [{"size": 3}, [1], {"chance": 2}])
def test_lesions_are_checked(wrong):
    with pytest.raises(ValueError, match="Received: "):
        boards(wrong)
