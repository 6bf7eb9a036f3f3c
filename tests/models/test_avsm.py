import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry, losses
from dirv_tf.losses import UnsupervisedLoss
from dirv_tf.models import AVSM, AVSMLoss
from dirv_tf.models.avsm.affine_network import joined
from dirv_tf.models.avsm.loss import affine_weight
from dirv_tf.models.avsm.velocity_unit import carried, integrated
from dirv_tf.models.registry import settings_class
from dirv_tf.training.monitoring.frozen_batch import FrozenBatch
from dirv_tf.validation import ConfigError

SMALL = {"affine_size": 16, "width": 0.125, "affine_steps": 2, "momentum_steps": 2}
ranks = pytest.mark.parametrize("rank", [2, 3])


@pytest.fixture(autouse=True)
def the_same_weights():
    tf.keras.utils.set_random_seed(2)


def pair(rng, size, batch=1):
    # Smooth, as images are.
    return tuple(geometry.binomial_smoothing(rng.random((batch, *size, 1)).astype("float32"), 3) for _ in range(2))


def with_motion(network):
    """The network with affine maps and momenta that are seen and small."""
    variables = network.named_variables()
    for name, scale in (("affine/parameters", 30.0), ("momentum/last", 0.4)):
        kernel = variables[f"{name}/kernel"]
        kernel.assign(scale * tf.random.stateless_normal(kernel.shape, [3, 4]))
    return network


@pytest.mark.parametrize(
    ("rank", "side", "width", "affine", "momentum"),
    [
        (2, 32, 1.0, 45_034, 2_036_514),
        (2, 64, 0.5, 45_418, 509_714),
        (2, 64, 0.25, 45_418, 127_722),
        (3, 32, 1.0, 134_224, 5_938_515),
        (3, 64, 0.5, 135_120, 1_485_611),
        (3, 32, 0.25, 134_224, 371_895),
    ],
)
def test_parameters_of_both_networks(rank, side, width, affine, momentum):
    network = AVSM(rank, affine_size=side, width=width)
    assert [getattr(network, name).count_params() for name in network.stages] == [affine, momentum]
    dense = [network.affine.hidden, network.affine.parameters]
    assert affine - sum(layer.count_params() for layer in dense) == {2: 44_676, 3: 133_668}[rank]
    assert network.smoothing.count_params() == network.warp.count_params() == 0
    settings = settings_class("avsm")(affine_size=side, width=width)
    assert settings.parameters(rank) == network.count_params() == affine + momentum
    assert settings.stages(rank) == network.stages == ("affine", "momentum")
    assert "momentum/e4b/kernel" in network.named_variables()


@ranks
def test_it_starts_as_the_identity(rank, rng):
    network = AVSM(rank, **SMALL)
    fixed, moving = pair(rng, (16,) * rank)
    outputs = network((fixed, moving))
    np.testing.assert_array_equal(outputs["flow_field"], tf.zeros_like(outputs["flow_field"]))
    np.testing.assert_array_equal(outputs["registered_images"][0], moving)
    # The field after the affine network and after two steps of momenta.
    assert outputs["displacement_fields"][0].shape == (1, 3, *(4,) * rank, rank)
    assert [each.shape for each in outputs["stage"]["momenta"]] == 2 * [(1, *(8,) * rank, rank)]


def test_features_keep_their_size_from_the_second_start_alone(rng):
    """Glorot's leaves the affine network a fiftieth of them."""
    images, sizes = pair(rng, (64, 64), batch=4), []
    for start in ("glorot_uniform", "he_uniform"):
        affine = AVSM(2, kernel_initializer=start, width=0.125).affine
        values = tf.concat([affine.first(2 * image - 1) for image in images], axis=-1)
        for layer in affine.features:
            values = layer(values)
        values = affine.hidden(tf.reshape(values, [4, -1]))
        sizes.append(float(tf.sqrt(tf.reduce_mean(tf.square(values)))))
    assert sizes[1] > 20 * sizes[0]
    assert AVSM(2, width=0.125).kernel_initializer == "glorot_uniform"


def test_a_momentum_of_64_pixels_has_32():
    network = AVSM(2, width=0.0625)
    assert network.momentum((tf.zeros([1, 64, 64, 1]),) * 2).shape == (1, 32, 32, 2)


