from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from dirv_tf.models import DIRVNet


@pytest.fixture(scope="session")
def make_network():
    """Small networks with random weights, whose fields are some tenths of a pixel: no training is needed."""

    def make(rank, levels=1):
        tf.keras.utils.set_random_seed(rank)
        network = DIRVNet(rank=rank, levels=levels, units=2 if levels == 1 else 1, experts=4)
        smallest = tf.zeros((1, *network.size_multiples, 1))
        network((smallest, smallest))
        for name, variable in network.named_variables().items():
            if name.endswith("/knots"):
                variable.assign(variable * 100.0)
        return network

    return make


@pytest.fixture(scope="session")
def network_2d(make_network):
    return make_network(2)


@pytest.fixture(scope="session")
def network_3d(make_network):
    return make_network(3)


@pytest.fixture(scope="session")
def make_pair():
    """Smooth random float32 images that fill [0, 1]."""

    def make(shape, seed=0):
        random = np.random.default_rng(seed)
        images = [ndimage.gaussian_filter(random.normal(size=shape), 1.5) for _ in range(2)]
        return tuple(((image - image.min()) / np.ptp(image)).astype(np.float32) for image in images)

    return make
