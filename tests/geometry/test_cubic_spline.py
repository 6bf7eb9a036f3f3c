import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.geometry.cubic_spline import cubic_spline


def alone(spacing, size=12):
    """The values that a single control point gives along the first axis; the field does not depend on the second."""
    grid = np.zeros((1, size, 12, 2))
    grid[0, size // 2] = 1
    return geometry.cubic_spline_field(grid, (spacing, 1), "replicate").numpy()[0, :, 6, 0]


def test_values_of_the_spline():
    positions = tf.constant([0, 0.5, 1, 1.5, 2, 2.5, -0.5, -1.5], tf.float64)
    expected = [2 / 3, 23 / 48, 1 / 6, 1 / 48, 0, 0, 23 / 48, 1 / 48]
    np.testing.assert_allclose(cubic_spline(positions), expected, atol=1e-15)


@pytest.mark.parametrize(
    ("spacing", "first", "last", "at_the_border"), [(8, 12, 51, 0.5467936), (4, 6, 57, 0.5930990), (2, 3, 60, 0.6822917)]
)
def test_a_constant_grid_is_constant_inside_and_fades_towards_a_zero_border(spacing, first, last, at_the_border):
    field = geometry.cubic_spline_field(tf.ones([1, 64 // spacing, 64 // spacing, 2], tf.float64), spacing).numpy()[0]
    np.testing.assert_allclose(field[first : last + 1, first : last + 1], 1, atol=1e-14)
    assert abs(field[first - 1, 32, 0] - 1) > 1e-6 and abs(field[last + 1, 32, 0] - 1) > 1e-6
    np.testing.assert_allclose(field[[0, -1], 32, 0], at_the_border, atol=1e-7)
    replicated = geometry.cubic_spline_field(
        tf.ones([1, 64 // spacing, 64 // spacing, 2], tf.float64), spacing, "replicate"
    )
    np.testing.assert_allclose(replicated, 1, atol=1e-14)


@pytest.mark.parametrize("rank", [2, 3])
def test_control_points_that_hold_their_own_positions_give_positions(rank):
    spacing, count = 4, 8
    axes = [spacing * np.arange(count) + (spacing - 1) / 2] * rank
    control_points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)[None]
    field = geometry.cubic_spline_field(control_points, spacing).numpy()
    inside = (0, *(slice(2 * spacing, -2 * spacing),) * rank)
    np.testing.assert_allclose(field[inside], geometry.identity_grid((spacing * count,) * rank)[inside[1:]], atol=1e-13)


@pytest.mark.parametrize(("spacing", "highest"), [(8, 0.6628825), (4, 0.6520182)])
def test_one_control_point_reaches_four_spacings(spacing, highest):
    values = alone(spacing)
    assert np.count_nonzero(values) <= 4 * spacing and values.max() == pytest.approx(highest, abs=1e-7)


@pytest.mark.parametrize("spacing", [2, 4])
def test_it_is_a_transposed_convolution(spacing, rng):
    control_points = rng.normal(size=(2, 6, 5, 2))
    taps = cubic_spline((tf.range(4 * spacing, dtype=tf.float64) + 0.5 - 2 * spacing) / spacing).numpy()
    kernel = np.multiply.outer(np.outer(taps, taps), np.eye(2))
    size = [2, *((count + 3) * spacing for count in (6, 5)), 2]
    whole = tf.nn.conv2d_transpose(control_points, kernel, size, spacing, padding="VALID")
    cropped = whole[:, 3 * spacing // 2 : -(3 * spacing // 2), 3 * spacing // 2 : -(3 * spacing // 2)]
    np.testing.assert_allclose(geometry.cubic_spline_field(control_points, spacing), cropped, atol=1e-13)


@pytest.mark.parametrize("border", ["zero", "replicate"])
def test_flips_and_finer_expansions_of_the_same_control_points_agree(border, rng):
    control_points = rng.normal(size=(1, 4, 6, 5, 3))
    field = geometry.cubic_spline_field(control_points, (2, 4, 3), border)
    flipped = geometry.cubic_spline_field(control_points[:, ::-1, :, ::-1], (2, 4, 3), border)
    np.testing.assert_allclose(flipped, field[:, ::-1, :, ::-1], atol=1e-13)
    # The grids of two spacings nest: averaged over cells, the finer expansion is the coarser one, up to curvature.
    fine = geometry.average_pool(geometry.cubic_spline_field(control_points, (4, 8, 6), border), 2)
    assert np.abs(fine - field).max() < 0.1 * np.abs(field).max()


def test_gradient(rng, check_gradients):
    check_gradients(lambda values: geometry.cubic_spline_field(values, (2, 3), "replicate"), rng.random((1, 3, 2, 2)))


def test_an_unknown_size_is_taken(rng):
    expand_any = tf.function(
        lambda values: geometry.cubic_spline_field(values, 4, "replicate"),
        input_signature=[tf.TensorSpec([None, None, None, 2])],
    )
    control_points = rng.random((2, 3, 5, 2)).astype("float32")
    np.testing.assert_allclose(
        expand_any(control_points), geometry.cubic_spline_field(control_points, 4, "replicate"), atol=1e-6
    )


def test_an_unknown_border_is_refused():
    with pytest.raises(ValueError, match="`border` must be one of zero, replicate. Received: border='mirror'"):
        geometry.cubic_spline_field(tf.zeros([1, 2, 2, 2]), 4, "mirror")