def test_the_recursion_of_affine_maps():
    steps = [([[1.1, 0.2], [0.0, 0.9]], [0.1, -0.05]), ([[0.95, -0.1], [0.1, 1.02]], [-0.03, 0.02])]
    first, second = [tuple(tf.constant([each], tf.float64) for each in step) for step in steps]
    for order, matrix, translation in (
        ("left", [[1.045, 0.1], [0.11, 0.938]], [0.07, -0.021]),
        ("right", [[1.065, 0.094], [0.09, 0.918]], [0.071, -0.032]),
    ):
        found = joined(first, second, order)
        np.testing.assert_allclose(found[0][0], matrix, atol=1e-12)
        np.testing.assert_allclose(found[1][0], translation, atol=1e-12)


@ranks
def test_affine_maps_hold_at_any_image_size(rank, rng):
    network = AVSM(rank, **SMALL)
    bias = np.zeros(rank * (rank + 1), "float32")
    bias[0], bias[rank**2] = 0.1, 0.2
    network.named_variables()["affine/parameters/bias"].assign(bias)
    network.start_stage("affine", steps=1)
    for size in ((16,) * rank, (32, 16, 16)[:rank]):
        field = network(pair(rng, size), training=True)["flow_field"].numpy()
        half = (size[0] - 1) / 2
        expected = 0.1 * (np.arange(size[0]) - half) + 0.2 * half
        along = field[0].reshape(size[0], -1, rank)
        np.testing.assert_allclose(along[:, 0, 0], expected, atol=1e-5)
        np.testing.assert_array_equal(along[..., 1:], 0)


def test_every_affine_step_sees_the_original_image_warped_by_the_map_so_far(rng):
    network = with_motion(AVSM(2, **SMALL))
    fixed, moving = pair(rng, (16, 16))
    once = network.affine((fixed, moving), steps=1)
    field = geometry.affine_flow_field(*geometry.normalized_to_pixels(*once, (16, 16)), (16, 16))
    again = network.affine((fixed, geometry.warp_image(moving, field)), steps=1)
    for found, expected in zip(network.affine((fixed, moving), steps=2), geometry.compose_affine(again, once)):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.abs(again[0] - once[0]).max() > 1e-5


@pytest.mark.parametrize("integrator", ["squaring", "advection"])
def test_no_momentum_leaves_the_field_as_it_is(integrator, rng):
    field = rng.normal(size=(1, 8, 6, 2)).astype("float32")
    np.testing.assert_array_equal(integrated(field, np.zeros_like(field), integrator, 3), field)
    # On its way to the coarser grid and back an affine field is kept.
    affine = geometry.affine_flow_field(tf.constant([[[1.1, 0.2], [-0.1, 0.9]]]), tf.constant([[1.0, -2.0]]), (16, 12))
    np.testing.assert_allclose(carried(affine, tf.zeros([1, 8, 6, 2]), integrator, 3), affine, atol=1e-5)


@ranks
def test_both_integrators_carry_the_map_alike(rank, rng):
    noise = rng.normal(size=(1, *(16,) * rank, rank)).astype("float32")
    velocity = geometry.multi_gaussian_smoothing(noise, (0.15,), (1.0,))
    velocity *= 0.05 / tf.reduce_max(tf.abs(velocity))
    field = tf.zeros([1, *(32,) * rank, rank])
    fields = [carried(field, velocity, *settings) for settings in (("squaring", 7), ("advection", 10))]
    inside = (0, *(slice(6, -6),) * rank)
    np.testing.assert_allclose(fields[0][inside], fields[1][inside], atol=0.05)
    # A velocity of a twentieth of the side moves by 1.5 pixels.
    assert 1 < np.abs(fields[0][inside]).max() < 1.6


@ranks
def test_a_constant_momentum_shifts_the_image_against_it(rank, rng):
    network = AVSM(rank, **SMALL)
    shift = np.array([0.05, -0.02, 0.0])[:rank]
    network.named_variables()["momentum/last/bias"].assign(shift)
    field = network(pair(rng, (16,) * rank))["flow_field"]
    np.testing.assert_allclose(field, np.broadcast_to(-2 * 15 * shift, field.shape), atol=1e-5)


