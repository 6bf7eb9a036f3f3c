"""Random poses of real pairs, and of what is drawn on them."""

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.datasets import Augmentation, from_pairs
from dirv_tf.datasets.pair_batches import Shares
from dirv_tf.synthesis import change_appearance

STRONG = {"rotation": 60, "scale": 0.2, "shear": 0.1, "translation": 0.15, "deformation": 2.0}


def _blobs(size, places, radius):
    """One smooth blob per image, at its place, and the labels of where it is above one half."""
    grid = np.stack(np.meshgrid(*map(np.arange, size), indexing="ij"), -1)
    squares = np.stack([((grid - place) ** 2).sum(-1, keepdims=True) for place in places])
    return np.exp(-np.log(2) * squares / radius**2).astype(np.float32), (squares <= radius**2).astype(np.float32)


def _middles(values):
    """The centers of mass of each image."""
    axes = tuple(range(1, values.ndim - 1))
    grid = np.stack(np.meshgrid(*map(np.arange, values.shape[1:-1]), indexing="ij"), -1)
    return (grid * values).sum(axes) / values.sum(axes)


@pytest.mark.parametrize("size", [(48, 56), (40, 44, 36)])
def test_labels_landmarks_and_mask_go_with_their_image(size):
    count, rank = 6, len(size)
    places = {"fixed": np.tile(np.array(size) / 2 - 4, (count, 1)), "moving": np.tile(np.array(size) / 2 + 2, (count, 1))}
    blobs = {name: _blobs(size, each, 4) for name, each in places.items()}
    targets = {
        "labels": {name: tf.constant(labels) for name, (_, labels) in blobs.items()},
        "landmarks": {
            **{name: tf.constant(each[:, None], tf.float32) for name, each in places.items()},
            "weights": tf.ones([count, 1]), "pixel_size": tf.ones([count, rank]),
        },
        "mask": tf.ones([count, *size, 1]),
    }  # fmt: skip
    augment = Augmentation(size, 3, **{**STRONG, "deformation": 0.5}, flips=list(range(rank)))
    images, found = augment([tf.constant(blobs[name][0]) for name in places], targets, tf.range(count), 1)
    travelled = []
    for name, image in zip(places, images):
        labels = found["labels"][name].numpy()
        # The blob keeps its shape but for the affine map, so that its level line remains that of the label.
        differ = np.abs((image.numpy() > 0.5) - labels).mean(axis=tuple(range(1, rank + 2)))
        assert (differ < 0.25 * labels.mean(axis=tuple(range(1, rank + 2))) + 1e-3).all()
        points = found["landmarks"][name].numpy()[:, 0]
        kept = found["landmarks"]["weights"].numpy()[:, 0] > 0
        # Near the border a blob is cut off, and its middle is that of the rest.
        whole = kept & ((points > 6) & (points < np.array(size) - 7)).all(-1)
        assert whole.sum() >= 3
        np.testing.assert_allclose(_middles(labels)[whole], points[whole], atol=0.35)
        travelled.append((points - places[name])[kept])
    # Each image has a pose of its own, and a flip alone would not tell them apart by more than the shift of the middle.
    assert np.abs(travelled[0]).max() > 3 and np.abs(travelled[0] - travelled[1]).max() > 3
    assert len({tuple(each) for each in np.round(travelled[0], 2)}) == len(travelled[0])
    mask = found["mask"].numpy()
    assert mask.shape == (count, *size, 1) and 0.3 < mask.mean() < 0.95
    assert ((mask < 1e-6) | (mask > 1 - 1e-6)).all()


def test_landmarks_that_leave_the_image_do_not_count():
    corner = tf.constant([[[1.0, 1.0], [15.0, 15.0]]] * 8)
    landmarks = {"fixed": corner, "moving": corner, "weights": tf.ones([8, 2]), "pixel_size": tf.ones([8, 2])}
    augment = Augmentation((32, 32), 1, translation=0.3)
    _, found = augment([tf.zeros([8, 32, 32, 1])] * 2, {"landmarks": landmarks}, tf.range(8), 1)
    weights, fixed = found["landmarks"]["weights"].numpy(), found["landmarks"]["fixed"].numpy()
    assert weights[:, 1].all() and 0 < weights[:, 0].sum() < 8
    assert not fixed[weights == 0].any() and fixed.min() >= 0 and fixed.max() <= 31


def test_flips_are_the_same_in_both_images():
    generator = np.random.default_rng(0)
    image = tf.constant(generator.random((16, 12, 14, 1)), tf.float32)
    still = {"rotation": 0, "scale": 0, "shear": 0, "translation": 0}
    (fixed, moving), _ = Augmentation((12, 14), 5, flips=[1], **still)([image, image + 1], {}, tf.range(16), 1)
    np.testing.assert_array_equal(fixed + 1, moving)
    flipped = [np.array_equal(one, other[:, ::-1]) for one, other in zip(fixed.numpy(), image.numpy())]
    same = [np.array_equal(one, other) for one, other in zip(fixed.numpy(), image.numpy())]
    assert sum(flipped) + sum(same) == 16 and 3 <= sum(flipped) <= 13


