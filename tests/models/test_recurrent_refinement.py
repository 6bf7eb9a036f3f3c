from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.models import DIRVNet, RecurrentRefinement, recurrent_refinement

SIZES = {2: (13, 16), 3: (8, 9, 12)}
SLOPES = {2: 0.4, 3: 0.2}


@tf.keras.utils.register_keras_serializable(package="tests")
class HalfWay(tf.keras.Model):
    """Knows by which field each of its images was shifted, and goes a part of the way each time it is asked."""

    size_multiples = (4, 4)

    def __init__(self, shifts, parts):
        super().__init__()
        self.shifts, self.parts, self.asked, self.batches = shifts, parts, 0, []

    def call(self, inputs):
        fixed, _ = inputs
        # The fixed images are told apart by their last row, which shows their number.
        numbers = tf.cast(tf.round(100 * fixed[:, -1, -1, 0]), tf.int32)
        self.batches.append(int(fixed.shape[0]))
        part = np.asarray(self.parts[min(self.asked, len(self.parts) - 1)], np.float32)
        self.asked += 1
        step = tf.gather(tf.constant(self.shifts, tf.float32) * part, numbers)
        size = fixed.shape[1:-1]
        return {"flow_field": tf.tile(step[:, None, None, None], [1, *size, 2]) * tf.constant([1.0, 0.0])}


def shifted_pairs(shifts):
    """Ramps shifted along the first axis; the last row of the fixed images shows their number."""
    ramp = np.broadcast_to(np.linspace(0.2, 0.8, 16)[:, np.newaxis], (16, 12)).astype(np.float32)
    moving = np.stack([ramp] * len(shifts))[..., np.newaxis]
    fixed = moving + 0.04 * np.asarray(shifts, np.float32)[:, None, None, None]
    fixed[:, -1, :, 0] = 0.01 * np.arange(len(shifts))[:, np.newaxis]
    return tf.constant(fixed), tf.constant(moving)


@pytest.fixture
def small_network():
    """Without training a network that helps: with linear potentials and no regularizer, a unit descends."""

    def make(rank):
        random = np.random.default_rng(3)
        network = DIRVNet(rank, levels=1, units=1, experts=3, kernel_sizes=3, knots=8)
        for name, variable in network.named_variables().items():
            if name.endswith("/kernels"):
                variable.assign(random.normal(scale=0.25, size=variable.shape).astype(np.float32))
            elif name.endswith("/knots"):
                slope = SLOPES[rank] if "data_experts" in name else 0.0
                variable.assign(tf.broadcast_to(slope * tf.linspace(-1.0, 1.0, 8), variable.shape))
            else:
                variable.assign(tf.ones_like(variable))
        return network

    return make


def images(rank, batch=3):
    random = np.random.default_rng(rank)
    moving = random.random((batch, *SIZES[rank], 1)).astype(np.float32)
    moving = geometry.binomial_smoothing(moving)
    shift = np.zeros((batch, *SIZES[rank], rank), np.float32)
    shift[..., 0] = np.linspace(0, 0.8, batch).reshape(-1, *[1] * rank)
    return geometry.warp_image(moving, shift), moving


def l_int(fixed, image):
    return 255 * np.abs(np.asarray(image) - np.asarray(fixed)).mean(axis=tuple(range(1, np.ndim(fixed))))


@pytest.mark.parametrize("rank, graph", [(2, True), (3, False)])
def test_outputs_and_the_promise_that_nothing_gets_worse(small_network, rank, graph):
    fixed, moving = images(rank)
    refinement = RecurrentRefinement(small_network(rank), rounds=3)
    outputs = (tf.function(refinement) if graph else refinement)((fixed, moving))
    assert outputs["flow_field"].shape == (*fixed.shape[:-1], rank)
    np.testing.assert_allclose(
        outputs["registered"], geometry.warp_image(moving, outputs["flow_field"]), atol=1e-6
    )
    np.testing.assert_allclose(outputs["l_int"][:, 0], l_int(fixed, moving), rtol=1e-5)
    np.testing.assert_allclose(outputs["l_int"][:, 1], l_int(fixed, outputs["registered"]), rtol=1e-4)
    assert np.all(outputs["l_int"][:, 1] <= outputs["l_int"][:, 0])
    rounds = outputs["rounds"].numpy()
    assert rounds.dtype == np.int32 and rounds[0] == 0, "the first pair is identical"
    assert np.all(outputs["flow_field"][0] == 0)
    assert rounds.max() >= 1 and rounds.max() <= 3


