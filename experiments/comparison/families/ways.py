"""The ways to register that are compared: networks, alone and improved, optimization, classical methods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from dirv_tf.models.weight_files import read_card
from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.networks.model_choice import model_path
from dirv_tf.registration.optimization.pair_optimization import optimized
from dirv_tf.registration.register import DEFAULT_MODELS, DEFAULT_ROUNDS
from experiments.comparison.families.networks import ComparedNetwork
from experiments.comparison.methods import METHODS, Method, bound
from experiments.comparison.networks import call_methods, network_flow_field

FlowField = Callable[[np.ndarray, np.ndarray], np.ndarray]
# What a pair takes about, in passes of a network, for the time left.
_COSTS = {"once": 1.0, "refined": 10.0, "optimized": 4.0, "optimization": 3.0, "register": 3.0, "classical": 6.0}
WAYS = tuple(_COSTS)
CLASSICAL = tuple(method.name for method in METHODS)
_COSTS_BY_NAME = {"B-splines": 250.0}


class Way(NamedTuple):
    """A row of a table.

    Attributes
    ----------
    name : str
        Of the network or the method.
    way : {"once", "refined", "optimized", "optimization", "register", "classical"}
        A network in one pass, with recurrent refinement, with the optimization of the pair behind it; that optimization
        alone; the library's own call; a classical method.
    register : callable or None
        From a fixed and a moving image, (n_1, ..., n_r), to a flow field; None of a classical method without settings.
    identity : str
        What a measured row depends on beside its names: the checksum of the weights that are asked, else empty.
    """

    name: str
    way: str
    register: FlowField | None
    identity: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What the row is found by in its set."""
        return self.name, self.way

    @property
    def cost(self) -> float:
        """What a pair takes, in passes of a network."""
        return _COSTS_BY_NAME.get(self.name, _COSTS[self.way])


def ways_of(networks: Sequence[ComparedNetwork], rank: int) -> list[Way]:
    """Return the rows of a set.

    Parameters
    ----------
    networks : sequence of ComparedNetwork
        Those of the other rank are left out.
    rank : {2, 3}
        Volumes have no classical methods, which take minutes for one.

    Returns
    -------
    list of Way
    """
    ways = []
    for name, network, facts in networks:
        if facts["rank"] != rank:
            continue
        once, refined = (network_flow_field(network, rounds) for rounds in (None, DEFAULT_ROUNDS))
        registers = {"once": once, "refined": refined, "optimized": _then_optimized(once)}
        ways += [Way(name, way, register, facts["sha256"]) for way, register in registers.items()]
    ways += [
        Way("optimization alone", "optimization", _then_optimized(_identity)),
        *(Way(name, "register", call, default_weights(rank)) for name, _, _, call in reversed(call_methods())),
    ]
    if rank == 2:
        ways += [Way(method.name, "classical", None) for method in METHODS]
    return ways


def default_weights(rank: int) -> str:
    """Return the checksum of the weights that the library's own call may ask."""
    return str(read_card(model_path(DEFAULT_MODELS[rank]))["sha256"])


def classical_method(name: str) -> Method:
    """Return a classical method by its name."""
    return next(method for method in METHODS if method.name == name)


def with_settings(way: Way, settings: dict[str, Any]) -> Way:
    """Return a classical method's row that can be carried out."""
    return way._replace(register=bound(classical_method(way.name), settings))


def _identity(fixed, moving):
    return np.zeros((*fixed.shape, fixed.ndim), np.float32)


def _then_optimized(flow_field):
    """As `dirv_tf.register(..., optimize=True)` with a model: the same optimization from the network's field."""

    def register(fixed, moving):
        pair = Pair(fixed, moving, LinearMap.identity(fixed.ndim))
        return optimized(pair, Found(flow_field(fixed, moving), ""), "mse", "default").flow_field

    return register
