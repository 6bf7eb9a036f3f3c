"""Where the fixed image of a pair has no counterpart, by a network with a mask head."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.registration.images.pair import Pair
from dirv_tf.registration.networks.pieces import in_pieces

_graphs: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def without_counterpart(pair: Pair, flow_field: np.ndarray, network: Any) -> np.ndarray:
    """Return the probability of every pixel of the fixed image to have no counterpart in the moving one.

    Parameters
    ----------
    pair : Pair
    flow_field : ndarray of float32, shape (n_1, ..., n_r, r), pixels
        The whole map, whatever found it.
    network : RegistrationNetwork
        With `has_mask`.

    Returns
    -------
    ndarray of float32, shape (n_1, ..., n_r)
        From 0 to 1; above 0.5 there is none.
    """
    images = (pair.fixed[..., np.newaxis], pair.warped(flow_field)[..., np.newaxis])
    inputs = [*images, pair.linear.decomposed(flow_field)]
    inputs = [tf.convert_to_tensor(np.asarray(each, np.float32)[np.newaxis]) for each in inputs]
    return in_pieces(_graph(network), inputs, 1, network.mask_halo, network.size_multiples)[..., 0]


def _graph(network):
    if network not in _graphs:
        # Weak, since a value that holds its own key would keep every network for good.
        reference, rank = weakref.ref(network), network.rank
        shapes = [tf.TensorSpec([None] * (rank + 1) + [channels]) for channels in (1, 1, rank)]

        @tf.function(input_signature=shapes, autograph=False)
        def graph(fixed, registered, field):
            with geometry.for_any_shape():
                return reference().counterpart_mask(fixed, registered, field)

        _graphs[network] = graph
    return _graphs[network]
