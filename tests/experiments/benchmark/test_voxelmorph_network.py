import numpy as np
import tensorflow as tf

from experiments.benchmark.voxelmorph_network import PARAMETERS, voxelmorph_network


def test_parameters_of_the_published_defaults_and_a_step():
    network = voxelmorph_network()
    assert network.count_params() == PARAMETERS == 109_170
    images = [tf.random.stateless_uniform([1, 32, 48, 1], [seed, 1]) for seed in (1, 2)]
    registered, flow_field = network(images)
    assert flow_field.shape == (1, 32, 48, 2)
    # The field starts near zero, so the moving image, the second, comes out as it is.
    np.testing.assert_allclose(registered, images[1], atol=1e-2)
    before = network.get_weights()
    assert np.isfinite(network.train_on_batch(images, [images[0], tf.zeros_like(flow_field)])).all()
    assert all((old != new).any() for old, new in zip(before, network.get_weights()))
