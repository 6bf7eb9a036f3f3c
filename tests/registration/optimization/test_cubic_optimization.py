"""The last steps of a field between two images of one contrast."""

import numpy as np
import pytest
from scipy import ndimage

from dirv_tf.registration.maps.apply_field import warp_in_blocks
from dirv_tf.registration.optimization.control_grid import ControlGrid
from dirv_tf.registration.optimization.cubic_optimization import _doubled, _slopes_at, noise_variance, optimize_cubic
from dirv_tf.registration.optimization.gauss_newton import sample
from dirv_tf.synthesis import random_fields


@pytest.fixture(scope="module")
def pair():
    """Fixed image, moving image, true field."""
    rng = np.random.default_rng(2)
    moving = ndimage.gaussian_filter(rng.random((64, 64)), 2).astype(np.float32)
    moving = (moving - moving.min()) / np.ptp(moving)
    true = random_fields((64, 64), 5, [0], 0, max_displacement=3.0)[0].numpy()
    return warp_in_blocks(moving, true), moving, true


def error(field, true):
    return np.linalg.norm(field - true, axis=-1).mean()


def test_the_field_is_found_to_a_hundredth_of_a_pixel(pair):
    fixed, moving, true = pair
    start = 0.8 * true
    result = optimize_cubic(fixed, moving, start)
    assert error(result.flow_field, true) < 0.1 * error(start, true)
    assert error(result.flow_field[8:-8, 8:-8], true[8:-8, 8:-8]) < 0.02
    assert result.final_energy < 0.01 * result.initial_energy and result.flow_field.dtype == np.float32


def test_volumes_too(rng):
    moving = ndimage.gaussian_filter(rng.random((24, 24, 24)), 2).astype(np.float32)
    moving = (moving - moving.min()) / np.ptp(moving)
    true = random_fields((24,) * 3, 5, [0], 0, kind="affine")[0].numpy()
    start = 0.8 * true
    found = optimize_cubic(warp_in_blocks(moving, true), moving, start, 5).flow_field
    assert error(found, true) < 0.2 * error(start, true)


def test_noise_asks_for_smoothness(pair, rng):
    fixed, moving, true = pair
    noisy = [image + 0.1 * rng.normal(size=image.shape).astype(np.float32) for image in (fixed, moving)]
    assert noise_variance(fixed, warp_in_blocks(moving, true), np.ones((64, 64), bool)) < 1e-8
    measured = noise_variance(noisy[0], noisy[1], np.ones((64, 64), bool))
    assert 0.01 < measured < 0.1
    adapted, loose = (optimize_cubic(*noisy, 0.8 * true, smoothness=value).flow_field for value in (None, 6e-4))
    assert error(adapted, true) < 0.9 * error(loose, true)


def test_an_empty_background_has_no_say_in_the_noise(rng):
    image = np.zeros((60, 60))
    image[20:40, 20:40] = rng.random((20, 20))
    noisy = image + 0.1 * rng.normal(size=image.shape) * (image > 0)
    assert 0.004 < noise_variance(image, noisy, np.ones((60, 60), bool)) < 0.011


def test_at_half_the_size_too():
    moving = ndimage.gaussian_filter(np.random.default_rng(2).random((128, 120)), 4).astype(np.float32)
    moving = (moving - moving.min()) / np.ptp(moving)
    true = random_fields(moving.shape, 5, [0], 0, kind="affine")[0].numpy()
    result = optimize_cubic(warp_in_blocks(moving, true), moving, 0.8 * true, halvings=1)
    assert result.flow_field.shape == true.shape and result.flow_field.dtype == np.float32
    # Warping and halving in the other order blur a little differently.
    assert error(result.flow_field, true) < 0.3 * error(0.8 * true, true)


# The grid over 42 rows has a control point more than that over 21 of them.
@pytest.mark.parametrize("shape", [(64, 64), (63, 58), (42, 64), (20, 30, 42)])
def test_control_points_over_a_halved_image_are_those_of_the_whole(shape):
    true = random_fields(shape, 5, [0], 0, kind="affine")[0].numpy()
    every = (slice(None, None, 2),) * len(shape)
    grid = ControlGrid(true[every].shape[:-1], (4,) * len(shape), degree=3)
    doubled = _doubled(grid.fit(np.moveaxis(true[every], -1, 0) / 2), grid, 1, shape)
    np.testing.assert_allclose(np.moveaxis(doubled, 0, -1), true, atol=0.02)


def test_masks_leave_out(pair):
    fixed, moving, true = pair
    spoiled, mask = fixed.copy(), np.ones(fixed.shape, bool)
    spoiled[:20], mask[:20] = 0, False
    found = optimize_cubic(spoiled, moving, 0.8 * true, mask=mask).flow_field
    assert error(found[24:], true[24:]) < 0.2 * error(0.8 * true[24:], true[24:])


def test_slopes_are_those_of_the_interpolation(rng):
    values = rng.random((9, 8))
    places = rng.uniform(1.1, 6.4, size=(2, 50))
    places += 0.2 * (np.abs(places - places.round()) < 0.05)
    for axis, slope in enumerate(_slopes_at(values, places)):
        step = np.zeros((2, 1))
        step[axis] = 1e-3
        difference = (sample(values, places + step) - sample(values, places - step)) / 2e-3
        np.testing.assert_allclose(slope, difference, atol=2e-3)


def test_what_cannot_be_improved_is_returned(pair):
    fixed, moving, true = pair
    zero = np.zeros_like(true)
    same = optimize_cubic(moving, moving, zero)
    np.testing.assert_array_equal(same.flow_field, zero)
    none = optimize_cubic(fixed, moving, 0.8 * true, steps=0)
    np.testing.assert_array_equal(none.flow_field, (0.8 * true).astype(np.float32))
    assert none.initial_energy == none.final_energy


def test_progress_counts_to_the_last_step(pair):
    fixed, moving, true = pair
    told = []
    optimize_cubic(fixed, moving, 0.8 * true, 4, progress=lambda done, steps: told.append((done, steps)))
    assert told and told[0] == (1, 4) and all(1 <= done <= 4 == steps for done, steps in told)


@pytest.mark.parametrize("setting", [{"steps": -1}, {"steps": 1.5}, {"smoothness": -1.0}, {"halvings": -1}])
def test_settings_out_of_range(pair, setting):
    name = next(iter(setting))
    with pytest.raises(ValueError, match=f"`{name}` must.*Received: {name}="):
        optimize_cubic(*pair, **setting)
