import json

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.losses import UnsupervisedLoss
from dirv_tf.losses.unsupervised import roughness
from dirv_tf.models import VoxelMorph
from dirv_tf.models.registry import settings_class
from dirv_tf.models.weight_files import load_weights_file, save_weights_file
from dirv_tf.validation import ConfigError

SMALL = {"encoder": (6, 8), "decoder": (8, 6), "last": (6,)}


@pytest.fixture(autouse=True)
def the_same_weights():
    tf.keras.utils.set_random_seed(2)



def with_a_field(network, scale=1e5):
    """The network with a field that is seen: the last layer starts near zero."""
    kernel = network.named_variables()["field_layer/kernel"]
    kernel.assign(scale * kernel)
    return network


def pair(rng, size, batch=1):
    # Smooth, as images are.
    images = [geometry.binomial_smoothing(rng.random((batch, *size, 1)).astype("float32"), 3) for _ in range(2)]
    return tuple(images)


@pytest.mark.parametrize(("rank", "published"), [(2, 109_170), (3, 327_331)])
def test_the_default_has_the_parameters_of_the_published_package(rank, published):
    assert VoxelMorph(rank).count_params() == published == settings_class("voxelmorph")().parameters(rank)


@pytest.mark.parametrize("rank", [2, 3])
def test_a_pair_is_left_alone_before_the_training(rank, rng):
    network = VoxelMorph(rank, **SMALL)
    fixed, moving = pair(rng, (16,) * rank)
    outputs = network((fixed, moving))
    assert np.abs(outputs["flow_field"]).max() < 1e-3
    np.testing.assert_allclose(outputs["registered_images"][0], moving, atol=1e-3)


def test_the_same_network_as_a_functional_model(rng):
    """The U-Net written down once more, with Keras's functional interface and the weights of the first."""
    network = VoxelMorph(2)
    weights = {name: np.array(variable) for name, variable in network.named_variables().items()}

    def convolve(values, name, activation=True):
        values = tf.nn.conv2d(values, weights[f"{name}/kernel"], 1, "SAME") + weights[f"{name}/bias"]
        return tf.maximum(values, 0.2 * values) if activation else values

    fixed, moving = pair(rng, (32, 48))
    values, skipped = tf.concat([moving, fixed], -1), []
    for level in range(4):
        values = convolve(values, f"encoder_layers/{level}")
        skipped.append(values)
        values = tf.nn.max_pool2d(values, 2, 2, "VALID")
    for level in range(4):
        values = convolve(values, f"decoder_layers/{level}")
        values = tf.concat([tf.repeat(tf.repeat(values, 2, 1), 2, 2), skipped[3 - level]], -1)
    for level in range(3):
        values = convolve(values, f"last_layers/{level}")
    expected = convolve(values, "field_layer", activation=False)
    np.testing.assert_allclose(network((fixed, moving))["flow_field"], expected, atol=1e-9)


def test_the_integrated_field_is_invertible_where_the_plain_one_folds(rng):
    plain = with_a_field(VoxelMorph(2, **SMALL), scale=1e6)
    fixed, moving = pair(rng, (32, 32))
    velocity = plain((fixed, moving))["flow_field"]
    # Of a few pixels, changing over a few pixels.
    scale = float(8 / tf.reduce_max(tf.abs(velocity)))
    kernel, bias = (plain.named_variables()[f"field_layer/{name}"] for name in ("kernel", "bias"))
    kernel.assign(scale * kernel)
    bias.assign(scale * bias)
    integrated = VoxelMorph(2, **SMALL, squarings=7)
    integrated.set_weights(plain.get_weights())
    fields = [network((fixed, moving))["flow_field"] for network in (plain, integrated)]
    np.testing.assert_allclose(fields[1], geometry.exponential(fields[0], 7), atol=1e-5)
    folded = [float(tf.reduce_mean(tf.cast(geometry.jacobian_determinant(field) <= 0, tf.float32))) for field in fields]
    assert folded[0] > 0.01 and folded[1] < folded[0] / 4


