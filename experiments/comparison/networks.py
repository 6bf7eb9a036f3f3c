"""Shipped networks as methods, for the same table."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.models import load_pretrained
from dirv_tf.registration.inference import compiled_network
from dirv_tf.registration.register import DEFAULT_ROUNDS


def network_methods(names):
    """Return one method per shipped network, and one with recurrent refinement.

    Parameters
    ----------
    names : sequence of str
        Of shipped 2D networks, such as "A-6".

    Returns
    -------
    list of tuple
        Name, what it is, settings, and function from a fixed and a moving image to a flow field.

    Raises
    ------
    ValueError
        For a name that is not shipped.
    """
    methods = []
    for name in names:
        network = load_pretrained(name)
        what = f"the shipped network {name}, {network.count_params():,} parameters"
        methods.append((name, what, {}, _register(network, None)))
        refined = (f"{name}, refined", f"{what}, registered again as long as it helps")
        methods.append((*refined, {"rounds": DEFAULT_ROUNDS}, _register(network, DEFAULT_ROUNDS)))
    return methods


def _register(network, rounds):
    def register(fixed, moving):
        batches = (tf.constant(image[tf.newaxis, ..., tf.newaxis]) for image in (fixed, moving))
        flow_field, _ = compiled_network(network, rounds)(*batches)
        return flow_field.numpy()[0]

    return register
