"""Pasted lesions: their volume, what they show, and that nothing else changes."""

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.synthesis import LesionRange, paste_lesions

SIZES = {2: (64, 48), 3: (24, 20, 28)}


def images(rank, count=24, seed=3):
    return tf.random.stateless_uniform((count, *SIZES[rank], 1), (seed, rank), 0.2, 0.8)


@pytest.mark.parametrize("rank", [2, 3])
def test_a_lesion_covers_its_share_and_changes_nothing_else(rank):
    given = images(rank)
    pasted, masks = paste_lesions(given, 5, tf.range(24), 1, LesionRange(chance=1.0, area=(0.04, 0.05)))
    shares = masks.numpy().mean(axis=tuple(range(1, rank + 2)))
    # Shears keep the volume; what lies beyond the border is cut off.
    assert shares.max() < 0.052 and 0.036 < np.percentile(shares, 80)
    np.testing.assert_array_equal(pasted.numpy()[masks.numpy() == 0], given.numpy()[masks.numpy() == 0])
    assert (pasted.numpy() != given.numpy())[masks.numpy() == 1].mean() > 0.99
    assert pasted.numpy().min() >= 0 and pasted.numpy().max() <= 1


def test_what_a_lesion_shows():
    given = images(2)
    shown = {}
    for fill in ("background", "constant", "noise", "texture"):
        pasted, masks = paste_lesions(given, 5, tf.range(24), 1, LesionRange(chance=1.0, fills=(fill,)))
        shown[fill] = [image[mask == 1] for image, mask in zip(pasted.numpy(), masks.numpy())]
    for pixels, image in zip(shown["background"], given.numpy()):
        assert np.unique(pixels).tolist() in ([image.min()], [image.max()])
    assert all(np.ptp(pixels) == 0 for pixels in shown["constant"])
    assert np.std([pixels[0] for pixels in shown["constant"]]) > 0.1
    assert all(0.01 < pixels.std() < 0.2 for pixels in shown["noise"])
    assert all(np.isin(pixels, image).all() for pixels, image in zip(shown["texture"], given.numpy()))


def test_the_chance_is_that_of_a_lesion():
    _, masks = paste_lesions(images(2, 200), 5, tf.range(200), 1, LesionRange(chance=0.3))
    assert 0.2 < np.mean(masks.numpy().max(axis=(1, 2, 3)) > 0) < 0.4


def test_a_lesion_is_a_function_of_seed_epoch_and_number():
    given = images(2, 4)
    one, mask = paste_lesions(given, 5, [7, 8, 9, 10], 2, LesionRange(chance=1.0))
    again, _ = paste_lesions(given[2:3], 5, [9], 2, LesionRange(chance=1.0))
    np.testing.assert_array_equal(one[2:3], again)
    for seed, epoch in ((6, 2), (5, 3)):
        _, other = paste_lesions(given, seed, [7, 8, 9, 10], epoch, LesionRange(chance=1.0))
        assert np.abs(other - mask).max() == 1


@pytest.mark.parametrize(
    "wrong", [{"chance": 1.5}, {"area": (0.2, 0.1)}, {"area": (0.0, 0.1)}, {"fills": ("snow",)}, {"image": "none"}]
)
def test_limits_are_checked(wrong):
    with pytest.raises(ValueError, match="Received: "):
        LesionRange(**wrong)
