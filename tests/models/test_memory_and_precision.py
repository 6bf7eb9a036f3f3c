"""The ways to compute with less time or memory give the same network."""

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.losses import DisplacementLoss
from dirv_tf.models import DIRVNet, load_pretrained
from dirv_tf.models.weight_files import load_weights_file, read_card, save_weights_file
from dirv_tf.registration import register
from dirv_tf.synthesis import chessboard_images

SMALL = {"units": 2, "levels": 1, "experts": 2, "kernel_sizes": 3, "knots": 6}


def batch(rank, rng, pairs=2):
    size = (8, 12, 8)[:rank]
    fixed, moving = rng.random((2, pairs, *size, 1)).astype("float32")
    return (tf.constant(fixed), tf.constant(moving)), tf.constant(rng.normal(size=(pairs, *size, rank)), tf.float32)


def alike(model, **arguments):
    other = DIRVNet(**{**model.get_config(), **arguments})
    other.set_weights(model.get_weights())
    return other


def loss_gradients(model, images, flow_field):
    variables = [getattr(v, "value", v) if hasattr(v, "path") else v for v in model.trainable_variables]

    @tf.function
    def gradients():
        with tf.GradientTape() as tape:
            loss = DisplacementLoss()(flow_field, model(images))
        return tape.gradient(loss, variables)

    return gradients()


@pytest.mark.parametrize("rank", [2, 3])
def test_checkpointed_units_have_the_same_gradients(rank, rng, request):
    # In a graph of images; of volumes as they are written.
    if rank == 3:
        request.getfixturevalue("untraced")
    images, flow_field = batch(rank, rng)
    model = DIRVNet(rank, **{**SMALL, "units": {2: 1, 3: 2}[rank]})
    checkpointed = alike(model, checkpoint_units=True)
    assert checkpointed.get_config()["checkpoint_units"] and not model.get_config()["checkpoint_units"]
    expected = loss_gradients(model, images, flow_field)
    assert any(np.abs(gradient).max() > 1e-3 for gradient in expected)
    for gradient, other in zip(expected, loss_gradients(checkpointed, images, flow_field)):
        np.testing.assert_allclose(other, gradient, rtol=1e-6, atol=1e-6 * np.abs(gradient).max())


def test_a_trained_network_in_16_bits_finds_nearly_the_same_fields(as_written):
    """The tolerance that is promised: 0.02 pixels on average, where fields are 1.4 pixels long."""
    model = load_pretrained("A-6")
    mixed = alike(model, dtype="mixed_bfloat16")
    fixed = chessboard_images((64, 64), 7, tf.range(2))
    moving = tf.roll(fixed, 2, axis=1)
    expected, flow_field = (as_written(network, (fixed, moving))["flow_field"] for network in (model, mixed))
    assert flow_field.dtype == tf.float32 and np.abs(expected).max() > 1
    difference = np.linalg.norm(flow_field - expected, axis=-1)
    assert 0 < difference.mean() < 0.02
    # An identical pair stays exactly as it is.
    assert np.all(as_written(mixed, (fixed, fixed))["flow_field"] == 0)
    result = register(fixed[0, ..., 0].numpy(), moving[0, ..., 0].numpy(), model=mixed)
    np.testing.assert_allclose(result.flow_field, flow_field[0], atol=0.05)


@pytest.mark.parametrize("rank", [2, 3])
def test_training_in_16_bits_with_checkpoints_lowers_the_loss_of_float32_variables(rank, rng, tmp_path, request):
    # In a graph of images; of volumes as they are written.
    if rank == 3:
        request.getfixturevalue("untraced")
    images, _ = batch(rank, rng)
    flow_field = tf.ones_like(batch(rank, rng)[1])
    model = DIRVNet(rank, **{**SMALL, "units": 1}, dtype="mixed_bfloat16", checkpoint_units=True)
    assert {tf.as_dtype(variable.dtype) for variable in model.variables} == {tf.float32}
    model.compile(tf.keras.optimizers.Adam(5e-3), DisplacementLoss(), run_eagerly=rank == 3)
    history = model.fit(tf.data.Dataset.from_tensors((images, flow_field)).repeat(4), epochs=2, verbose=0).history
    assert history["loss"][1] < history["loss"][0]

    model.save(tmp_path / "model.keras")
    loaded = tf.keras.models.load_model(tmp_path / "model.keras")
    assert loaded.get_config() == model.get_config() and loaded.get_config()["dtype"] == "mixed_bfloat16"
    np.testing.assert_array_equal(loaded(images)["flow_field"], model(images)["flow_field"])


def test_weight_files_say_nothing_of_the_arithmetic(tmp_path):
    save_weights_file(DIRVNet(2, **SMALL, dtype="mixed_bfloat16", checkpoint_units=True), tmp_path)
    assert not {"dtype", "checkpoint_units"} & set(read_card(tmp_path)["model"])
    config = load_weights_file(tmp_path).get_config()
    assert config["dtype"] == "float32" and not config["checkpoint_units"]
