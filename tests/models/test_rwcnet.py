import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.losses import UnsupervisedLoss
from dirv_tf.models import RWCNet
from dirv_tf.models.registry import settings_class
from dirv_tf.synthesis import chessboard_images
from dirv_tf.training.monitoring.frozen_batch import FrozenBatch
from dirv_tf.validation import ConfigError

# Of one size of features, the networks are made and called in no time.
SMALL = {"features": 4, "hidden": 4, "blocks": (1,), "flow_kernel": 3}
LIGHT_2D = {"blocks": (1, 1, 1), "hidden": 32}
LIGHT_3D = {"blocks": (1, 1, 1), "hidden": 16, "features": 8, "flow_kernel": 3, "cost_gradient": False}


@pytest.fixture(autouse=True)
def the_same_weights():
    tf.keras.utils.set_random_seed(2)


def small(rank=2, resolutions=(4, 2, 1), steps=1, radii=1, **arguments):
    return RWCNet(rank, resolutions, steps, radii, **{**SMALL, "zero_start": False, **arguments})


@pytest.fixture
def plain_operations():
    """No program is compiled for the sizes of a test, which takes longer than the test."""
    with geometry.for_any_shape():
        yield


def pair(rng, size, batch=1):
    return tuple(tf.constant(rng.random((batch, *size, 1)).astype("float32")) for _ in range(2))


def constant_level(network, name, step):
    """Make every step of a level the same everywhere."""
    variables = network.named_variables()
    variables[f"{name}/head/field/kernel"].assign(0 * variables[f"{name}/head/field/kernel"])
    variables[f"{name}/head/field/bias"].assign(step)


# ------------------------------------------------------------------ parameters


@pytest.mark.parametrize(
    ("rank", "features", "context", "encoders", "unit", "head", "levels"),
    [
        (2, 395_112, 395_544, (3_706, 3_514), 166_080, 76_162, (1_036_604, 1_036_412)),
        (3, 1_176_312, 1_176_744, (15_109, 13_365), 497_856, 231_683, (3_097_704, 3_095_960)),
    ],
)
def test_parameters_of_every_part(rank, features, context, encoders, unit, head, levels):
    # Radius 3, then radius 2.
    network = RWCNet(rank, (2, 1), 1, (3, 2))
    for level, encoder, count in zip((network.level0, network.level1), encoders, levels):
        parts = (level.features, level.context, level.encoder, level.gru, level.head)
        assert [part.count_params() for part in parts] == [features, context, encoder, unit, head]
        assert level.count_params() == count
    settings = settings_class("rwcnet")(resolutions=(2, 1), steps=1, radii=(3, 2))
    assert settings.level_parameters(rank) == levels
    assert settings.parameters(rank) == network.count_params() == sum(levels)


@pytest.mark.parametrize(
    ("rank", "arguments", "levels", "total"),
    [
        (2, {}, (1_036_604, 1_036_604, 1_036_412), 3_109_620),
        (3, {}, (3_097_704, 3_097_704, 3_095_960), 9_291_368),
        (2, LIGHT_2D, (152_700, 152_700, 152_508), 457_908),
        (3, {**LIGHT_3D, "resolutions": (4, 2), "steps": 4, "radii": 2}, (294_784, 294_784), 589_568),
    ],
)
def test_parameters_of_the_networks(rank, arguments, levels, total):
    settings = settings_class("rwcnet")(**arguments)
    assert (settings.level_parameters(rank), settings.parameters(rank)) == (levels, total)


@pytest.mark.parametrize(
    "arguments", [{**LIGHT_3D, "rank": 3, "steps": 4}, {"rank": 2, **LIGHT_2D, "use_correlation": False}]
)
def test_the_closed_form_counts_the_variables(arguments):
    network = RWCNet(**{"resolutions": (2,), "radii": 2, "steps": 2, **arguments})
    rank = arguments.pop("rank")
    settings = settings_class("rwcnet")(**{"resolutions": (2,), "radii": 2, "steps": 2, **arguments})
    assert settings.parameters(rank) == network.count_params() == network.level0.count_params()


# ------------------------------------------------------------------ one level


def test_sizes_and_costs_of_every_level(plain_operations, rng):
    network = small(radii=(3, 3, 2))
    assert [getattr(network, name).encoder.costs for name in network.stages] == [49, 49, 25]
    images = pair(rng, (64, 64))
    for name, side in zip(network.stages, (16, 32, 64)):
        network.start_stage(name)
        assert network(images)["stage"]["fixed"].shape == (1, side, side, 1)
    volume = small(3, radii=(3, 3, 2))
    assert [getattr(volume, name).encoder.costs for name in volume.stages] == [343, 343, 125]


