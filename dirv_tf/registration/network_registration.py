"""Registration of a pair by a network."""

from __future__ import annotations

from typing import Callable, NamedTuple

import numpy as np

from dirv_tf.registration.never_worse import never_worse
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
    """

    run: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, int]]
    name: str
    similarity: str | None = None


def registered_by_network(pair: Pair, network: NetworkCall) -> Found:
    """Register the pair by a network, unless that takes its images farther from each other.

    Parameters
    ----------
    pair : Pair
    network : NetworkCall

    Returns
    -------
    Found
    """
    field, rounds = network.run(pair.fixed, pair.sampled())
    return never_worse(pair, Found(pair.linear.composed(field), network.name, rounds), network.similarity)