def test_half_the_scale_integrates_on_every_second_pixel(rng):
    half = with_a_field(VoxelMorph(2, **SMALL, squarings=3, field_scale=2))
    outputs = half(pair(rng, (16, 24)))
    velocity = outputs["stage"]["field"]
    assert velocity.shape == (1, 8, 12, 2)
    expected = geometry.upsample_displacement_field(geometry.exponential(velocity, 3), "linear")
    np.testing.assert_allclose(outputs["flow_field"], expected, atol=1e-6)
    assert np.abs(expected).max() > 1e-2


def test_a_decoder_that_is_one_shorter_finds_the_field_at_half_the_size(rng):
    shorter = {**SMALL, "decoder": (8,), "field_scale": 2}
    network = with_a_field(VoxelMorph(2, **shorter, squarings=3))
    weights = {name: np.array(variable) for name, variable in network.named_variables().items()}
    fixed, moving = pair(rng, (16, 24))
    outputs = network((fixed, moving))
    velocity = outputs["stage"]["field"]
    assert velocity.shape == (1, 8, 12, 2)
    expected = geometry.upsample_displacement_field(geometry.exponential(velocity, 3), "linear")
    np.testing.assert_allclose(outputs["flow_field"], expected, atol=1e-6)
    assert np.abs(expected).max() > 1e-2

    def convolve(values, name):
        return tf.nn.conv2d(values, weights[f"{name}/kernel"], 1, "SAME") + weights[f"{name}/bias"]

    values = tf.concat([moving, fixed], -1)
    for level in range(2):
        fine = tf.nn.leaky_relu(convolve(values, f"encoder_layers/{level}"), 0.2)
        values = tf.nn.max_pool2d(fine, 2, 2, "VALID")
    values = tf.nn.leaky_relu(convolve(values, "decoder_layers/0"), 0.2)
    values = tf.concat([tf.repeat(tf.repeat(values, 2, 1), 2, 2), fine], -1)
    values = tf.nn.leaky_relu(convolve(values, "last_layers/0"), 0.2)
    np.testing.assert_allclose(velocity, convolve(values, "field_layer"), rtol=1e-4, atol=1e-6)
    settings = settings_class("voxelmorph")(**shorter)
    settings.check(2)
    assert settings.parameters(2) == network.count_params()
    assert settings.work(2, 100) < settings_class("voxelmorph")(**{**SMALL, "field_scale": 2}).work(2, 100) / 2


