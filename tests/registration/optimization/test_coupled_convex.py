import itertools

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, uniform_filter

from dirv_tf.registration.optimization import coupled_convex
from dirv_tf.registration.optimization.coupled_convex import coupled_convex_field

SIZES = {2: (96, 80), 3: (40, 44, 48)}
SHIFTS = {2: (8, -4), 3: (4, -8, 4)}


def textured(rank, rng):
    return gaussian_filter(rng.random(SIZES[rank]), 2.0) * 4 - 1.5


def inside(rank):
    return (slice(20, -20) if rank == 2 else slice(18, -18),) * rank


@pytest.mark.parametrize("rank", [2, 3])
def test_equal_images_give_zero(rank, rng):
    image = textured(rank, rng)
    np.testing.assert_allclose(coupled_convex_field(image, image, radius=2), 0, atol=1e-6)


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("consistent", [False, True])
def test_a_shift_is_found_exactly(rank, consistent, rng):
    image = textured(rank, rng)
    moving = np.roll(image, SHIFTS[rank], axis=tuple(range(rank)))
    field = coupled_convex_field(image, moving, radius=3, consistent=consistent)
    assert field.shape == (*SIZES[rank], rank) and field.dtype == np.float32
    expected = np.broadcast_to(np.array(SHIFTS[rank], np.float32), field[inside(rank)].shape)
    np.testing.assert_allclose(field[inside(rank)], expected, atol=1e-5)


def test_inverted_contrast_changes_nothing(rng):
    image = textured(2, rng)
    moving = np.roll(image, SHIFTS[2], axis=(0, 1))
    np.testing.assert_allclose(
        coupled_convex_field(image, 1 - moving, radius=3), coupled_convex_field(image, moving, radius=3), atol=1e-4
    )


def test_no_displacement_exceeds_the_window(rng):
    image = textured(2, rng)
    field = coupled_convex_field(image, np.roll(image, (16, 0), axis=(0, 1)), similarity="mse", radius=2)
    assert np.abs(field).max() <= 8


def brute_force(fixed, moving, radius):
    """Smoothed argmin of the costs of single-channel features."""
    padded = np.pad(moving, radius, mode="edge")
    offsets = list(itertools.product(range(-radius, radius + 1), repeat=2))
    costs = []
    for row, column in offsets:
        shifted = padded[radius + row :, radius + column :][: fixed.shape[0], : fixed.shape[1]]
        costs.append(uniform_filter((fixed - shifted) ** 2, 3, mode="nearest"))
    best = np.array(offsets, float)[np.argmin(costs, axis=0)]
    return np.stack([uniform_filter(best[..., axis], 3, mode="nearest") for axis in range(2)], axis=-1)


@pytest.mark.parametrize("temperature", [None, 1e-7])
def test_without_coupling_it_is_the_smoothed_argmin(temperature, rng):
    fixed, moving = rng.random((2, 20, 24)).astype("float32")
    settings = {"spacing": 1, "radius": 2, "coefficients": (), "temperature": temperature}
    field = coupled_convex_field(fixed, moving, "mse", **settings)
    # Nearer to the border some displacements look all the same.
    inside = slice(4, -4), slice(4, -4)
    np.testing.assert_allclose(field[inside], brute_force(fixed, moving, 2)[inside], atol=1e-3)


def test_a_cell_lies_at_its_center():
    # Cells that hold their own positions give every pixel its own, up to the outermost centers.
    centers = np.stack([values * 4 + 1.5 for values in np.indices((8, 10))]).astype("float32")
    dense = coupled_convex._dense(centers, (32, 40), 4)
    expected = np.stack([np.clip(v, 1.5, n - 2.5) for v, n in zip(np.indices((32, 40)), (32, 40))], axis=-1)
    np.testing.assert_allclose(dense, expected, atol=1e-5)


def test_costs_that_are_not_kept_give_the_same(rng, monkeypatch):
    fixed, moving = rng.random((2, 32, 32))
    kept = coupled_convex_field(fixed, moving, "mse", radius=2)
    monkeypatch.setattr(coupled_convex, "_LARGEST_VOLUME", 0)
    np.testing.assert_array_equal(coupled_convex_field(fixed, moving, "mse", radius=2), kept)


def test_sides_that_are_no_multiple_of_the_spacing(rng):
    image = gaussian_filter(rng.random((61, 55)), 2)
    field = coupled_convex_field(image, np.roll(image, (4, 0), axis=(0, 1)), "mse", radius=2)
    np.testing.assert_allclose(np.median(field, axis=(0, 1)), (4, 0), atol=1e-5)


def test_settings_are_checked():
    image = np.zeros((16, 16))
    with pytest.raises(ValueError, match=r"one size.*moving.shape=\(16, 17\)"):
        coupled_convex_field(image, np.zeros((16, 17)))
    with pytest.raises(ValueError, match="Received: temperature=0"):
        coupled_convex_field(image, image, temperature=0)
    with pytest.raises(ValueError, match="Received: spacing=4, radius=-1"):
        coupled_convex_field(image, image, radius=-1)
