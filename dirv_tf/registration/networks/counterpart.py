"""Where the fixed image of a pair has no counterpart, by a network with a mask head."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf
from scipy import ndimage

from dirv_tf import geometry
from dirv_tf.registration.images.pair import Pair
from dirv_tf.registration.networks.pieces import in_pieces

# Pixels around such a region that do not count either: somewhere a mask ends a little too early, and the rim that it
# leaves would draw the field.
_MARGIN = 4

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
        From 0 to 1.
    """
    images = (pair.fixed[..., np.newaxis], pair.warped(flow_field)[..., np.newaxis])
    inputs = [*images, pair.linear.decomposed(flow_field)]
    inputs = [tf.convert_to_tensor(np.asarray(each, np.float32)[np.newaxis]) for each in inputs]
    return in_pieces(_graph(network), inputs, 1, network.mask_halo, network.size_multiples)[..., 0]


def leaving_aside(pair: Pair, mask: np.ndarray) -> Pair:
    """Return a pair in which regions without counterpart, and 4 pixels around, do not count; unless nothing is left.

    Parameters
    ----------
    pair : Pair
    mask : ndarray, shape (n_1, ..., n_r)
        As of `without_counterpart`; above 0.5 there is none.

    Returns
    -------
    Pair
    """
    counted = ~ndimage.binary_dilation(mask > 0.5, iterations=_MARGIN)
    if pair.mask is not None:
        counted &= pair.mask
    return replace(pair, mask=counted) if counted.any() else pair


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