def test_sides_that_can_be_halved_often_enough():
    settings = settings_class("rwcnet")
    assert settings().size_multiples(2) == (32, 32)
    assert settings(**LIGHT_2D).size_multiples(2) == (16, 16)
    assert small(resolutions=(1,), blocks=(1, 1, 1), spacing=(6, 4)).size_multiples == (12, 4)


@pytest.mark.parametrize("rank", [2, 3])
def test_it_starts_as_the_identity(rank, plain_operations, rng):
    network = small(rank, zero_start=True, steps=2)
    fixed, moving = pair(rng, (8,) * rank)
    outputs = network((fixed, moving))
    np.testing.assert_array_equal(outputs["flow_field"], tf.zeros_like(outputs["flow_field"]))
    np.testing.assert_array_equal(outputs["registered_images"][0], moving)
    assert outputs["displacement_fields"][0].shape == (1, 3, *(2,) * rank, rank)
    np.testing.assert_array_equal(outputs["stage"]["step_lengths"], np.zeros((1, 2)))


def test_without_correlation_the_unit_sees_features_of_both_images(plain_operations, rng):
    network = small(resolutions=(1,), use_correlation=False)
    assert network.level0.encoder.costs == 0 and not network.level0.encoder.cost_layers
    assert network.level0.features.filters == 2
    fixed, moving = pair(rng, (8, 8))
    first = network((fixed, moving))["flow_field"]
    assert np.abs(network((1 - fixed, moving))["flow_field"] - first).max() > 1e-5


# ------------------------------------------------------------------ the cascade


@pytest.mark.parametrize("rank", [2, 3])
def test_every_level_counts_pixels_of_its_own(rank, plain_operations, rng):
    network = small(rank, steps=(2, 1, 1))
    moves = np.array([[0.25, -0.5, 0.5], [0.5, 0.25, -0.25], [-0.25, 0.75, 0.5]])[:, :rank]
    for name, move, steps in zip(network.stages, moves, (2, 1, 1)):
        constant_level(network, name, move / steps)
    outputs = network(pair(rng, (16,) * rank))
    expected = np.cumsum(moves * [[4], [2], [1]], axis=0)
    for stage, vector in enumerate(expected):
        found = outputs["displacement_fields"][0][0, stage].numpy()
        np.testing.assert_allclose(found, np.broadcast_to(vector, found.shape), atol=1e-5)
    field = outputs["flow_field"].numpy()
    np.testing.assert_allclose(field, np.broadcast_to(expected[-1], field.shape), atol=1e-5)


def test_levels_are_composed_and_warp_the_original(plain_operations, rng):
    network = small(resolutions=(2, 1), patches=False)
    for name in network.stages:
        kernel = network.named_variables()[f"{name}/head/field/kernel"]
        kernel.assign(3 * kernel)
    fixed, moving = pair(rng, (16, 12))
    halves = [geometry.downsample_image(image) for image in (fixed, moving)]
    own, hidden, _ = network.level0(halves)
    before = geometry.upsample_displacement_field(own, "linear")
    warped = geometry.warp_image(moving, before)
    own, _, _ = network.level1((fixed, warped, geometry.upsample_image(hidden)))
    outputs = network((fixed, moving))
    np.testing.assert_allclose(outputs["flow_field"], geometry.compose(first=before, second=own), atol=1e-4)
    assert np.abs(outputs["flow_field"] - (before + own)).max() > 1e-2
    np.testing.assert_allclose(outputs["stage"]["registered"], geometry.warp_image(warped, own), atol=1e-5)
    np.testing.assert_allclose(outputs["stage"]["field"], own, atol=1e-5)
    # Without the state of the coarser level, the finer one gives something else.
    assert np.abs(network.level1((fixed, warped))[0] - own).max() > 1e-4


def test_patches_are_registered_one_by_one(plain_operations, rng):
    network = small(resolutions=(2, 1))
    constant_level(network, "level0", [0.0, 0.0])
    fixed, moving = pair(rng, (16, 24), batch=2)
    hidden = geometry.upsample_image(network.level0([geometry.downsample_image(each) for each in (fixed, moving)])[1])
    field = network((fixed, moving))["flow_field"]
    corner = tuple(each[1:, 8:, 12:] for each in (fixed, moving, hidden))
    np.testing.assert_allclose(field[1:, 8:, 12:], network.level1(corner)[0], atol=1e-5)
    whole = small(resolutions=(2, 1), patches=False)
    whole.set_weights(network.get_weights())
    assert np.abs(whole((fixed, moving))["flow_field"] - field).max() > 1e-4


