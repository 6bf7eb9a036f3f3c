"""The library's own call and shipped networks as methods, for the same table."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import registration
from dirv_tf.models import load_pretrained
from dirv_tf.registration.networks.inference import compiled_network
from dirv_tf.registration.register import DEFAULT_ROUNDS


def call_methods():
    """Return `dirv_tf.register` without a model: with its defaults, and at the lowest effort.

    Returns
    -------
    list of tuple
        As of `network_methods`.
    """
    what = "dirv_tf.register(fixed, moving)"
    fast = {"effort": "fast"}
    return [
        ("register", f"{what}, as it is called without options", {}, _call({})),
        ("register, fast", f"{what[:-1]}, effort=\"fast\")", fast, _call(fast)),
    ]


def _call(options):
    return lambda fixed, moving: registration.register(fixed, moving, **options).flow_field


def network_methods(names, rank):
    """Return one method per shipped network of a rank, and one with recurrent refinement.

    Parameters
    ----------
    names : sequence of str
        Of shipped networks, such as "A-6"; those of the other rank are left out.
    rank : {2, 3}

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
        if network.rank != rank:
            continue
        what = f"the shipped network {name}, {network.count_params():,} parameters"
        methods.append((name, what, {}, network_flow_field(network)))
        refined = (f"{name}, refined", f"{what}, registered again as long as it helps")
        methods.append((*refined, {"rounds": DEFAULT_ROUNDS}, network_flow_field(network, DEFAULT_ROUNDS)))
    return methods


def network_flow_field(network, rounds=None):
    """Return a network as a function from a fixed and a moving image to a flow field.

    Parameters
    ----------
    network : RegistrationNetwork
    rounds : int, optional
        Most rounds of recurrent refinement; default: the network runs once.

    Returns
    -------
    callable
        From two arrays (n_1, ..., n_r) of float32 in [0, 1] to one (n_1, ..., n_r, r), pixels.
    """

    def register(fixed, moving):
        batches = (tf.constant(image[tf.newaxis, ..., tf.newaxis]) for image in (fixed, moving))
        flow_field, _ = compiled_network(network, rounds)(*batches)
        return flow_field.numpy()[0]

    return register