@pytest.mark.parametrize("composed", [True, False])
def test_total_is_the_composition_of_the_rounds(small_network, composed):
    network = small_network(2)
    fixed, moving = images(2)
    fixed, moving = fixed[2:, :12], moving[2:, :12]
    outputs = RecurrentRefinement(network, rounds=2, composed=composed)((fixed, moving))
    assert outputs["rounds"].numpy() == [2], "the test needs two rounds that help"
    first = network((fixed, moving))["flow_field"]
    once = geometry.warp_image(moving, first)
    second = network((fixed, once))["flow_field"]
    total = geometry.compose(first, second)
    np.testing.assert_allclose(outputs["flow_field"], total, atol=1e-5)
    expected = geometry.warp_image(moving, total) if composed else geometry.warp_image(once, second)
    np.testing.assert_allclose(outputs["registered"], expected, atol=1e-5)


def test_every_image_stops_on_its_own_and_costs_nothing_afterwards():
    # Of each shift, the rounds find a half, then a quarter, then the wrong way: nothing for the image without a shift.
    network = HalfWay([1.0, 0.0, 2.0, 1.5, 0.0], [0.5, 0.25, -0.5])
    outputs = RecurrentRefinement(network, rounds=9)(shifted_pairs(network.shifts))
    np.testing.assert_array_equal(outputs["rounds"], [2, 0, 2, 2, 0])
    assert network.batches == [5, 4, 4], "three images filled up to four after the first round"
    np.testing.assert_allclose(outputs["flow_field"][:, 4, 4, 0], [0.75, 0, 1.5, 1.125, 0], atol=1e-6)


def test_a_batch_may_stop_by_its_mean():
    network = HalfWay([2.0, -0.1], [np.array([1.0, 20.0]), -1.0])
    pairs = shifted_pairs(network.shifts)
    alone = RecurrentRefinement(network)(pairs)
    np.testing.assert_array_equal(alone["rounds"], [1, 0])
    network.asked = 0
    together = RecurrentRefinement(network, per_image=False)(pairs)
    np.testing.assert_array_equal(together["rounds"], [1, 1])
    assert together["l_int"][1, 1] > together["l_int"][1, 0], "the second image pays for the first"
    assert np.mean(together["l_int"][:, 1]) < np.mean(together["l_int"][:, 0])


class Given(tf.keras.Model):
    """Shifts along the first axis by what it is told, one number after the other."""

    size_multiples = (4, 4)

    def __init__(self, shifts):
        super().__init__()
        self.shifts = iter(shifts)

    def call(self, inputs):
        size = inputs[0].shape[:-1]
        return {"flow_field": tf.fill([*size, 1], next(self.shifts)) * tf.constant([1.0, 0.0])}


def test_each_rule_keeps_the_rounds_that_lower_its_own_measure():
    # The moving image: dark above, a ramp below. The fixed one is brighter by 0.2 in the ramp's rows and as dark above.
    rows = np.concatenate([np.zeros(8), np.linspace(0.0, 0.7, 8)]).astype(np.float32)
    moving = np.broadcast_to(rows[:, np.newaxis], (1, 16, 12))[..., np.newaxis]
    fixed = moving + 0.2
    # Once shifted by two rows, the ramp meets 0.2 nearly everywhere, and what is dark still misses it.
    pair = tf.constant(fixed), tf.constant(moving)
    shifted = np.asarray(geometry.warp_image(pair[1], np.full((1, 16, 12, 2), (2.0, 0.0), np.float32)))
    means = [np.abs(image - fixed).mean() for image in (moving, shifted)]
    deviations = [(image - fixed).std() for image in (moving, shifted)]
    assert means[1] < means[0] and deviations[1] > deviations[0], "the two rules must disagree about this round"
    for rule, rounds in (("intensity_error", 1), ("standard_deviation", 0)):
        outputs = RecurrentRefinement(Given([2.0]), rounds=1, stop_rule=rule)(pair)
        assert outputs["rounds"].numpy() == [rounds], rule
        np.testing.assert_allclose(outputs["flow_field"][..., 0], 2.0 * rounds)
        np.testing.assert_allclose(outputs["l_int"][0], 255 * np.take(means, [0, rounds]), rtol=1e-5)


