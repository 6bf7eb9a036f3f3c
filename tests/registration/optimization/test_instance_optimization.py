import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.optimization.feature_images import SIMILARITIES
from dirv_tf.registration.optimization.instance_optimization import optimize_field

SIZES = {2: (48, 40), 3: (24, 20, 28)}
SHIFT = np.array([1.4, -0.7, 0.5])


def pair(rank, rng, shift=SHIFT):
    """A smooth image and its copy shifted without a border of its own."""
    size = SIZES[rank]
    waves = [(rng.uniform(0.08, 0.25, rank) * rng.choice([-1, 1], rank), rng.uniform(0, 6)) for _ in range(24)]

    def image(offset):
        positions = [values + offset[axis] for axis, values in enumerate(np.indices(size))]
        return 0.5 + 0.04 * sum(np.sin(sum(w * p for w, p in zip(wave, positions)) + phase) for wave, phase in waves)

    return image(np.zeros(rank)), image(-shift[:rank])


@pytest.mark.parametrize("rank", [2, 3])
def test_a_shift_of_a_smooth_image_is_found(rank, rng):
    fixed, moving = pair(rank, rng)
    inside = (slice(4, -4),) * rank
    # Beyond the border the moving image is clamped, which holds the field back there.
    mask = np.zeros(SIZES[rank], bool)
    mask[inside] = True
    result = optimize_field(fixed, moving, np.zeros((*SIZES[rank], rank)), mask=mask)
    error = np.linalg.norm(result.flow_field[inside] - SHIFT[:rank], axis=-1)
    assert error.mean() < 0.05
    assert result.final_energy < 0.05 * result.initial_energy


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_the_energy_never_rises(similarity, rng):
    fixed, moving = pair(2, rng)
    noisy = moving + rng.normal(0, 0.1, moving.shape)
    field = gaussian_filter(rng.normal(0, 8, (*SIZES[2], 2)), (3, 3, 0))
    result = optimize_field(fixed, noisy, field, 5, similarity)
    assert result.final_energy < result.initial_energy
    assert result.flow_field.dtype == np.float32 and np.all(np.isfinite(result.flow_field))


@pytest.mark.parametrize("rank", [2, 3])
def test_no_steps_and_equal_images_leave_the_start_bit_for_bit(rank, rng):
    fixed, moving = pair(rank, rng)
    field = rng.normal(size=(*SIZES[rank], rank)).astype("float32")
    result = optimize_field(fixed, moving, field, steps=0)
    np.testing.assert_array_equal(result.flow_field, field)
    assert result.initial_energy == result.final_energy
    zero = np.zeros_like(field)
    np.testing.assert_array_equal(optimize_field(fixed, fixed, zero).flow_field, zero)


def test_the_right_shift_stays(rng):
    fixed, _ = pair(2, rng)
    moving = np.roll(fixed, (2, -3), axis=(0, 1))
    field = np.broadcast_to(np.array([2.0, -3.0], np.float32), (*SIZES[2], 2))
    inside = np.zeros(SIZES[2], bool)
    inside[4:-4, 4:-4] = True
    result = optimize_field(fixed, moving, field, mask=inside)
    np.testing.assert_allclose(result.flow_field, field, atol=1e-3)


def test_strong_smoothness_leaves_an_affine_map(rng):
    fixed, moving = pair(2, rng)
    noisy = moving + rng.normal(0, 0.1, moving.shape)
    field = optimize_field(fixed, noisy, np.zeros((*SIZES[2], 2)), smoothness=1e6).flow_field
    np.testing.assert_allclose(field, np.broadcast_to(field.mean(axis=(0, 1)), field.shape), atol=1e-3)


def test_an_affine_start_costs_nothing(rng):
    fixed, _ = pair(2, rng)
    affine = np.moveaxis(np.indices(SIZES[2]) - 20.0, 0, -1) @ np.array([[0.1, -0.05], [0.02, -0.1]])
    energy = optimize_field(np.zeros_like(fixed), np.zeros_like(fixed), affine, 0, smoothness=1.0).initial_energy
    assert energy < 1e-6
    bent = affine + gaussian_filter(rng.normal(0, 8, affine.shape), (3, 3, 0))
    assert optimize_field(np.zeros_like(fixed), np.zeros_like(fixed), bent, 0, smoothness=1.0).initial_energy > 1e-3


