"""One level of an RWCNet: its steps, what teaches its features, how far it looks."""

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.models.rwcnet.group_normalization import GroupNormalization
from dirv_tf.models.rwcnet.recurrent_level import RecurrentLevel

SMALL = {"features": 4, "hidden": 4, "blocks": (1,), "flow_kernel": 3}


@pytest.fixture(autouse=True)
def the_same_weights():
    tf.keras.utils.set_random_seed(2)


@pytest.fixture
def plain_operations():
    """No program is compiled for the sizes of a test, which takes longer than the test."""
    with geometry.for_any_shape():
        yield


def pair(rng, size, batch=1):
    return tuple(tf.constant(rng.random((batch, *size, 1)).astype("float32")) for _ in range(2))


def small_level(steps=1, radius=1, **arguments):
    every = {
        "rank": 2,
        "steps": steps,
        "radius": radius,
        "measure": "dot",
        "cost_gradient": True,
        "dropout": 0.0,
        "zero_start": False,
        "dtype": None,
        **SMALL,
        **arguments,
    }
    level = RecurrentLevel(**every)
    level.build()
    return level


def test_a_step_twice_is_two_steps(plain_operations, rng):
    level = small_level(steps=2)
    fixed, moving = pair(rng, (12, 10), batch=2)
    carried = tf.constant(rng.normal(size=(2, 12, 10, 4)).astype("float32"))
    features = level.features_of(fixed, moving)
    first_field, first = level.step(features, tf.zeros([2, 12, 10, 2]), level.first_state(moving, carried))
    second_field, second = level.step(features, first_field, first)
    field, hidden, lengths = level((fixed, moving, carried))
    np.testing.assert_allclose(field, second_field, atol=1e-5)
    np.testing.assert_allclose(hidden, second, atol=1e-5)
    steps = [np.linalg.norm(each, axis=-1).mean(axis=(1, 2)) for each in (first_field, second_field - first_field)]
    np.testing.assert_allclose(lengths, np.stack(steps, axis=-1), rtol=1e-4)
    assert np.abs(second_field - first_field).max() > 1e-3


@pytest.mark.parametrize("cost_gradient", [True, False])
def test_the_features_learn_from_the_costs(cost_gradient, rng):
    """With the features taken out of what the recurrent unit sees, the costs alone teach them."""
    level = small_level(cost_gradient=cost_gradient)
    hidden, motion = level.gru.hidden, 16
    for layer in (level.gru.update, level.gru.reset, level.gru.candidate):
        kernel = np.array(layer.kernel)
        kernel[:, :, hidden + motion :] = 0
        layer.kernel.assign(kernel)
    fixed, moving = pair(rng, (8, 8))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(level((fixed, moving))[0]))
    gradients = tape.gradient(loss, level.features.trainable_weights, unconnected_gradients="zero")
    assert (float(tf.linalg.global_norm(gradients)) > 1e-9) == cost_gradient


def test_how_far_the_first_look_up_reaches(plain_operations, rng):
    """A feature of one pixel is seen as far as the radius, and the kernels behind the costs."""
    level = small_level(radius=3)
    hidden, zeros = tf.zeros([1, 33, 33, 4]), tf.zeros([1, 33, 33, 2])
    fixed = tf.ones([1, 33, 33, 4])
    # Not through the unit, which sees the features of the moving image as they are.
    for layer in (level.gru.update, level.gru.reset, level.gru.candidate):
        kernel = np.array(layer.kernel)
        kernel[:, :, 4 + 16 :] = 0
        layer.kernel.assign(kernel)
    spot = np.zeros((1, 33, 33, 4), "float32")
    spot[0, 16, 16] = 1
    fields = [level.step((fixed, tf.constant(moving)), zeros, hidden)[0].numpy() for moving in (0 * spot, spot)]
    rows = np.argwhere(np.abs(fields[1] - fields[0]).max(axis=(0, 2, 3)) > 1e-9)[:, 0]
    # Two convolutions behind the costs, one of the unit (nothing is reset in a state of zeros), two of the head.
    assert 16 - rows.min() == rows.max() - 16 == 3 + 5


@pytest.mark.parametrize("policy", ["float32", "float64", "mixed_bfloat16"])
def test_groups_are_normalized_as_by_keras(rng, policy):
    ours, own = GroupNormalization(4, dtype=policy), tf.keras.layers.GroupNormalization(4, dtype=policy)
    weights = [rng.normal(size=8), rng.normal(size=8)]
    for layer in (ours, own):
        layer.build((None, None, None, 8))
        layer.set_weights(weights)
    values = tf.cast(3 + 2 * rng.normal(size=(2, 5, 6, 8)), ours.compute_dtype)
    assert ours(values).dtype == own(values).dtype == values.dtype
    # Keras 2 computes in bfloat16, which has eight bits.
    tolerance = {"float32": 1e-5, "float64": 1e-12, "mixed_bfloat16": 0.1}[policy]
    np.testing.assert_allclose(tf.cast(ours(values), "float64"), tf.cast(own(values), "float64"), atol=tolerance)
    assert type(ours).from_config(ours.get_config()).get_config() == ours.get_config()