def test_intensities_change_by_their_strength_and_are_not_inverted():
    ramp = tf.repeat(tf.reshape(tf.linspace(0.0, 1.0, 24), [1, 24, 1, 1]) * tf.ones([1, 1, 16, 1]), 40, axis=0)
    changed = [change_appearance(ramp, 1, tf.range(40), 1, strength, inversion=False).numpy() for strength in (0, 0.2, 1)]
    np.testing.assert_allclose(changed[0], ramp, atol=2e-6)
    weak, strong = (np.abs(each - ramp).mean() for each in changed[1:])
    assert 0 < weak < 0.5 * strong
    assert (changed[1][:, 18:].mean((1, 2, 3)) > changed[1][:, :6].mean((1, 2, 3))).all()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("augmented")
    images, labels = _blobs((24, 28), [(10, 12), (13, 14), (11, 17)], 5)
    for number in range(3):
        np.save(folder / f"image_{number}.npy", images[number, ..., 0])
        np.save(folder / f"labels_{number}.npy", labels[number, ..., 0].astype(np.uint8))
    return [
        {"fixed": folder / f"image_{one}.npy", "moving": folder / f"image_{other}.npy",
         "fixed_labels": folder / f"labels_{one}.npy", "moving_labels": folder / f"labels_{other}.npy"}
        for one, other in ((0, 1), (1, 2), (2, 0), (2, 1))
    ]  # fmt: skip


def _arrays(dataset):
    return [[tensor.numpy() for tensor in tf.nest.flatten(element)] for element in dataset]


def test_trainings_see_new_poses_and_evaluations_none(files):
    plain, pairs, appearance, again = (
        from_pairs(files, batch_size=2, **arguments) for arguments in (
            {}, {"augmentation": STRONG}, {"augmentation": {"rotation": 5}, "change_appearance": True},
            {"augmentation": STRONG},
        )
    )  # fmt: skip
    unchanged, plainly = _arrays(plain.evaluation()), _arrays(plain.training(1))
    for dataset in (pairs, appearance):
        for one, other in zip(_arrays(dataset.evaluation()), unchanged):
            for first, second in zip(one, other):
                np.testing.assert_array_equal(first, second)
    epochs = _arrays(pairs.training(3))
    assert not pairs.frozen_last_batch and not appearance.frozen_last_batch and plain.frozen_last_batch
    for fixed, moving, *labels in (epochs[0], epochs[2]):
        assert fixed.shape == moving.shape == labels[0].shape == (2, 24, 28, 1)
    for batch, before in enumerate(plainly):
        for image in range(2):
            first, second = epochs[batch][image], epochs[2 + batch][image]
            assert (np.abs(first - second).max((1, 2, 3)) > 0.1).all(), "new in every epoch"
            assert (np.abs(first - before[image]).max((1, 2, 3)) > 0.1).all(), "all batches, the last one too"
    resumed = _arrays(pairs.training(1, first_epoch=2, parallel_calls=1))
    # Of another dataset with the same settings, as another worker has it.
    shared = _arrays(again.training(3, shares=Shares(2, 0, 2)))
    for batch, number in ((resumed[0], 4), (resumed[1], 5)):
        for first, second in zip(batch, epochs[number]):
            np.testing.assert_allclose(first, second, atol=1e-5)
    for number, batch in enumerate(epochs):
        for tensor, parts in zip(batch, zip(*shared[2 * number : 2 * number + 2])):
            np.testing.assert_allclose(np.concatenate(parts), tensor, atol=1e-5)
    # One image of each pair looks otherwise; what the others show is changed by their pose alone.
    only = from_pairs(files, batch_size=2, change_appearance=True)
    (fixed, moving, *_), (fixed_before, moving_before, *_) = _arrays(only.training(1))[0], plainly[0]
    for pair in range(2):
        same = [np.array_equal(one[pair], other[pair]) for one, other in ((fixed, fixed_before), (moving, moving_before))]
        assert any(same)


@pytest.mark.parametrize("change", [{"augmentation": STRONG}, {"change_appearance": True}])
def test_only_batches_are_changed_and_others_end_with_the_frozen_one_where_that_is_asked_for(files, change):
    pairs = from_pairs(files, batch_size=4, **change)
    (only,), (unchanged,) = _arrays(pairs.training(1)), _arrays(pairs.evaluation())
    differences = [np.abs(one - other).max((1, 2, 3)) for one, other in zip(only[:2], unchanged[:2])]
    assert (np.maximum(*differences) > 0.1).all()
    asked = from_pairs(files, batch_size=2, frozen_last_batch=True, **change)
    frozen = [tensor.numpy() for tensor in tf.nest.flatten(asked.frozen_batch())]
    for last in _arrays(asked.training(2))[1::2]:
        for first, second in zip(last, frozen):
            np.testing.assert_array_equal(first, second)
    message = "or no pair would be changed. Received: frozen_last_batch=True, count=4, batch_size=4"
    with pytest.raises(ValueError, match=message):
        from_pairs(files, batch_size=4, frozen_last_batch=True, **change)
    assert from_pairs(files, batch_size=4, frozen_last_batch=True).frozen_last_batch


@pytest.mark.parametrize("arguments, message", [
    ({"rotation": 200}, "`rotation` must be a finite number of at least 0 and at most 180. Received: rotation=200"),
    ({"scale": 1}, "`scale` must be .*less than 1. Received: scale=1"),
    ({"flips": [2]}, r"`flips` must be a list of .*at most 1. Received: flips=\[2\]"),
    ({"deformation": -1}, "`deformation` must be"),
    ({"rotate": 5}, "`augmentation` must be a mapping of any of rotation, scale.*Received: {'rotate': 5}"),
    (3, "`augmentation` must be a mapping .*Received: 3"),
])  # fmt: skip
def test_what_is_no_augmentation_is_an_error(files, arguments, message):
    with pytest.raises(ValueError, match=message):
        from_pairs(files, size=(24, 28), augmentation=arguments)