def test_the_standard_deviation_does_not_see_what_is_the_same_everywhere():
    network = HalfWay([2.0], [0.5])
    fixed, moving = shifted_pairs(network.shifts)
    rounds = {}
    for rule, brighter in [(rule, add) for rule in ("intensity_error", "standard_deviation") for add in (0.0, 0.1)]:
        refinement = RecurrentRefinement(network, rounds=2, stop_rule=rule)
        rounds[rule, brighter] = int(refinement((fixed, moving + brighter))["rounds"][0])
    # The ramp rises by 0.04 a row: each round adds 0.04, and 0.08 are missing, or with 0.1 more 0.02 too many are there.
    assert (rounds["intensity_error", 0.0], rounds["intensity_error", 0.1]) == (2, 0)
    assert rounds["standard_deviation", 0.0] == rounds["standard_deviation", 0.1] > 0


def test_limits_of_rounds_and_tolerance():
    network = HalfWay([2.0], [0.5, 0.05, 0.05])
    pairs = shifted_pairs(network.shifts)
    for arguments, rounds in (({"rounds": 1}, 1), ({"rounds": 3}, 3), ({"rounds": 3, "tolerance": 0.2}, 1)):
        network.asked = 0
        assert RecurrentRefinement(network, **arguments)(pairs)["rounds"].numpy() == [rounds], arguments


def test_a_round_that_is_not_finite_is_discarded():
    network = HalfWay([1.0], [0.5, np.nan])
    outputs = RecurrentRefinement(network)(shifted_pairs(network.shifts))
    assert outputs["rounds"].numpy() == [1] and np.all(np.isfinite(outputs["flow_field"]))


@pytest.mark.parametrize("going, filled", [([1, 0, 1, 1, 0, 1, 1], 7), ([0, 0, 1, 1, 0, 1, 0], 4), ([0, 1], 1)])
def test_batches_are_filled_up_to_powers_of_two(going, filled):
    numbers, chosen = recurrent_refinement._chosen(tf.constant(going) > 0)
    np.testing.assert_array_equal(numbers, np.flatnonzero(going))
    np.testing.assert_array_equal(chosen[: len(numbers)], numbers)
    assert len(chosen) == filled and set(chosen.numpy()) == set(numbers.numpy())


def test_unknown_sizes_predict_and_saving(small_network, tmp_path):
    refinement = RecurrentRefinement(small_network(2), rounds=2, tolerance=0.01)
    pair = images(2)
    expected = refinement(pair)
    unknown = tf.function(refinement, input_signature=[[tf.TensorSpec([None, None, None, 1])] * 2])
    np.testing.assert_allclose(unknown(list(pair))["flow_field"], expected["flow_field"], atol=1e-6)
    predicted = refinement.predict(pair, batch_size=2, verbose=0)
    np.testing.assert_allclose(predicted["flow_field"], expected["flow_field"], atol=1e-5)
    assert refinement.count_params() == refinement.network.count_params()

    path = tmp_path / "refinement.keras"
    refinement.save(path)
    loaded = tf.keras.models.load_model(path)
    assert loaded.get_config() == refinement.get_config()
    np.testing.assert_allclose(loaded(pair)["flow_field"], expected["flow_field"], atol=1e-6)


@pytest.mark.parametrize(
    "arguments", [{"rounds": 0}, {"rounds": True}, {"tolerance": 1.0}, {"tolerance": -0.1}, {"stop_rule": "median"}]
)
def test_impossible_arguments(small_network, arguments):
    with pytest.raises(ValueError, match=f"Received: {next(iter(arguments))}="):
        RecurrentRefinement(small_network(2), **arguments)


def test_impossible_images(small_network):
    refinement = RecurrentRefinement(small_network(2))
    with pytest.raises(ValueError, match="pair"):
        refinement(tf.zeros([1, 8, 8, 1]))
    with pytest.raises(ValueError, match="same shape"):
        refinement((tf.zeros([1, 8, 8, 1]), tf.zeros([1, 8, 12, 1])))
    with pytest.raises(ValueError, match="2D model"):
        refinement((tf.zeros([1, 8, 8, 3]), tf.zeros([1, 8, 8, 3])))