def test_every_step_of_momenta_sees_the_image_warped_by_the_field_so_far(rng):
    network = with_motion(AVSM(2, **SMALL))
    fixed, moving = pair(rng, (16, 16))
    stage = network((fixed, moving))["stage"]
    warped = geometry.warp_image(moving, stage["flow_fields"][0])
    np.testing.assert_allclose(stage["momenta"][1], network.momentum((fixed, warped)), atol=1e-6)
    expected = carried(stage["flow_fields"][0], stage["velocities"][1], "squaring", 7)
    np.testing.assert_allclose(stage["flow_fields"][1], expected, atol=1e-6)
    assert np.abs(stage["flow_fields"][1] - stage["flow_fields"][0]).max() > 1e-3


def test_exchanged_images_exchange_the_directions(rng):
    network = with_motion(AVSM(2, **SMALL))
    fixed, moving = pair(rng, (16, 16))
    network.compile(loss=AVSMLoss("mse"))
    forth, back = (network(images, training=True)["stage"] for images in ((fixed, moving), (moving, fixed)))
    for key in ("matrix", "translation", "registered"):
        np.testing.assert_allclose(forth["reverse"][key], back[key], atol=1e-6)
        assert np.abs(forth["reverse"][key] - forth[key]).max() > 1e-4
    # Whichever comes first, and in tests as in training.
    values = [float(network.compute_loss((fixed, moving), None, network((fixed, moving), training=way))) for way in (0, 1)]
    values.append(float(network.compute_loss((moving, fixed), None, network((moving, fixed), training=True))))
    # What is left of forth and back is measured on one of the two grids.
    assert values[0] == pytest.approx(values[1], rel=1e-5) == pytest.approx(values[2], rel=0.1)
    # Without that loss one direction is enough.
    network.compile(loss=UnsupervisedLoss())
    assert "reverse" not in network((fixed, moving), training=True)["stage"]


def test_the_weight_of_the_affine_regularization():
    for epoch, weight in ((0, 8.0), (1, 7.570), (5, 5.340), (10, 2.472), (20, 0.262), (30, 0.0221)):
        assert float(affine_weight(epoch)) == pytest.approx(weight, rel=2e-3)
    assert float(affine_weight(1e6)) == pytest.approx(0, abs=1e-30)


def affine_stage(matrix, translation, **more):
    images = {"fixed": tf.zeros([1, 8, 8, 1]), "registered": tf.zeros([1, 8, 8, 1])}
    return {**images, "matrix": tf.constant([matrix]), "translation": tf.constant([translation]), **more}


def test_the_loss_of_affine_maps():
    scaled = affine_stage([[1.1, 0.0], [0.0, 1.1]], [0.0, 0.0])
    stage = {**scaled, "reverse": scaled, "updates": tf.constant(10.0)}
    deviation = 2 * 0.02
    assert float(AVSMLoss("mse", symmetry=0.0)(None, {"stage": stage})) == pytest.approx(8.0 * deviation, rel=1e-4)
    assert float(AVSMLoss("mse")(None, {"stage": stage})) == pytest.approx(8.0 * deviation + 0.882, rel=1e-4)
    # A tenth of the updates is epoch 20.
    found = float(AVSMLoss("mse", updates=100)(None, {"stage": stage}))
    assert found == pytest.approx(0.262 * deviation + 0.882, rel=1e-3)


def test_the_loss_of_momenta():
    constant = np.broadcast_to([0.05, -0.02], (1, 8, 8, 2)).astype("float32")
    shift = np.broadcast_to([3.0, 1.5], (1, 16, 16, 2)).astype("float32")
    images = {"fixed": tf.zeros([1, 16, 16, 1]), "registered": tf.zeros([1, 16, 16, 1])}

    def stage(field, momentum):
        maps = {"matrix": tf.eye(2)[None], "translation": tf.zeros([1, 2]), "registered_images": [images["registered"]] * 2}
        return {**images, **maps, "momenta": [momentum] * 2, "velocities": [momentum] * 2, "flow_fields": [field] * 2}

    def loss(forward, backward, momentum=0 * constant):
        return float(AVSMLoss("mse")(None, {"stage": {**stage(forward, momentum), "reverse": stage(backward, momentum)}}))

    assert loss(shift, -shift) == pytest.approx(0, abs=1e-6)
    # Two steps, four times the square of a fifth and of a tenth of the side.
    assert loss(shift, shift) == pytest.approx(2 * 294.912 * 4 * (0.2**2 + 0.1**2), rel=1e-5)
    assert loss(shift, -shift, constant) == pytest.approx(2 * 2 * 0.029, rel=1e-5)


