"""The difference of two images below which a network's field is noise, measured and honored.

The units of a network go on from what the units before have left, so that a difference that says nothing can grow to
displacements of half a pixel. Where no pixel of a pair differs by as much as the floor, no field is asked for. Pixels
count one by one: an object that moves is seen, however small it is.
"""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf
from scipy import ndimage

from dirv_tf import geometry
from dirv_tf.models import RegistrationNetwork
from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.networks.inference import flow_field

# Largest displacements of the measured pairs, px: from those that single precision hardly tells apart to those that
# every network is made for.
AMPLITUDES = tuple(10 ** (exponent / 2) for exponent in range(-8, 2))
# One gray level of 8 bits: what differs by more may be meant.
LARGEST_FLOOR = 1 / 255
_SIDES = {2: 64, 3: 32}


def measure_noise_floor(network: RegistrationNetwork) -> float | None:
    """Measure up to which difference of two images a network's field is farther from the truth than no field.

    Three images (a texture, a disc in an empty field, a chessboard) are moved by a smooth field, whose length grows
    from 1e-4 to 3 pixels by factors of the square root of 10. Of each image, the difference counts at the last length
    before the network's field is closer to the true one (root mean square over the pixels) than zero is. The floor is
    the smallest of the three, below which the network has found nothing in any of them, and at most one gray level of
    8 bits, 1 / 255.

    Parameters
    ----------
    network : RegistrationNetwork

    Returns
    -------
    float or None
        Largest absolute difference over the pixels of images in [0, 1], rounded down to two digits. 0: the smallest
        field was found already. None: the network found none of the fields.

    Examples
    --------
    >>> from dirv_tf.models import load_pretrained
    >>> 0 < measure_noise_floor(load_pretrained("A-1")) <= 1 / 255
    True
    """
    rank = network.rank
    size = geometry.legal_size((_SIDES[rank],) * rank, network.size_multiples)
    floors = [_floor(network, image) for image in _images(size)]
    stated = [floor for floor in floors if floor is not None]
    return _rounded_down(min(*stated, LARGEST_FLOOR)) if stated else None


def stays_below_floor(pair: Pair, name: str, noise_floor: float | None) -> Found | None:
    """Return the pair as it was where no pixel of its images differs by a network's noise floor.

    Parameters
    ----------
    pair : Pair
        The whole one, before any tiles.
    name : str
        Of the network.
    noise_floor : float or None
        See `RegistrationNetwork.noise_floor`.

    Returns
    -------
    Found or None
        With a note and no rounds; None where the network is to be asked.
    """
    if noise_floor is None:
        return None
    # Slice by slice: large images would need their memory once more.
    difference = max(float(np.abs(one - two).max()) for one, two in zip(pair.fixed, pair.sampled()))
    if difference >= noise_floor:
        return None
    note = (
        f"the images stay where they were: no pixel differs by more than {difference:.2g}, below the "
        f"noise floor of {name}, {noise_floor:.2g}"
    )
    return Found(pair.start(), name, 0, (note,))


def _floor(network, moving):
    rank = moving.ndim
    places = np.indices(moving.shape)
    bump = np.prod([np.sin(np.pi * (place + 0.5) / side) for place, side in zip(places, moving.shape)], axis=0)
    unit = np.stack([(-1) ** axis * bump / math.sqrt(rank) for axis in range(rank)], axis=-1)
    true = [amplitude * unit for amplitude in AMPLITUDES]
    # In double precision, or the smallest displacements would be rounded away with the places.
    fixed = np.stack([
        ndimage.map_coordinates(moving, places + np.moveaxis(field, -1, 0), order=1, mode="nearest") for field in true
    ])  # fmt: skip
    images = fixed, np.broadcast_to(moving, fixed.shape)
    found = flow_field(network, *(tf.constant(each[..., np.newaxis], tf.float32) for each in images)).numpy()
    last = 0.0
    for one, field, image in zip(found, true, fixed):
        if np.square(one - field).mean() < np.square(field).mean():
            return last
        last = float(np.abs(image - moving).max())
    return None


def _images(size):
    """Return rich, sparse and sharp-edged images in [0, 1]."""
    texture = ndimage.gaussian_filter(np.random.default_rng(1).random(size), 2)
    places = np.indices(size)
    middle = [(side - 1) / 2 for side in size]
    distance = np.sqrt(sum(np.square(place - center) for place, center in zip(places, middle)))
    disc = np.clip(min(size) / 8 - distance + 0.5, 0, 1)
    return (texture - texture.min()) / np.ptp(texture), disc, ((places // 8).sum(axis=0) % 2).astype(float)


def _rounded_down(value):
    if not value:
        return 0.0
    digits = 1 - math.floor(math.log10(value))
    return float(f"{math.floor(value * 10**digits) / 10**digits:.1e}")
