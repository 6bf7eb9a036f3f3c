"""Registration of a pair by a network."""

from __future__ import annotations

from typing import Callable, NamedTuple

import numpy as np

from dirv_tf.registration.never_worse import never_worse
from dirv_tf.registration.noise_floor import stays_below_floor
from dirv_tf.registration.route import Found, Pair


class NetworkCall(NamedTuple):
    """A network that is ready for a pair.

    Attributes
    ----------
    run : callable
        From the fixed and the sampled moving image to a flow field and the rounds of refinement that were kept.
    name : str
        Of the network.
    similarity : str or None
        Its own measure, see `RegistrationNetwork.similarity`.
    noise_floor : float or None
        The difference below which its field is noise, see `RegistrationNetwork.noise_floor`.
    """

    run: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, int]]
    name: str
    similarity: str | None = None
    noise_floor: float | None = None


def registered_by_network(pair: Pair, network: NetworkCall) -> Found:
    """Register the pair by a network, unless it differs by noise, or would be less alike with the network's field.

    Parameters
    ----------
    pair : Pair
    network : NetworkCall

    Returns
    -------
    Found
    """
    noise = stays_below_floor(pair, network.name, network.noise_floor)
    if noise is not None:
        return noise
    field, rounds = network.run(pair.fixed, pair.sampled())
    return never_worse(pair, Found(pair.linear.composed(field), network.name, rounds), network.similarity)
