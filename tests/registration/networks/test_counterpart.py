"""Registrations by a network with a mask head: the mask in the result, its file, and the optimization after it."""

import numpy as np
import pytest
import tensorflow as tf

import dirv_tf
from dirv_tf.models import CounterpartNetwork
from dirv_tf.models.recurrent_refinement import flow_field_of_any_size
from dirv_tf.registration.images.pair import Pair
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.networks import pieces
from dirv_tf.registration.networks.counterpart import without_counterpart
from dirv_tf.registration.networks.inference import flow_field

BASE = {"kind": "voxelmorph", "encoder": [4, 4], "decoder": [4, 4], "last": [4]}


@pytest.fixture(scope="module")
def network():
    tf.keras.utils.set_random_seed(7)
    made = CounterpartNetwork(BASE, features=2, halvings=2)
    # What differs much has no counterpart: a head that was not trained, but says something.
    made.head.last_layer.bias.assign([-1.0])
    return made


@pytest.fixture
def images(rng):
    smooth = np.kron(rng.random((11, 9)), np.ones((4, 4)))[:42, :34].astype(np.float32)
    return smooth, np.roll(smooth, 1, axis=0)


def test_the_mask_is_in_the_result_and_its_folder(network, images, tmp_path):
    result = dirv_tf.register(*images, model=network, normalize="type")
    mask = result.without_counterpart
    assert mask.shape == images[0].shape and mask.dtype == np.float32 and 0 < mask.min() < mask.max() < 1
    pair = Pair(*images, LinearMap.identity(2))
    np.testing.assert_allclose(mask, without_counterpart(pair, result.flow_field, network), atol=1e-6)
    assert result.inverse().without_counterpart is None and dirv_tf.register(*images).without_counterpart is None
    result.save(tmp_path / "out")
    again = dirv_tf.load_result(tmp_path / "out", *images)
    np.testing.assert_allclose(again.without_counterpart, mask, atol=0.5 / 255 + 1e-6)


def test_the_graph_of_the_base_gives_the_field_of_the_network(network, rng, as_written):
    network.base_network.field_layer.kernel.assign(1e5 * network.base_network.field_layer.kernel)
    images = [tf.constant(rng.random((2, 30, 21, 1)), tf.float32) for _ in range(2)]
    expected = as_written(flow_field_of_any_size, network, *images)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(flow_field(network, *images), expected, atol=1e-4)


def test_pieces_of_a_large_image_make_the_whole(network, rng, monkeypatch):
    fixed, moving = rng.random((2, 180, 70)).astype(np.float32)
    pair, field = Pair(fixed, moving, LinearMap.identity(2)), np.zeros((180, 70, 2), np.float32)
    whole = without_counterpart(pair, field, network)
    monkeypatch.setattr(pieces, "_LARGEST_PIECE", 40 * 40)
    np.testing.assert_allclose(without_counterpart(pair, field, network), whole, atol=1e-6)


def test_optimization_leaves_regions_aside(network, images, monkeypatch):
    from dirv_tf.registration.route import pair_route

    seen = []
    monkeypatch.setattr(pair_route, "optimized", lambda pair, found, *_: seen.append(pair.mask) or found)
    network.head.last_layer.bias.assign([-60.0])
    dirv_tf.register(*images, model=network, normalize="type", optimize=True)
    network.head.last_layer.bias.assign([-1.0])
    assert seen[0].all()
    pair = Pair(*images, LinearMap.identity(2), mask=np.arange(42)[:, None] + np.zeros(34) > 20)
    mask = np.zeros((42, 34), np.float32)
    mask[30:] = 0.9
    # Rows 21 to 25: four more are left out, above the mask.
    assert pair.without(mask > 0.5).mask.sum() == 5 * 34
    # Never all of the image.
    assert pair.without(mask + 1 > 0.5) is pair