@pytest.mark.parametrize("similarity, change", [("lncc", lambda x: 0.1 + 0.8 * x), ("mind", lambda x: 1 - 0.7 * x)])
def test_other_contrast(similarity, change, rng):
    fixed, moving = pair(2, rng)
    field = optimize_field(fixed, change(moving), np.zeros((*SIZES[2], 2)), similarity=similarity).flow_field
    error = np.linalg.norm(field - SHIFT[:2], axis=-1)[6:-6, 6:-6]
    assert error.mean() < 0.35


def test_masked_intensities_do_not_matter(rng):
    fixed, moving = pair(2, rng)
    mask = np.ones(SIZES[2], bool)
    mask[10:20, 10:20] = False
    changed = np.where(mask, fixed, 1 - fixed)
    start = np.zeros((*SIZES[2], 2))
    results = [optimize_field(image, moving, start, mask=mask) for image in (fixed, changed)]
    assert results[0].initial_energy == results[1].initial_energy
    np.testing.assert_array_equal(results[0].flow_field, results[1].flow_field)
    assert optimize_field(fixed, moving, start, 0).initial_energy != results[0].initial_energy


def test_a_moving_image_of_another_size(rng):
    fixed, moving = pair(2, rng)
    larger = np.pad(moving, ((5, 3), (2, 4)), mode="edge")
    start = np.broadcast_to(np.array([5.0, 2.0]), (*SIZES[2], 2))
    field = optimize_field(fixed, larger, start).flow_field
    error = np.linalg.norm(field - start - SHIFT[:2], axis=-1)[4:-4, 4:-4]
    assert error.mean() < 0.05


def test_progress_counts_steps(rng):
    seen = []
    start = np.zeros((*SIZES[2], 2))
    optimize_field(*pair(2, rng), start, steps=3, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_settings_are_checked(rng):
    images, field = pair(2, rng), np.zeros((*SIZES[2], 2))
    with pytest.raises(ValueError, match="Received: similarity='ssd'"):
        optimize_field(*images, field, similarity="ssd")
    with pytest.raises(ValueError, match="Received: steps=-1"):
        optimize_field(*images, field, steps=-1)
    with pytest.raises(ValueError, match="Received: smoothness=-0.1"):
        optimize_field(*images, field, smoothness=-0.1)


# The same image stored in another way, and the map to its pixels from those of an image of 48 x 40.
STORED = {
    "upside down": (lambda image: image[::-1, ::-1], [[-1, 0], [0, -1]], [47, 39]),
    "mirrored": (lambda image: image[:, ::-1], [[1, 0], [0, -1]], [0, 39]),
    "turned": (np.rot90, [[0, -1], [1, 0]], [39, 0]),
}


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("name", STORED)
def test_how_the_moving_image_is_stored_does_not_matter(name, similarity, rng):
    store, matrix, translation = STORED[name]
    fixed, moving = pair(2, rng)
    bent = 1.5 * gaussian_filter(rng.normal(0, 8, (*SIZES[2], 2)), (5, 5, 0))
    linear = LinearMap(np.array(matrix, float), np.array(translation, float))
    expected = optimize_field(fixed, moving, bent, 5, similarity)
    assert expected.final_energy < 0.9 * expected.initial_energy
    result = optimize_field(fixed, store(moving), linear.composed(bent), 5, similarity)
    assert result.initial_energy == pytest.approx(expected.initial_energy, rel=1e-3)
    assert result.final_energy == pytest.approx(expected.final_energy, rel=2e-2)
    np.testing.assert_allclose(linear.decomposed(result.flow_field), expected.flow_field, atol=0.1)


@pytest.mark.parametrize("similarity", ["mse", "ncc"])
def test_a_finer_moving_image_is_no_obstacle(similarity, rng):
    fixed, moving = pair(2, rng)
    linear = LinearMap(np.diag([3.0, 2.0]), np.array([1.0, 0.5]))
    start = linear.flow_field(fixed.shape)
    fine = np.repeat(np.repeat(moving, 3, axis=0), 2, axis=1)
    smooth = gaussian_filter(fine, (1.5, 1.0), mode="nearest")
    mask = np.zeros(fixed.shape, bool)
    mask[4:-4, 4:-4] = True
    result = optimize_field(fixed, smooth, start, 10, similarity, mask=mask)
    error = np.linalg.norm(linear.decomposed(result.flow_field) - SHIFT[:2], axis=-1)[mask]
    assert error.mean() < 0.15
