"""Networks as TensorFlow graphs, traced once per image size."""

from __future__ import annotations

import weakref

import tensorflow as tf

from dirv_tf.models import RecurrentRefinement
from dirv_tf.models.any_size import flow_field_of_any_size

_compiled_networks = weakref.WeakKeyDictionary()


def compiled_network(network, rounds=None):
    """Return the graph function of a network for images of any size.

    Parameters
    ----------
    network : RegistrationNetwork
    rounds : int, optional
        Most rounds of `RecurrentRefinement`; default: the network runs once.

    Returns
    -------
    callable
        From a fixed and a moving image (1, n_1, ..., n_r, 1) to a flow field (1, n_1, ..., n_r, r) and the number of
        rounds (1,).
    """
    functions = _compiled_networks.setdefault(network, {})
    if rounds not in functions:
        # Weak, since a value that holds its own key would keep every network in the dictionary for good.
        functions[rounds] = _compiled(weakref.ref(network), rounds)
    return functions[rounds]


def _compiled(reference, rounds):
    @tf.function
    def run(fixed, moving):
        if rounds is None:
            return flow_field_of_any_size(reference(), fixed, moving), tf.constant([1])
        outputs = RecurrentRefinement(reference(), rounds)((fixed, moving))
        return outputs["flow_field"], outputs["rounds"]

    return run
