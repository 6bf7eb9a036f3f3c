from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from dirv_tf.models import DIRVNet
from dirv_tf.registration import RegistrationResult
from dirv_tf.registration.maps.apply_field import warp_in_blocks
from dirv_tf.registration.maps.linear_map import LinearMap


@pytest.fixture(scope="session")
def make_network(without_tracing):
    """Small networks with random weights, whose fields are some tenths of a pixel: no training is needed."""

    def make(rank, levels=1):
        tf.keras.utils.set_random_seed(rank)
        network = DIRVNet(rank=rank, levels=levels, units=2 if levels == 1 else 1, experts=4)
        smallest = tf.zeros((1, *network.size_multiples, 1))
        with without_tracing():
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


class KnownMap:
    """A smooth map between images of different size whose inverse is a formula: two shears by sines, then a linear map.

    Fixed pixel ``p`` lies at ``linear(shears(p))`` in the moving image.
    """

    def __init__(self, rank, height=2.0, degrees=20.0, scale=1.1):
        self.rank, self.height = rank, height
        self.size, self.moving_size = {2: ((56, 48), (50, 60)), 3: ((28, 26, 24), (25, 24, 30))}[rank]
        angle = np.radians(degrees)
        matrix = scale * np.eye(rank)
        matrix[:2, :2] = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        centers = [(np.array(size) - 1) / 2 for size in (self.size, self.moving_size)]
        self.linear = LinearMap(matrix, centers[1] - matrix @ centers[0])

    def _sheared(self, points, axis, sign):
        sheared = np.array(points, np.float64)
        sheared[..., axis] += sign * self.height * np.sin(sheared[..., (axis + 1) % self.rank] / 6)
        return sheared

    def __call__(self, points):
        return self.linear.applied(self._sheared(self._sheared(points, 0, 1), 1, 1))

    def back(self, points):
        return self._sheared(self._sheared(self.linear.inverse().applied(points), 1, -1), 0, -1)

    def flow_field(self):
        return (self(self.grid(self.size)) - self.grid(self.size)).astype(np.float32)

    @staticmethod
    def grid(size):
        return np.moveaxis(np.indices(size), 0, -1).astype(np.float64)


@pytest.fixture(params=[2, 3])
def known(request):
    return KnownMap(request.param)


@pytest.fixture
def known_2d():
    return KnownMap(2)


@pytest.fixture
def known_result():
    """The registration that finds a known map, as of two files or of arrays."""

    def make(known, fixed_geometry=None, moving_geometry=None, **changes):
        rng = np.random.default_rng(5)
        fixed, moving = (
            ndimage.gaussian_filter(rng.random(size), 2).astype(np.float32) for size in (known.size, known.moving_size)
        )
        field = known.flow_field()
        values = dict(
            registered=warp_in_blocks(moving, field),
            flow_field=field,
            displacement_field=field[(slice(None, None, 4),) * known.rank],
            fixed=fixed,
            moving=moving,
            model_name="a known map",
            spacing=(4,) * known.rank,
            seconds=0.0,
            fixed_geometry=fixed_geometry,
            moving_geometry=moving_geometry,
            linear=known.linear,
        )
        return RegistrationResult(**{**values, **changes})

    return make
