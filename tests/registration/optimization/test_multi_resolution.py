import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates

from dirv_tf.metrics import folded_percent
from dirv_tf.registration.optimization.multi_resolution import EFFORTS, register_multi_resolution


def deformed_pair(size, largest, rng):
    """A textured image, its copy deformed by a smooth field, and that field."""
    moving = gaussian_filter(rng.random(size), 1.5)
    moving = (moving - moving.min()) / np.ptp(moving)
    field = np.stack([gaussian_filter(rng.normal(size=size), min(size) / 8) for _ in size], axis=-1)
    field *= largest / np.abs(field).max()
    coordinates = np.indices(size) + np.moveaxis(field, -1, 0)
    return map_coordinates(moving, coordinates, order=1, mode="nearest"), moving, field


def remaining(found, field):
    inside = tuple(slice(n // 8, -(n // 8)) for n in field.shape[:-1])
    length = lambda values: np.linalg.norm(values[inside], axis=-1).mean()  # noqa: E731
    return length(found - field) / length(field)


@pytest.mark.parametrize("size, largest", [((96, 80), 8.0), ((32, 40, 36), 3.0)])
@pytest.mark.parametrize("similarity, smoothness", [("lncc", None), ("mse", 0.005)])
def test_a_smooth_deformation_is_found(size, largest, similarity, smoothness, rng):
    fixed, moving, field = deformed_pair(size, largest, rng)
    found = register_multi_resolution(fixed, moving, similarity=similarity, smoothness=smoothness)
    assert found.shape == field.shape and found.dtype == np.float32
    assert remaining(found, field) < 0.3
    assert float(folded_percent(found[None])[0]) < 1e-3


def test_another_contrast_and_an_affine_start(rng):
    fixed, moving, field = deformed_pair((96, 80), 5.0, rng)
    shifted = np.pad(moving, ((20, 3), (0, 9)), mode="edge")
    start = np.broadcast_to(np.array([20.0, 0.0]), field.shape)
    found = register_multi_resolution(fixed, 0.2 + 0.5 * shifted, start)
    assert remaining(found - start, field) < 0.3


def test_a_small_image_has_few_levels(rng):
    fixed, moving, field = deformed_pair((20, 17), 1.5, rng)
    assert remaining(register_multi_resolution(fixed, moving, similarity="mse"), field) < 0.6


@pytest.mark.parametrize("effort", EFFORTS)
def test_equal_images_keep_the_start(effort, rng):
    image = gaussian_filter(rng.random((300, 40)), 1)
    start = np.zeros((300, 40, 2), np.float32)
    np.testing.assert_array_equal(register_multi_resolution(image, image, start, effort=effort), start)


def test_the_fast_effort_stops_at_a_coarser_level(rng):
    fixed, moving, field = deformed_pair((300, 64), 4.0, rng)
    seen = {"fast": [], "default": []}
    for effort, calls in seen.items():
        found = register_multi_resolution(
            fixed, moving, effort=effort, progress=lambda done, total, calls=calls: calls.append((done, total))
        )
        assert remaining(found, field) < 0.4
    assert seen["fast"] == [(1, 2), (2, 2)] and seen["default"] == [(1, 3), (2, 3), (3, 3)]


def test_pixels_outside_the_masks_do_not_matter(rng):
    fixed, moving, field = deformed_pair((96, 80), 4.0, rng)
    mask = np.ones(fixed.shape, bool)
    mask[:24] = False
    noise = np.where(mask, fixed, rng.random(fixed.shape))
    with_mask = register_multi_resolution(noise, moving, mask=mask, similarity="mse")
    without = register_multi_resolution(noise, moving, similarity="mse")
    inside = slice(40, -10), slice(10, -10)
    errors = [np.linalg.norm((found - field)[inside], axis=-1).mean() for found in (with_mask, without)]
    assert errors[0] < 0.4 and errors[0] <= errors[1]


def test_settings_are_checked():
    image = np.zeros((32, 32))
    with pytest.raises(ValueError, match="Received: effort='hard'"):
        register_multi_resolution(image, image, effort="hard")
    with pytest.raises(ValueError, match="Received: similarity='ssd'"):
        register_multi_resolution(image, image, similarity="ssd")
