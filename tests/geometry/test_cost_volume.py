import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import uniform_filter

from dirv_tf import geometry

SIZES = {2: (7, 6), 3: (5, 6, 4)}


def brute_force(fixed, moving, radius, measure):
    """The volume of single pairs (n_1, ..., n_r, C)."""
    rank = fixed.ndim - 1
    padded = np.pad(moving, [(radius, radius)] * rank + [(0, 0)])
    slabs = []
    for offset in itertools.product(range(2 * radius + 1), repeat=rank):
        shifted = padded[tuple(slice(start, start + n) for start, n in zip(offset, fixed.shape))]
        if measure == "sad_box":
            slabs.append(uniform_filter(np.abs(fixed - shifted).sum(-1), 3, mode="constant"))
        else:
            slabs.append((fixed * shifted if measure == "dot" else (fixed - shifted) ** 2).mean(-1))
    return np.stack(slabs, axis=-1)


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("measure", ["dot", "ssd", "sad_box"])
def test_costs_agree_with_brute_force(rank, measure, rng):
    fixed, moving = rng.normal(size=(2, 2, *SIZES[rank], 3))
    volume = geometry.cost_volume(fixed, moving, radius=2, measure=measure)
    assert volume.shape == (2, *SIZES[rank], 5**rank)
    for got, f, m in zip(volume.numpy(), fixed, moving):
        np.testing.assert_allclose(got, brute_force(f, m, 2, measure), atol=1e-12)


@pytest.mark.parametrize("shift", [(1, -2), (0, 2, -1)])
def test_the_channel_of_a_displacement(shift):
    rank, radius = len(shift), 2
    place = (3,) * rank
    fixed, moving = np.zeros((1, *(8,) * rank, 1)), np.zeros((1, *(8,) * rank, 1))
    fixed[(0, *place)] = 1
    moving[(0, *(p + s for p, s in zip(place, shift)))] = 1
    volume = geometry.cost_volume(fixed, moving, radius).numpy()
    channel = sum((s + radius) * (2 * radius + 1) ** (rank - 1 - axis) for axis, s in enumerate(shift))
    assert np.argwhere(volume[(0, *place)]).tolist() == [[channel]]


def test_equal_features_and_a_shifted_copy(rng):
    features = rng.normal(size=(1, 16, 16, 4))
    center = 12
    assert not np.any(geometry.cost_volume(features, features, 2, "ssd")[..., center])
    assert not np.any(geometry.cost_volume(features, features, 2, "sad_box")[..., center])
    mean_square = np.mean(features**2, axis=-1)
    np.testing.assert_allclose(geometry.cost_volume(features, features, 2)[..., center], mean_square, atol=1e-12)
    shifted = np.roll(features, (1, -2), axis=(1, 2))
    best = np.argmin(geometry.cost_volume(features, shifted, 2, "ssd"), axis=-1)
    np.testing.assert_array_equal(best[:, 2:-2, 2:-2], (1 + 2) * 5 + (-2 + 2))


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("measure", ["dot", "ssd", "sad_box"])
def test_gradients(rank, measure, rng, check_gradients):
    fixed, moving = rng.normal(size=(2, 1, *(4,) * rank, 2))
    check_gradients(
        lambda fixed, moving: geometry.cost_volume(fixed, moving, radius=1, measure=measure), fixed, moving
    )


def test_arguments_are_checked():
    image = tf.zeros([1, 8, 8, 2])
    with pytest.raises(ValueError, match="same shape.*moving.shape=.1, 8, 9, 2."):
        geometry.cost_volume(image, tf.zeros([1, 8, 9, 2]), 1)
    with pytest.raises(ValueError, match="Received: radius=1.5"):
        geometry.cost_volume(image, image, 1.5)
    with pytest.raises(ValueError, match="Received: measure='sad'"):
        geometry.cost_volume(image, image, 1, "sad")
