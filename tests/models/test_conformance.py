"""One battery for every family of networks: what a user may expect of any of them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.losses import CounterpartLoss, IntensityLoss
from dirv_tf.metrics import RegistrationErrors
from dirv_tf.models import RecurrentRefinement, load_weights_file, network_class, save_weights_file
from dirv_tf.models.recurrent_refinement import flow_field_of_any_size
from dirv_tf.models.registry import _BUILT_IN, settings_class

HERE = Path(__file__).parent
# The smallest sensible network of every family.
CASES = {
    "avsm": {"affine_size": 16, "affine_steps": 1, "width": 0.0625, "momentum_steps": 1, "integration_steps": 2},
    "counterpart": {
        "base": {"kind": "voxelmorph", "encoder": (4, 4), "decoder": (4, 4), "last": (4,)}, "features": 2, "halvings": 2
    },
    "dirv_net": {"levels": 2, "units": 1, "experts": 2, "kernel_sizes": 3, "knots": 6},
    "dlir": {
        "affine_resolution": 2,
        "spline_resolutions": (2, 1),
        "spline_spacings": (4, 4),
        "filters": 4,
        "hidden": 4,
        "zero_start": False,
    },
    "rwcnet": {
        "resolutions": (2, 1),
        "steps": 2,
        "radii": 1,
        "features": 4,
        "hidden": 4,
        "blocks": (1,),
        "flow_kernel": 3,
        "zero_start": False,
    },
    "voxelmorph": {"encoder": (4, 4), "decoder": (4, 4), "last": (4,), "squarings": 2, "field_scale": 2},
}
# Fewer levels and stages, where only that a step of training does what it should is tested: tracing takes the time.
TRAINED = {
    **CASES,
    "avsm": {**CASES["avsm"], "integration_steps": 1},
    "dirv_net": {**CASES["dirv_net"], "levels": 1},
    "dlir": {**CASES["dlir"], "spline_resolutions": (1,), "spline_spacings": (4,)},
    "rwcnet": {**CASES["rwcnet"], "resolutions": (1,), "steps": 1},
}
families = pytest.mark.parametrize("kind", sorted(CASES))
# In a graph of unknown sizes every step is traced like the first.
TRACED = {
    **CASES,
    "avsm": {**CASES["avsm"], "integration_steps": 1},
    "counterpart": {**CASES["counterpart"], "halvings": 1},
    "rwcnet": {**CASES["rwcnet"], "steps": 1},
}
ranks = pytest.mark.parametrize("rank", [2, 3])


def make(kind, rank=2, **arguments):
    tf.keras.utils.set_random_seed(5)
    network = network_class(kind)(rank=rank, **{**CASES[kind], **arguments})
    network.build()
    # Fields of some tenths of a pixel, whatever the family starts with.
    for name, variable in network.named_variables().items():
        if name.endswith("knots"):
            variable.assign(100.0 * variable)
        if name.endswith("field_layer/kernel"):
            variable.assign(1e4 * variable)
        if kind == "avsm" and name in ("affine/parameters/bias", "momentum/last/kernel"):
            variable.assign(0.02 * tf.random.stateless_normal(variable.shape, [1, 2]))
    return network


def pair(rng, network, batch=2, sides=2):
    shape = (batch, *(sides * multiple for multiple in network.size_multiples), 1)
    return tuple(tf.constant(rng.uniform(size=shape).astype("float32")) for _ in range(2))


def test_the_battery_covers_every_family():
    # What judges fields has a battery of its own, in test_uncertainty.py.
    assert {*CASES, "uncertainty"} == set(_BUILT_IN)
    assert {kind for kind in _BUILT_IN if settings_class(kind).task == "registration"} == set(CASES)


@families
@ranks
def test_the_contract(kind, rank, rng, untraced):
    network = make(kind, rank)
    assert network.kind == kind and network.rank == rank
    assert len(network.spacing_per_axis) == len(network.size_multiples) == rank
    assert all(multiple % step == 0 for multiple, step in zip(network.size_multiples, network.spacing_per_axis))
    inputs = pair(rng, network)
    outputs = network.completed(inputs, network(inputs))
    assert outputs["flow_field"].shape == (*inputs[0].shape[:-1], rank)
    for key in ("displacement_fields", "fixed_images", "moving_images", "registered_images"):
        assert len(outputs[key]) == network.levels, key
    grid = tuple(side // step for side, step in zip(inputs[0].shape[1:-1], network.spacing_per_axis))
    assert tuple(outputs["displacement_fields"][-1].shape[2:]) == (*grid, rank)
    assert np.abs(outputs["flow_field"]).max() > 1e-3


@families
@ranks
def test_settings_count_and_describe_the_network(kind, rank):
    arguments = CASES[kind] | ({"kernel_sizes": (3, 3)} if kind == "dirv_net" else {})
    if "base" in arguments:
        of_base = dict(arguments["base"])
        arguments["base"] = settings_class(of_base.pop("kind"))(**of_base)
    settings = settings_class(kind)(**arguments)
    network = settings.build(rank)
    settings.check(rank)
    assert settings.parameters(rank) == network.count_params()
    assert settings.size_multiples(rank) == network.size_multiples
    assert settings.description() and settings.work(rank, 2000) == pytest.approx(2 * settings.work(rank, 1000))


@families
def test_config_and_clone(kind, rng, untraced):
    network = make(kind, normalization="joint")
    again = type(network).from_config(network.get_config())
    assert again.get_config() == network.get_config() and again.normalization == "joint"
    again.set_weights(network.get_weights())
    inputs = pair(rng, network)
    np.testing.assert_array_equal(again(inputs)["flow_field"], network(inputs)["flow_field"])


@families
def test_keras_file_and_weights_file(kind, rng, tmp_path, untraced):
    network = make(kind, normalization="each")
    inputs = pair(rng, network)
    expected = network(inputs)["flow_field"]
    network.save(tmp_path / "network.keras")
    save_weights_file(network, tmp_path)
    for loaded in (tf.keras.models.load_model(tmp_path / "network.keras"), load_weights_file(tmp_path)):
        np.testing.assert_array_equal(loaded(inputs)["flow_field"], expected)
        # How images are to be brought to [0, 1] goes with the network, however it travels.
        assert loaded.normalization == "each"
    assert load_weights_file(tmp_path).card["network"] == kind


@families
def test_unknown_batch_and_size_in_a_graph(kind, rng, as_written):
    network = make(kind, **TRACED[kind])
    unknown = tf.TensorSpec([None, None, None, 1], tf.float32)
    graph = tf.function(lambda fixed, moving: network((fixed, moving))["flow_field"], input_signature=[unknown] * 2)
    for batch, sides in ((1, 2), (3, 3)):
        inputs = pair(rng, network, batch, sides)
        np.testing.assert_allclose(graph(*inputs), as_written(network, inputs)["flow_field"], atol=1e-5)


@families
@ranks
def test_any_size_and_refinement(kind, rank, rng, untraced):
    network = make(kind, rank)
    shape = (1, *(2 * multiple - 3 for multiple in network.size_multiples), 1)
    fixed, moving = (tf.constant(rng.uniform(size=shape).astype("float32")) for _ in range(2))
    assert flow_field_of_any_size(network, fixed, moving).shape == (*shape[:-1], rank)
    before, after = RecurrentRefinement(network, rounds=2)((fixed, moving))["l_int"][0].numpy()
    assert after <= before


@families
@ranks
def test_it_learns(kind, rank, rng, request):
    network = make(kind, rank, **TRAINED[kind])
    inputs = pair(rng, network, batch=2)
    # Graphs of volumes differ from those of images in no more than the operations, which are run all the same.
    metrics, eager = [RegistrationErrors(network.levels)], rank == 3
    if eager:
        request.getfixturevalue("untraced")
    # A head for masks learns from its own loss alone.
    loss = CounterpartLoss("mse") if kind == "counterpart" else IntensityLoss()
    network.compile(tf.keras.optimizers.Adam(1e-3), loss, metrics, run_eagerly=eager)
    compute_loss, computed = network.compute_loss, []
    network.compute_loss = lambda *given, **named: (computed.append(1), compute_loss(*given, **named))[1]
    history = network.fit(tf.data.Dataset.from_tensors((inputs,)), epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0] and np.isfinite(history["loss"]).all()
    # A step that makes the variables of its optimizer would be traced twice.
    assert len(computed) == (3 if eager else 1)


@families
def test_mixed_precision_keeps_fields_and_variables_in_32_bits(kind, rng):
    network = make(kind, dtype="mixed_bfloat16")
    outputs = network(pair(rng, network))
    assert outputs["flow_field"].dtype == tf.float32
    assert {variable.dtype for variable in network.named_variables().values()} <= {tf.float32, "float32"}
    assert network.get_config()["dtype"] == "mixed_bfloat16"


@families
def test_images_that_do_not_fit_are_refused(kind):
    network = make(kind)
    name, side = type(network).__name__, 2 * network.size_multiples[0]
    good = tf.zeros([1, side, side, 1])
    for inputs, message in (
        (good, f"a {name} is called on the pair"),
        ((good, tf.zeros([1, side, 2 * side, 1])), "the same shape"),
        ((good, tf.zeros([1, side, side, 3])), r"must have shape \(B, n_1, n_2, 1\)"),
        ((good, tf.zeros([1, side, side, 1], tf.int32)), "floating point"),
        ((tf.zeros([1, side + 1, side, 1]), good), "multiple of"),
    ):
        with pytest.raises(ValueError, match=message):
            network.checked_pair(inputs)


@pytest.fixture(scope="module")
def replica_curves():
    """The curves of every family, trained in one replica and in two, by a process of its own."""
    # Fast enough to be seen, and not so fast that rounding errors grow or that the field ends beyond the border, where
    # any step gives the same loss.
    rates = {"avsm": 1e-3, "dirv_net": 2.0, "dlir": 0.1, "rwcnet": 0.05}
    cases = [(kind, arguments, rates.get(kind, 0.5)) for kind, arguments in TRAINED.items()]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1]), "TF_CPP_MIN_LOG_LEVEL": "3"}
    script = [sys.executable, str(HERE / "replica_curves.py"), json.dumps(cases)]
    done = subprocess.run(script, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@families
def test_two_replicas_learn_as_one(kind, replica_curves):
    one, two = replica_curves[kind]
    for key, curve in one.items():
        # A reduction is a small difference of large numbers, in percent.
        np.testing.assert_allclose(two[key], curve, rtol=1e-5, atol=1e-4 * key.startswith("dl_"), err_msg=key)
    # A curve that stands still would agree with anything.
    assert abs(one["loss"][-1] - one["loss"][0]) > 1e-4
