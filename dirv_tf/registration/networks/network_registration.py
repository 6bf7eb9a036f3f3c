"""Registration of a pair by a network, and the rule that its field must not take two images farther from each other.

The units of a network go on from what the units before have left: a difference of 1e-7, which says nothing, can grow to
displacements of half a pixel, and a pair that fits already would be spoiled.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, NamedTuple

import numpy as np
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.losses import image_dissimilarity
from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.networks.noise_floor import stays_below_floor

_WORDS = {
    "mse": "mean squared difference",
    "ncc": "negative correlation",
    "lncc": "one minus the local correlation",
    "mk_lncc": "one minus the local correlation",
    "mind": "difference of self-similarity",
}
# Measures of neighborhoods need several copies of an image: larger ones are halved before.
_LARGEST = 2**22


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
    mask : callable or None
        From a pair and its field to where the fixed image has no counterpart, see `without_counterpart`; None where the
        network does not say that.
    """

    run: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, int]]
    name: str
    similarity: str | None = None
    noise_floor: float | None = None
    mask: Callable[[Pair, np.ndarray], np.ndarray] | None = None


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


def never_worse(pair: Pair, found: Found, similarity: str | None) -> Found:
    """Return what a network found, or the pair as it was where the images would be less alike.

    The whole field is taken or left, also of a pair that was registered in tiles.

    Parameters
    ----------
    pair : Pair
    found : Found
    similarity : str or None
        The network's own measure, see `RegistrationNetwork.similarity`; None: everything is taken.

    Returns
    -------
    Found
        With a note and no rounds where nothing was taken.
    """
    if similarity is None:
        return found
    start = pair.start()
    before, after = (dissimilarity(pair.fixed, pair.warped(field), similarity) for field in (start, found.flow_field))
    if after <= before:
        return found
    note = (
        f"the images stay where they were: with the field of {found.method} they would be less alike "
        f"({_WORDS[similarity]} {after:.2g}, before {before:.2g})"
    )
    return replace(found, flow_field=start, rounds=0, notes=(*found.notes, note))


def dissimilarity(fixed: np.ndarray, image: np.ndarray, similarity: str) -> float:
    """Return how unlike two images are, by a measure of `image_dissimilarity`.

    Parameters
    ----------
    fixed, image : ndarray of float32, shape (n_1, ..., n_r)
        In [0, 1].
    similarity : {"mse", "ncc", "lncc", "mk_lncc", "mind"}

    Returns
    -------
    float
    """
    if similarity == "mse":
        # Slice by slice: large images would need several times their memory, and float32 adds up rounding errors.
        squares = (float(np.square(one - two).sum(dtype=np.float64)) for one, two in zip(fixed, image))
        return sum(squares) / fixed.size
    images = [tf.convert_to_tensor(each[np.newaxis, ..., np.newaxis]) for each in (fixed, image)]
    while tf.size(images[0]) > _LARGEST:
        images = [geometry.downsample_image(each) for each in images]
    return float(image_dissimilarity(images[0], images[1], similarity)[0])
