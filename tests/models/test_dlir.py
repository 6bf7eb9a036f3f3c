import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.losses import UnsupervisedLoss
from dirv_tf.models import DLIR, load_pretrained
from dirv_tf.models.dlir.affine_stage import affine_map
from dirv_tf.models.registry import settings_class
from dirv_tf.synthesis import chessboard_images
from dirv_tf.validation import ConfigError

SMALL = {"filters": 8, "hidden": 8}


@pytest.fixture(autouse=True)
def the_same_weights():
    tf.keras.utils.set_random_seed(2)



def pair(rng, size, batch=1):
    return tuple(tf.constant(rng.random((batch, *size, 1)).astype("float32")) for _ in range(2))


def constant_stage(network, name, values):
    """Make a B-spline stage give the same control points everywhere."""
    variables = network.named_variables()
    variables[f"{name}/control_points/kernel"].assign(0 * variables[f"{name}/control_points/kernel"])
    variables[f"{name}/control_points/bias"].assign(values)


def constant_affine_stage(network, values):
    variables = network.named_variables()
    variables["affine/parameters/kernel"].assign(0 * variables["affine/parameters/kernel"])
    variables["affine/parameters/bias"].assign(values)


@pytest.mark.parametrize(
    ("rank", "downsampling", "affine", "eight", "four"),
    [
        (2, "pool", 46_022, 39_778, 30_530),
        (2, "strided", 95_270, 89_026, 63_362),
        (3, "pool", 120_716, 114_691, 87_011),
        (3, "strided", 317_420, 311_395, 218_147),
    ],
)
def test_parameters_of_every_stage(rank, downsampling, affine, eight, four):
    network = DLIR(rank, spline_resolutions=(1, 1), spline_spacings=(8, 4), downsampling=downsampling)
    assert [getattr(network, name).count_params() for name in network.stages] == [affine, eight, four]
    settings = settings_class("dlir")(spline_resolutions=(1, 1), spline_spacings=(8, 4), downsampling=downsampling)
    assert settings.parameters(rank) == network.count_params() == affine + eight + four
    assert settings.stages(rank) == network.stages == ("affine", "spline0", "spline1")


@pytest.mark.parametrize("rank", [2, 3])
def test_it_starts_as_the_identity(rank, rng):
    network = DLIR(rank, **SMALL)
    fixed, moving = pair(rng, (32,) * rank)
    outputs = network((fixed, moving))
    np.testing.assert_array_equal(outputs["flow_field"], tf.zeros_like(outputs["flow_field"]))
    np.testing.assert_array_equal(outputs["registered_images"][0], moving)
    assert outputs["displacement_fields"][0].shape == (1, 4, *(8,) * rank, rank)


@pytest.mark.parametrize("downsampling", ["pool", "strided"])
def test_rectified_features_keep_their_size_from_the_second_start_alone(downsampling, rng):
    """Of the published start little is left for the last layer, which is zero, to learn from."""
    images, sizes = tf.concat(pair(rng, (32, 32)), axis=-1), []
    for start in ("glorot_uniform", "he_uniform"):
        network = DLIR(2, 0, (1,), (8,), filters=32, downsampling=downsampling, kernel_initializer=start)
        values = images
        for layer in network.spline0.features:
            values = layer(values)
        sizes.append(float(tf.sqrt(tf.reduce_mean(tf.square(values)))))
        assert np.abs(network(tf.split(images, 2, axis=-1))["flow_field"]).max() == 0
    assert sizes[1] > 8 * sizes[0] and 0.1 < sizes[1] < 2
    assert DLIR().kernel_initializer == "glorot_uniform"


def test_means_over_a_pattern_that_fills_the_frame_hardly_tell_a_shift():
    """Why the affine stage learns so little on chessboards: it sees nothing but these means, of one image each."""
    stage = DLIR(2, kernel_initializer="he_uniform").affine
    boards = chessboard_images((68, 68), 7, tf.range(16), (6, 10))
    here, there = (stage.pipeline(geometry.average_pool(boards[:, cut, cut], 2)) for cut in (slice(64), slice(4, 68)))
    of_boards, of_shifts = tf.math.reduce_std(here, axis=0), tf.reduce_mean(tf.abs(here - there), axis=0)
    assert tf.reduce_mean(of_shifts) < tf.reduce_mean(of_boards) / 5


