"""The ways of registration whose fields are compared with and without a hole."""

from __future__ import annotations

from typing import Callable, NamedTuple

import numpy as np

import dirv_tf
from dirv_tf.models import RegistrationNetwork, load_pretrained, load_weights_file
from dirv_tf.models.pretrained import is_pretrained
from dirv_tf.registration.images.pair import MARGIN, Pair
from dirv_tf.registration.maps.linear_map import LinearMap


class Method(NamedTuple):
    """A way: its name, what it is, and from a fixed and a moving image in [0, 1] to a field and perhaps a mask."""

    name: str
    what: str
    register: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray | None]]


def methods(model: str) -> list[Method]:
    """Return all ways, those without the mask of the network first.

    Parameters
    ----------
    model : str
        Network of the kind counterpart: a shipped one, or the folder of its weights.
    """
    network = load_pretrained(model) if is_pretrained(model) else load_weights_file(model)

    def by(**options):
        def register(fixed, moving):
            result = dirv_tf.register(fixed, moving, normalize="type", **options)
            return result.flow_field, result.without_counterpart

        return register

    def with_mask(fixed, moving):
        mask = dirv_tf.register(fixed, moving, network, normalize="type").without_counterpart
        counted = Pair(fixed, moving, LinearMap.identity(fixed.ndim)).without(mask > 0.5).mask
        return dirv_tf.register(fixed, moving, normalize="type", fixed_mask=counted).flow_field, mask

    around = f"and {MARGIN} pixels around it"
    return [
        Method("base", "the network without its head", by(model=_base(network))),
        Method("mask", "the network with its head", by(model=network)),
        Method(
            "mask, optimized",
            f"the same, then optimization outside the mask {around}",
            by(model=network, optimize=True),
        ),
        Method("default", "`dirv_tf.register(fixed, moving)`", by()),
        Method("default, masked", f"the same with the network's mask {around} left out by `fixed_mask`", with_mask),
    ]


def _base(network: RegistrationNetwork) -> RegistrationNetwork:
    base = network.base_network
    # Judged as the network that holds it, or its field might be taken where that one's is not.
    object.__setattr__(base, "card", network.card)
    return base
