import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.datasets import ChessboardPairs
from dirv_tf.losses import DisplacementLoss
from dirv_tf.models import DIRVNet, load_pretrained
from experiments.benchmark.textbook_network import TextbookNetwork, gather_force, interpolate


@pytest.fixture
def double_precision():
    """Rounding would carry single samples across the kinks of warp and potentials, where gradients jump."""
    tf.keras.mixed_precision.set_global_policy("float64")
    yield
    tf.keras.mixed_precision.set_global_policy("float32")


@pytest.fixture(params=["shipped", "free"])
def same_networks(request, double_precision):
    """A trained network, and one of free potentials whose knots all count; each with its textbook."""
    if request.param == "shipped":
        network = load_pretrained("A-6")
        assert network.dtype == "float64"
    else:
        network = DIRVNet(rank=2, units=3, experts=4, kernel_sizes=(7, 5), knots=8, centered=False)
        for index, (path, variable) in enumerate(network.named_variables().items()):
            start = tf.random.stateless_normal(variable.shape, [index, 1], dtype=tf.float64)
            variable.assign(0.1 * tf.ones_like(start) if path.endswith("step_size") else 0.2 * start)
    arguments = network.get_config()
    arguments.pop("name")
    textbook = TextbookNetwork(**arguments)
    textbook.set_weights(network.get_weights())
    return network, textbook


def outputs_and_gradients(network, images, flow_field):
    with tf.GradientTape() as tape:
        outputs = network(images)
        loss = DisplacementLoss()(flow_field, outputs)
    return outputs, tape.gradient(loss, network.trainable_variables)


def assert_close(actual, expected):
    largest = np.abs(expected.numpy()).max()
    np.testing.assert_allclose(actual.numpy(), expected.numpy(), rtol=0, atol=1e-7 * largest + 1e-12)
    return largest


def test_the_textbook_is_the_same_function_with_the_same_gradients(same_networks):
    network, textbook = same_networks
    images, flow_field = ChessboardPairs((32, 40), count=2, batch_size=2).frozen_batch()
    images, flow_field = [tf.cast(image, tf.float64) for image in images], tf.cast(flow_field, tf.float64)
    outputs, gradients = outputs_and_gradients(network, images, flow_field)
    same_outputs, same_gradients = outputs_and_gradients(textbook, images, flow_field)
    assert np.abs(outputs["flow_field"].numpy()).max() > 0.5
    assert set(outputs) == set(same_outputs)
    for key, value in outputs.items():
        for expected, actual in zip(tf.nest.flatten(value), tf.nest.flatten(same_outputs[key])):
            assert_close(actual, expected)
    assert len(gradients) == len(same_gradients) == len(network.trainable_variables)
    largest = [assert_close(actual, expected) for expected, actual in zip(gradients, same_gradients)]
    # The first unit's regularizer sees a zero field: its two gradients vanish where the potentials are centered.
    assert np.count_nonzero(np.array(largest) > 1e-6) >= len(largest) - 2


def test_interpolation_and_force_take_one_spacing_per_axis():
    field = tf.random.stateless_normal([1, 3, 4, 2], [1, 1], dtype=tf.float64)
    force = tf.random.stateless_normal([1, 6, 20, 2], [2, 1], dtype=tf.float64)
    assert_close(interpolate(field, (2, 5)), geometry.interpolate_control_points(field, (2, 5)))
    assert_close(gather_force(force, (2, 5)), geometry.control_point_force(force, (2, 5)))


@pytest.mark.parametrize("settings", [{"rank": 3}, {"levels": 2}])
def test_other_networks_are_refused(settings):
    with pytest.raises(ValueError, match="Expected a 2D network of one level"):
        TextbookNetwork(**settings, units=1, experts=2)