def test_what_the_loss_needs_is_named(rng):
    network = AVSM(2, **SMALL)
    with pytest.raises(ValueError, match="AVSMLoss needs 'reverse' in the outputs of the network"):
        AVSMLoss()(None, network(pair(rng, (16, 16))))
    with pytest.raises(ValueError, match="AVSMLoss needs 'stage'"):
        AVSMLoss()(None, {"flow_field": tf.zeros([1, 16, 16, 2])})
    loss = AVSMLoss("lncc", 2.0, 0.5, updates=7)
    again = tf.keras.utils.deserialize_keras_object(tf.keras.utils.serialize_keras_object(loss))
    assert again.get_config() == loss.get_config() and again.updates == 7


@pytest.mark.parametrize("name", ["affine", "momentum"])
def test_training_a_stage_leaves_the_other_bit_identical_and_brings_the_images_together(name, untraced):
    network = AVSM(2, affine_size=16, width=0.125, affine_steps=1, momentum_steps=2, integration_steps=2)
    distance = tf.norm(geometry.identity_grid((16, 16)) - [7.0, 8.0], axis=-1)
    fixed = tf.exp(-0.05 * tf.square(distance))[None, ..., None]
    images = (fixed, tf.roll(fixed, 2, axis=1))
    for path, variable in network.named_variables().items():
        if path.startswith("affine/features") and path.endswith("kernel"):
            # So few channels leave little of an image; the published numbers need no help.
            variable.assign(2.0 * variable)
    before = {path: np.array(variable) for path, variable in network.named_variables().items()}
    network.start_stage(name, steps=1)
    network.compile(tf.keras.optimizers.Adam(1e-3), AVSMLoss("ncc", updates=1), run_eagerly=True)
    history = network.fit(tf.data.Dataset.from_tensors((images,)), epochs=12, verbose=0).history["loss"]
    assert history[-1] < history[0]
    for path, variable in network.named_variables().items():
        assert np.any(np.array(variable) != before[path]) == path.startswith(name), path
    outputs = network(images)
    # In tests the momentum network takes its own number of steps.
    assert outputs["displacement_fields"][0].shape[1] == (1 if name == "affine" else 3)
    start, end = (losses.global_correlation(fixed, each) for each in (images[1], outputs["registered_images"][0]))
    assert tf.reduce_mean(start) + 0.02 < tf.reduce_mean(end)
    with pytest.raises(ValueError, match="`name` must be one of affine, momentum. Received: name='all'"):
        network.start_stage("all")


def test_an_observer_measures_and_draws(rng):
    network = with_motion(AVSM(2, **SMALL))
    network.compile(loss=AVSMLoss("mse"))
    images = pair(rng, (16, 16))
    outputs = network.completed(images, network(images))
    scalars = network.observer().scalars(FrozenBatch(*images, None), outputs)
    assert scalars["8 training/gradient norm"] > 0
    assert scalars["7 affine map/determinant"] == pytest.approx(float(tf.reduce_mean(tf.linalg.det(outputs["stage"]["matrix"]))))
    length = 100 * np.linalg.norm(outputs["stage"]["velocities"][1], axis=-1).mean()
    assert scalars["7 mean length (% of the side)/velocity 1"] == pytest.approx(length, rel=1e-5)
    tags = [tag for tag, pixels in network.observer().pictures(outputs, epoch=3) if pixels.dtype == np.uint8]
    assert tags == ["D velocity/step 0", "D velocity/step 1"]
    network.start_stage("affine")
    assert not list(network.observer().pictures(network.completed(images, network(images)), epoch=3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"affine_size": 40}, "the affine network's side must be a multiple of 16"),
        ({"deviations": (0.1,), "gaussian_weights": (0.5, 0.5)}, "there must be one weight per deviation"),
        ({"native_side": 40}, "the native side must be a multiple of 16"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"{message}.*Received: affine_size="):
        AVSM(2, **arguments)
    with pytest.raises(ConfigError, match=f"'model': {message}.*Received: model.affine_size="):
        settings_class("avsm")(**arguments).check(2)
