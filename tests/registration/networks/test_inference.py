import gc
import importlib
import weakref

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.geometry import blocks, sampling
from dirv_tf.models import DIRVNet, RecurrentRefinement
from dirv_tf.models.recurrent_refinement import flow_field_of_any_size
from dirv_tf.registration import register
from dirv_tf.registration.networks import inference
from dirv_tf.registration.networks.inference import compiled_network

SHAPES = {2: [(16, 24), (17, 21), (40, 9)], 3: [(16, 8, 12), (9, 17, 8)]}


def batch(pair):
    return tuple(tf.constant(image[np.newaxis, ..., np.newaxis]) for image in pair)


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("levels", [1, 2])
def test_fields_are_those_of_the_network(make_network, make_pair, as_written, rank, levels):
    network = make_network(rank, levels)
    for shape in SHAPES[rank]:
        images = batch(make_pair(shape))
        field, rounds = compiled_network(network)(*images)
        expected = as_written(flow_field_of_any_size, network, *images).numpy()
        largest = np.abs(expected).max()
        assert largest > 1e-3
        np.testing.assert_allclose(field, expected, atol=1e-4 * largest)
        assert rounds.numpy().tolist() == [1]


@pytest.mark.parametrize("settings", [
    {"field_upsampling": "linear", "levels": 2, "centered": False},
    {"spacing": (2, 4), "units": 1},
    {"experts": (3, 5), "kernel_sizes": (5, 3), "knots": 7, "knot_range": (-0.5, 2.0), "step_size_scale": 1.0},
])
def test_settings_of_a_network(settings, make_pair, as_written):
    tf.keras.utils.set_random_seed(1)
    network = DIRVNet(**{"units": 2, "experts": 4, **settings})
    for name, variable in network.named_variables().items():
        if name.endswith("/knots"):
            variable.assign(variable * 100.0)
    images = batch(make_pair((24, 20)))
    expected = as_written(flow_field_of_any_size, network, *images).numpy()
    largest = np.abs(expected).max()
    assert largest > 1e-3
    np.testing.assert_allclose(compiled_network(network)(*images)[0], expected, atol=1e-4 * largest)


def test_a_batch_of_pairs(network_2d, make_pair, as_written):
    fixed, moving = (tf.concat(images, 0) for images in zip(*(batch(make_pair((18, 20), seed)) for seed in range(3))))
    field, rounds = compiled_network(network_2d)(fixed, moving)
    expected = as_written(flow_field_of_any_size, network_2d, fixed, moving)
    np.testing.assert_allclose(field, expected, atol=2e-5)
    assert rounds.numpy().tolist() == [1, 1, 1]


@pytest.mark.parametrize("rank", [2, 3])
def test_refinement(make_network, make_pair, as_written, rank):
    network = make_network(rank)
    images = batch(make_pair(SHAPES[rank][1]))
    field, rounds = compiled_network(network, 3)(*images)
    expected = as_written(RecurrentRefinement(network, 3), images)
    np.testing.assert_allclose(field, expected["flow_field"], atol=1e-4)
    assert rounds.numpy().tolist() == expected["rounds"].numpy().tolist()


def count_of_traces():
    # The package's attribute of that name is the function.
    potentials = importlib.import_module("dirv_tf.geometry.piecewise_linear")
    programs = (potentials._gather_values, potentials._sum_values, sampling._interpolate_block)
    return sum(program.experimental_get_tracing_count() for program in programs)


@pytest.mark.parametrize("refine", [False, 2])
def test_sizes_share_their_graphs(make_network, make_pair, monkeypatch, refine):
    network = make_network(2, levels=2)
    traced = []
    make = inference.graph_for_any_shape
    monkeypatch.setattr(
        inference, "graph_for_any_shape", lambda *arguments: traced.append(make(*arguments)) or traced[-1]
    )
    inference._variational_step.cache_clear()
    register(*make_pair((16, 20)), model=network, refine=refine)
    graphs, programs = len(traced), count_of_traces()
    # That of a unit and that of the network, and the refinement's.
    assert graphs == (3 if refine else 2)
    for side in (17, 20, 25):
        register(*make_pair((side, 20)), model=network, refine=refine).metrics()
    assert len(traced) == graphs and count_of_traces() == programs
    assert [graph.experimental_get_tracing_count() for graph in traced] == [1] * graphs