def test_one_patch_of_every_pair_is_trained(plain_operations, rng):
    network = small(resolutions=(2, 1))
    constant_level(network, "level0", [0.5, -0.25])
    network.start_stage("level1")
    fixed, moving = pair(rng, (16, 16), batch=16)
    everywhere = network((fixed, moving))["flow_field"]
    outputs = network((fixed, moving), training=True)
    stage, field = outputs["stage"], outputs["flow_field"].numpy()
    assert stage["fixed"].shape == stage["registered"].shape == (16, 8, 8, 1) and stage["field"].shape == (16, 8, 8, 2)
    numbers = set()
    for index in range(16):
        corners = [(row, column) for row in (0, 8) for column in (0, 8)]
        (number,) = (
            n
            for n, (r, c) in enumerate(corners)
            if np.array_equal(fixed[index, r : r + 8, c : c + 8], stage["fixed"][index])
        )
        numbers.add(number)
        row, column = corners[number]
        inside = np.zeros((16, 16), bool)
        inside[row : row + 8, column : column + 8] = True
        np.testing.assert_allclose(field[index][inside], everywhere[index].numpy()[inside], atol=1e-5)
        # Elsewhere the field is that of the level before.
        np.testing.assert_allclose(field[index][~inside], np.broadcast_to([1.0, -0.5], (192, 2)), atol=1e-6)
    assert numbers == {0, 1, 2, 3}


def test_a_step_draws_its_patches_by_its_number(plain_operations, rng):
    """So that a training that was stopped goes on with the patches that it would have seen."""
    images = pair(rng, (16, 16), batch=8)
    drawn = []
    for step in (0, 1, 1):
        network = small(resolutions=(2, 1))
        network.start_stage("level1")
        network.compile(tf.keras.optimizers.SGD(1e-3), UnsupervisedLoss())
        network.optimizer.iterations.assign(step)
        drawn.append(network(images, training=True)["stage"]["fixed"].numpy())
    assert np.array_equal(drawn[1], drawn[2]) and not np.array_equal(drawn[0], drawn[1])


def test_dropout_is_for_the_features_in_training(plain_operations, rng):
    network = small(resolutions=(1,), dropout=0.5)
    images = pair(rng, (8, 8))
    np.testing.assert_array_equal(network(images)["flow_field"], network(images, training=False)["flow_field"])
    assert np.abs(network(images, training=True)["flow_field"] - network(images)["flow_field"]).max() > 1e-5


# ------------------------------------------------------------------ training


def test_training_a_level_leaves_the_others_bit_identical_and_brings_the_images_together(untraced):
    network = small(resolutions=(2, 1), patches=False, zero_start=True, features=8, hidden=8)
    fixed = chessboard_images((16, 16), seed=3, indices=range(2), cell_range=(4, 6))
    pairs = tf.data.Dataset.from_tensors(((fixed, tf.roll(fixed, 1, axis=1)),))
    before = {path: np.array(variable) for path, variable in network.named_variables().items()}
    network.start_stage("level1")
    # The battery of all networks trains in graphs.
    loss = UnsupervisedLoss("mse", "total_variation", 0.01)
    network.compile(tf.keras.optimizers.Adam(1e-2), loss, run_eagerly=True)
    losses = network.fit(pairs.repeat(4), epochs=2, verbose=0).history["loss"]
    changed = {path for path, old in before.items() if (network.named_variables()[path].numpy() != old).any()}
    assert {path.split("/")[0] for path in changed} == {"level1"}
    assert losses[1] < losses[0]
    with pytest.raises(ValueError, match="`name` must be one of level0, level1. Received: name='level2'"):
        network.start_stage("level2")


def test_the_observer_shows_the_steps_of_the_level(rng):
    network = small(resolutions=(2, 1), steps=(1, 3))
    constant_level(network, "level1", [0.3, -0.4])
    images = pair(rng, (8, 8), batch=2)

    scalars = network.observer().scalars(FrozenBatch(*images), network.completed(images, network(images)))
    steps = {tag: value for tag, value in scalars.items() if "length of a step" in tag}
    assert [tag.rsplit(", ")[1] for tag in steps] == [f"level1/step {number}" for number in (1, 2, 3)]
    np.testing.assert_allclose(list(steps.values()), 0.5, rtol=1e-5)
    assert sum("mean length of the field" in tag for tag in scalars) == 2


def test_the_halo_is_the_reach_of_the_coarsest_level():
    network = RWCNet(2, steps=(3, 2, 1), radii=(2, 1, 1), **SMALL)
    assert network.halo == (4 * (3 * 2 + 8),) * 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"resolutions": (4, 1)}, "every level must have twice the resolution of the one before it"),
        ({"resolutions": (2, 1)}, "`steps` and `radii` must be one number, or one per level"),
        ({"features": 15, "use_correlation": False}, "`features` must be even without correlation"),
    ],
)
def test_levels_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"{message}.*Received: resolutions="):
        RWCNet(2, **arguments)
    with pytest.raises(ConfigError, match=f"'model': {message}.*Received: model.resolutions="):
        settings_class("rwcnet")(**arguments).check(2)