@pytest.mark.parametrize("changes", [{"field_scale": 1}, {"field_scale": 2}, {"field_scale": 2, "decoder": (8,)}, {"features": "self_similarity"}])
def test_a_tile_with_its_halo_gives_the_field_of_the_whole_image(changes, rng):
    network = with_a_field(VoxelMorph(2, **{**SMALL, **changes}))
    (halo, _), step = network.halo, network.size_multiples[0]
    assert halo % step == 0
    side = 2 * halo + 4 * step
    fixed, moving = pair(rng, (side, side))
    whole = network((fixed, moving))["flow_field"]
    start = step
    tile = network(tuple(image[:, start:] for image in (fixed, moving)))["flow_field"]
    np.testing.assert_allclose(tile[:, halo:], whole[:, start + halo :], atol=1e-6)
    # A halo that is needed: just inside the cut the field is another one.
    assert np.abs(tile[:, : halo // 4] - whole[:, start : start + halo // 4]).max() > 1e-4


def test_widths_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"one less with .* of 2. Received: encoder=\(4, 4\), decoder=\(4,\), field_scale=1"):
        VoxelMorph(2, encoder=(4, 4), decoder=(4,))
    with pytest.raises(ValueError, match=r"equally many numbers, .*encoder=\(4, 4, 4\), decoder=\(4,\), field_scale=2"):
        VoxelMorph(2, encoder=(4, 4, 4), decoder=(4,), field_scale=2)
    with pytest.raises(ConfigError, match="'model.encoder' and 'model.decoder' must hold equally many"):
        settings_class("voxelmorph")(encoder=(4, 4), decoder=(4,)).check(2)
    with pytest.raises(ConfigError, match="'model.spacing' must be one number or one number per image axis"):
        settings_class("voxelmorph")(spacing=(4, 4)).check(3)


@pytest.mark.parametrize("rank", [2, 3])
def test_two_passes_are_the_network_applied_to_what_it_registered_and_both_fields_composed(rank, rng):
    once = with_a_field(VoxelMorph(rank, **SMALL, squarings=4, field_scale=2))
    twice = VoxelMorph(rank, **SMALL, squarings=4, field_scale=2, passes=2)
    twice.set_weights(once.get_weights())
    fixed, moving = pair(rng, (16,) * rank, batch=2)
    first = once((fixed, moving))
    second = once((fixed, first["registered_images"][0]))
    composed = geometry.compose(first["flow_field"], second["flow_field"])
    outputs = twice((fixed, moving))
    assert np.abs(composed - first["flow_field"]).max() > 0.1
    np.testing.assert_allclose(outputs["flow_field"], composed, atol=1e-5)
    np.testing.assert_allclose(outputs["registered_images"][0], geometry.warp_image(moving, composed), atol=1e-5)
    # The smoothness of a batch is that of all passes.
    alone = [roughness(each["stage"]["field"], "diffusion") for each in (first, second)]
    with_it, without_it = (UnsupervisedLoss("mse", weight=weight)(None, outputs) for weight in (1.0, 0.0))
    np.testing.assert_allclose(with_it - without_it, np.mean(alone), rtol=1e-4)


def test_every_pass_sees_as_far_again():
    once, twice = (VoxelMorph(2, passes=passes).halo for passes in (1, 2))
    assert once == (80, 80) and twice == (160, 160)


def test_cards_of_before_there_were_passes_are_of_one(tmp_path):
    network = VoxelMorph(2, **SMALL)
    save_weights_file(network, tmp_path / "weights.npz")
    card = json.loads((tmp_path / "weights.json").read_text())
    assert card["model"].pop("passes") == 1 and card["model"].pop("features") == "intensities"
    (tmp_path / "weights.json").write_text(json.dumps(card))
    loaded = load_weights_file(tmp_path)
    assert (loaded.passes, loaded.features) == (1, "intensities")


@pytest.mark.parametrize(("rank", "size"), [(2, (24, 16)), (3, (12, 8, 16))])
def test_on_self_similarity_no_contrast_changes_the_field(rank, size, rng):
    arguments = {**SMALL, "passes": 2, "squarings": 4, "field_scale": 2}
    blind = with_a_field(VoxelMorph(rank, **arguments, features="self_similarity"))
    assert blind.count_params() == settings_class("voxelmorph")(**SMALL, features="self_similarity").parameters(rank)
    fixed, moving = pair(rng, size)
    field = blind((fixed, moving))["flow_field"]
    longest = np.abs(field).max()
    assert longest > 0.1
    for changed in (1 - moving, 0.2 + 0.5 * moving):
        np.testing.assert_allclose(blind((fixed, changed))["flow_field"], field, atol=1e-3 * longest)
    seeing = with_a_field(VoxelMorph(rank, **arguments))
    fields = [seeing((fixed, image))["flow_field"] for image in (moving, 1 - moving)]
    assert np.abs(np.subtract(*fields)).max() > 0.1 * np.abs(fields[0]).max()


def test_features_are_those_of_a_list():
    with pytest.raises(ValueError, match="`features` must be one of .*self_similarity. Received: features='edges'"):
        VoxelMorph(2, features="edges")