def test_programs_see_few_shapes(monkeypatch, make_pair, network_2d):
    monkeypatch.setattr(blocks, "_SMALL", 32)
    monkeypatch.setattr(blocks, "_LARGE", 128)
    lengths = set()

    def program(rows):
        lengths.add(int(tf.shape(rows)[0]))
        return 2 * rows

    for length in (1, 31, 32, 33, 500, 512, 513, 1000):
        values = tf.random.stateless_normal([length, 3], [length, 0])
        np.testing.assert_array_equal(blocks.in_blocks(program, [values], 3), 2 * values)
    assert lengths == {32, 128}


def test_networks_of_one_architecture_share_graphs_and_keep_their_weights(make_network, make_pair, as_written):
    first, second = make_network(2), make_network(2)
    for variable in second.trainable_variables:
        variable.assign(-variable)
    images = batch(make_pair((16, 20)))
    compiled_network(first)(*images)
    before = inference._variational_step.cache_info().misses
    field = compiled_network(second)(*images)[0]
    assert inference._variational_step.cache_info().misses == before
    np.testing.assert_allclose(field, as_written(second, images)["flow_field"], atol=2e-5)


def test_graphs_are_kept_for_few_architectures():
    assert inference._variational_step.cache_info().maxsize == 16


class Shift(tf.keras.Model):
    """Any other network: the mean difference of the images, along every axis."""

    size_multiples = (4, 4)

    def call(self, inputs):
        fixed, moving = inputs
        field = tf.reduce_mean(fixed - moving, axis=[1, 2, 3], keepdims=True) + tf.zeros_like(fixed)
        return {"flow_field": tf.concat([field, geometry.warp_image(moving, tf.repeat(field, 2, axis=-1))], axis=-1)}


def test_any_network_becomes_one_graph(make_pair):
    network = Shift()
    graph = inference.whole_graph(network, 2)
    for shape in [(16, 20), (17, 21), (9, 30)]:
        images = batch(make_pair(shape))
        field = compiled_network(network)(*images)[0]
        np.testing.assert_allclose(field, flow_field_of_any_size(network, *images), atol=1e-6)
        refined, rounds = compiled_network(network, 2)(*images)
        assert refined.shape == (1, *shape, 2) and 0 <= int(rounds[0]) <= 2
    assert inference.whole_graph(network, 2) is graph


class Halved(DIRVNet):
    """A variant, whose `call` has to be what is computed."""

    def call(self, inputs):
        outputs = super().call(inputs)
        return {**outputs, "flow_field": 0.5 * outputs["flow_field"]}


def test_a_variant_is_computed_as_it_says(make_pair, as_written):
    network = Halved(units=1, experts=4)
    images = batch(make_pair((16, 20)))
    expected = as_written(network, images)["flow_field"]
    np.testing.assert_allclose(compiled_network(network)(*images)[0], expected, atol=1e-6)


def test_reduced_precision_is_kept(make_pair, as_written):
    network = DIRVNet(units=1, experts=4, dtype="mixed_bfloat16")
    images = batch(make_pair((16, 20)))
    field = compiled_network(network)(*images)[0]
    assert field.dtype == tf.float32
    np.testing.assert_allclose(field, as_written(network, images)["flow_field"], atol=1e-3)


def test_a_network_is_not_kept(make_network, make_pair):
    network = Halved(units=1, experts=4)
    compiled_network(network)(*batch(make_pair((16, 20))))
    reference = weakref.ref(network)
    del network
    gc.collect()
    assert reference() is None
