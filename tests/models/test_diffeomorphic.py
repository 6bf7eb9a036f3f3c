"""DIRV-Net whose control points hold velocities: what it computes, that it learns, and that its maps can be inverted."""

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry, metrics
from dirv_tf.layers import VariationalUnit
from dirv_tf.losses import DisplacementLoss
from dirv_tf.models import DIRVNet, load_weights_file, save_weights_file
from dirv_tf.models.dirv_net.filter_responses import response_statistics
from dirv_tf.registration.networks.inference import flow_field

SMALL = {"levels": 2, "units": 2, "experts": 2, "kernel_sizes": 3, "knots": 6}


def network(rank=2, **arguments):
    tf.keras.utils.set_random_seed(5)
    made = DIRVNet(rank, **{**SMALL, "squarings": 4, **arguments})
    for name, variable in made.named_variables().items():
        if name.endswith("knots"):
            variable.assign(300.0 * variable)
    return made


def pair(rng, rank=2, side=16):
    return tuple(rng.random((2, *(side,) * rank, 1), np.float32) for _ in range(2))


def test_velocities_of_control_points_are_integrated_in_units_of_their_spacing(rng):
    velocity = tf.constant(rng.normal(size=(1, 6, 7, 2)), tf.float32)
    found = geometry.integrate_control_points(velocity, (4, 2), squarings=5)
    steps = np.float32([4, 2])
    np.testing.assert_allclose(found, steps * geometry.exponential(velocity / steps, 5), rtol=1e-6)
    assert geometry.integrate_control_points(velocity, 4, 0) is velocity
    with pytest.raises(ValueError, match="squarings"):
        geometry.integrate_control_points(velocity, 4, -1)


def test_without_squarings_it_is_the_network_of_the_thesis(rng):
    images, plain = pair(rng), network(squarings=0)
    outputs = plain(images)
    assert "velocity_fields" not in outputs and plain.architecture()["squarings"] == 0
    moved = network()
    for one, other in zip(plain.variables, moved.variables):
        other.assign(one)
    # The first unit moves the zero field, of which the exponential is zero, too.
    np.testing.assert_allclose(
        moved(images)["velocity_fields"][0][:, 0], outputs["displacement_fields"][0][:, 0], atol=1e-6
    )


@pytest.mark.parametrize("rank", [2, 3])
def test_every_field_is_the_integrated_velocity(rank, rng):
    moving = network(rank)
    outputs = moving(pair(rng, rank))
    for velocities, displacements in zip(outputs["velocity_fields"], outputs["displacement_fields"]):
        for unit in range(2):
            expected = geometry.integrate_control_points(velocities[:, unit], 4, 4)
            np.testing.assert_allclose(displacements[:, unit], expected, atol=1e-5)
    last = outputs["displacement_fields"][-1][:, -1]
    assert np.abs(last - outputs["velocity_fields"][-1][:, -1]).max() > 1e-3
    np.testing.assert_allclose(outputs["flow_field"], geometry.interpolate_control_points(last, 4), atol=1e-5)


def test_a_unit_warps_by_the_integrated_velocity(rng):
    unit = VariationalUnit(experts=2, kernel_sizes=3, knots=6, squarings=4)
    fixed, moving = pair(rng)
    velocity = tf.constant(2 * rng.normal(size=(2, 4, 4, 2)), tf.float32)
    unit((fixed, moving, velocity))
    assert VariationalUnit.from_config(unit.get_config()).squarings == 4
    warped = geometry.warp_image(
        moving, geometry.interpolate_control_points(geometry.integrate_control_points(velocity, 4, 4), 4)
    )
    # An image that fits after the warp gives no force: the regularizer alone moves the velocities.
    np.testing.assert_allclose(
        unit((warped, moving, velocity)),
        velocity - unit.absolute_step_size * unit.regularizer_experts(velocity), atol=1e-5,
    )


def test_graphs_files_and_observers_know_it(rng, tmp_path):
    moving, images = network(), pair(rng)
    expected = moving(images)["flow_field"]
    np.testing.assert_allclose(flow_field(moving, *map(tf.constant, images)), expected, atol=2e-5)
    save_weights_file(moving, tmp_path / "weights.npz")
    np.testing.assert_allclose(load_weights_file(tmp_path)(images)["flow_field"], expected, atol=1e-6)
    statistics = response_statistics(moving, moving(images))
    assert len(statistics) == 2 and all(0 <= float(each["data_term"].outside) <= 1 for each in statistics[1])


def test_it_learns_a_map_that_does_not_fold_and_has_an_inverse(untraced):
    rows, columns = np.meshgrid(np.arange(16), np.arange(16), indexing="ij")
    image = (0.5 + 0.25 * np.sin(rows / 1.7) + 0.25 * np.cos(columns / 2.1)).astype(np.float32)[None, ..., None]
    field = tf.fill([1, 16, 16, 2], 0.75)
    moving = network(levels=1)
    moving.compile(tf.keras.optimizers.Adam(6e-3), DisplacementLoss(), run_eagerly=True)
    inputs = geometry.warp_image(image, field), tf.constant(image)
    losses = moving.fit(tf.data.Dataset.from_tensors((inputs, field)), epochs=6, verbose=0).history["loss"]
    assert losses[-1] < 0.8 * losses[0]
    outputs = moving(inputs)
    assert float(metrics.folded_percent(outputs["flow_field"])[0]) == 0
    left = geometry.compose(outputs["flow_field"], geometry.invert(outputs["flow_field"]))[:, 3:-3, 3:-3]
    assert np.abs(left).max() < 0.05


def test_impossible_squarings_are_refused():
    with pytest.raises(ValueError, match="squarings"):
        DIRVNet(squarings=-1)