def test_weights_from_before_the_setting_are_loaded():
    """Their cards do not name it."""
    network = load_pretrained("dlir-2d-quick")
    assert "kernel_initializer" not in network.card["model"] and network.kernel_initializer == "glorot_uniform"


@pytest.mark.parametrize("rank", [2, 3])
def test_the_numbers_of_the_affine_stage(rank, rng):
    matrix, translation = affine_map(tf.zeros([2, rank * (rank + 1)]), rank)
    np.testing.assert_array_equal(matrix, tf.eye(rank, batch_shape=[2]))
    np.testing.assert_array_equal(translation, tf.zeros([2, rank]))
    values = rng.normal(size=(3, rank * (rank + 1))).astype("float32")
    matrix, translation = affine_map(tf.constant(values), rank)
    scales = 1 + np.tanh(values[:, rank + rank * (rank - 1) // 2 :][:, :rank]) / 2
    np.testing.assert_allclose(np.linalg.det(matrix), scales.prod(axis=-1), rtol=1e-4)
    np.testing.assert_array_equal(translation, values[:, :rank])


@pytest.mark.parametrize("downsampling", ["pool", "strided"])
def test_both_images_go_through_the_same_pipeline_of_any_size(downsampling, rng):
    network = DLIR(2, **SMALL, downsampling=downsampling)
    seen = []
    for size in ((40, 40), (56, 56), (33, 20)):
        fixed, moving = pair(rng, size, batch=2)
        features = [network.affine.pipeline(image) for image in (fixed, moving)]
        assert all(each.shape == (2, 8) for each in features)
        assert np.abs(features[0] - features[1]).max() > 0
        np.testing.assert_array_equal(network.affine.pipeline(fixed), features[0])
        seen.append(features)
    assert len(seen) == 3


@pytest.mark.parametrize("rank", [2, 3])
def test_a_translation_at_a_quarter_moves_the_whole_image_by_four(rank, rng):
    network = DLIR(rank, 4, (4, 1), (2, 4), **SMALL)
    constant_affine_stage(network, [1.0] + [0.0] * (rank * (rank + 1) - 1))
    field = network(pair(rng, (16,) * rank))["flow_field"].numpy()
    np.testing.assert_allclose(field[..., 0], 4, atol=1e-6)
    np.testing.assert_array_equal(field[..., 1:], 0)


def test_every_stage_counts_pixels_of_its_own(rng):
    network = DLIR(2, 0, (4, 2, 1), (2, 4, 8), **SMALL)
    moves = ([1.0, 0.0], [0.0, -0.5], [0.25, 0.25])
    for index, move in enumerate(moves):
        constant_stage(network, f"spline{index}", move)
    outputs = network(pair(rng, (32, 16)))
    expected = np.cumsum(np.array(moves) * [[4], [2], [1]], axis=0)
    for stage, vector in enumerate(expected):
        found = outputs["displacement_fields"][0][0, stage].numpy()
        np.testing.assert_allclose(found, np.broadcast_to(vector, found.shape), atol=1e-5)
    # What the last stage compares has been warped by all of them.
    np.testing.assert_allclose(outputs["stage"]["registered"], outputs["registered_images"][0], atol=1e-6)


def test_constant_stages_add_up_as_they_compose(rng):
    images = pair(rng, (16, 24))
    fields = []
    for combine in ("add", "compose"):
        network = DLIR(2, 0, (2, 1), (4, 8), combine=combine, **SMALL)
        for index, move in enumerate(([1.5, 0.5], [-0.25, 2.0])):
            constant_stage(network, f"spline{index}", move)
        fields.append(network(images)["flow_field"])
    np.testing.assert_allclose(fields[0], fields[1], atol=1e-6)


def test_composed_stages_warp_an_image_twice(rng):
    network = DLIR(2, 0, (1, 1), (4, 4), combine="compose", zero_start=False, **SMALL)
    images = pair(rng, (32, 32))
    for name in network.stages:
        kernel = network.named_variables()[f"{name}/control_points/kernel"]
        kernel.assign(100 * kernel)
    both = network(images)
    network.start_stage("spline0")
    first = network(images)["flow_field"]
    second = both["stage"]["field"]
    np.testing.assert_allclose(both["flow_field"], geometry.compose(first=first, second=second), atol=1e-5)
    assert np.abs(both["flow_field"] - (first + second)).max() > 1e-2


@pytest.mark.parametrize("downsampling", ["pool", "strided"])
def test_control_points_of_a_crop_are_those_of_the_whole_image(downsampling, rng):
    """As far inside as half the receptive field; a pixel more would see the cut."""
    network = DLIR(2, 0, (1,), (8,), downsampling=downsampling, zero_start=False, **SMALL)
    images = tf.concat(pair(rng, (120, 24)), axis=-1)
    stage = network.spline0
    whole, crop = (stage((each[..., :1], each[..., 1:])) for each in (images, images[:, 16:]))
    inside = {"pool": 4, "strided": 5}[downsampling]
    np.testing.assert_allclose(crop[:, inside:], whole[:, 2 + inside :], atol=1e-6)
    assert np.abs(crop[:, 0] - whole[:, 2]).max() > 1e-4


def test_a_tile_with_its_halo_gives_the_field_of_the_whole_image(rng):
    assert DLIR(2).halo is None
    network = DLIR(2, 0, (1,), (4,), zero_start=False, **SMALL)
    ((halo, _), step) = network.halo, network.size_multiples[0]
    assert halo % step == 0 and halo >= 13 + 2 * 4
    fixed, moving = pair(rng, (2 * halo + 32, 32))
    whole = network((fixed, moving))["flow_field"]
    tile = network((fixed[:, 16:], moving[:, 16:]))["flow_field"]
    np.testing.assert_allclose(tile[:, halo:], whole[:, 16 + halo :], atol=1e-5)


@pytest.mark.parametrize("rank", [2, 3])
def test_a_stage_is_trained_alone_and_the_later_ones_are_not_called(rank, rng):
    network = DLIR(rank, 2, (2, 1), (4, 4), zero_start=False, **SMALL)
    images = pair(rng, (16,) * rank)
    everything = network(images)
    for index, name in enumerate(network.stages):
        network.start_stage(name)
        outputs = network(images)
        fields = outputs["displacement_fields"][0]
        np.testing.assert_allclose(fields, everything["displacement_fields"][0][:, : index + 1], atol=1e-6)
        own = [id(variable) for path, variable in network.named_variables().items() if path.startswith(name)]
        assert {id(variable) for variable in network.trainable_variables} == set(own)
        assert ("field" in outputs["stage"]) == (name != "affine")
        side = 16 // (2, 2, 1)[index]
        assert outputs["stage"]["fixed"].shape[1:-1] == (side,) * rank
    with pytest.raises(ValueError, match="`name` must be one of affine, spline0, spline1. Received: name='spline2'"):
        network.start_stage("spline2")


def test_training_a_stage_leaves_the_others_bit_identical_and_brings_the_images_together(untraced):
    network = DLIR(2, 2, (1,), (8,), **SMALL)
    fixed = chessboard_images((32, 32), seed=3, indices=range(4), cell_range=(6, 10))
    pairs = tf.data.Dataset.from_tensors(((fixed, tf.roll(fixed, 1, axis=1)),))
    losses = []
    for name in network.stages:
        before = {path: np.array(variable) for path, variable in network.named_variables().items()}
        network.start_stage(name)
        # The battery of all networks trains in graphs.
        network.compile(tf.keras.optimizers.Adam(1e-2), UnsupervisedLoss("ncc", "bending", 0.05), run_eagerly=True)
        losses += network.fit(pairs.repeat(6), epochs=2, verbose=0).history["loss"]
        changed = {path for path, variable in network.named_variables().items() if (variable.numpy() != before[path]).any()}
        assert {path.split("/")[0] for path in changed} == {name}
    assert losses[1] < losses[0] and losses[3] < losses[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, (2,), (8,)), "no stage may be coarser than the one before it"),
        ((0, (1, 2), (8, 8)), "no stage may be coarser than the one before it"),
        ((2, (2, 1), (8,)), "one resolution and one spacing per B-spline stage"),
    ],
)
def test_stages_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"{message}. Received: affine_resolution={arguments[0]}"):
        DLIR(2, *arguments)
    names = ("affine_resolution", "spline_resolutions", "spline_spacings")
    with pytest.raises(ConfigError, match=f"'model': .*{message}. Received: model.affine_resolution={arguments[0]}"):
        settings_class("dlir")(**dict(zip(names, arguments))).check(2)
