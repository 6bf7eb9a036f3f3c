"""Registration of large images in overlapping tiles, whose flow fields are blended."""

from __future__ import annotations

import itertools
import math

import numpy as np
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.registration.networks.inference import compiled_network

# Pixels or voxels that are registered at once. With 24 experts each takes about 500 bytes, 2 GB in all.
LARGEST_PIECE = 4_000_000


def tile_sides(tile, size, network):
    """Return the sides of the tiles for an image; those of the image where it is to be registered whole.

    Parameters
    ----------
    tile : int, sequence of int, False or None
        One side in pixels or one per axis, rounded up to multiples of `network.size_multiples`; None: tiles for
        images of more than `LARGEST_PIECE` pixels; False: never.
    size : tuple of int, length r
        Of the image.
    network : RegistrationNetwork

    Returns
    -------
    tuple of int, length r

    Raises
    ------
    ValueError
        When a side is not longer than the halos at both ends of a tile, `tile` is nothing of the above, or the network
        must see the whole image.
    """
    halos = network.halo
    if tile is False or (tile is None and (halos is None or math.prod(size) <= LARGEST_PIECE)):
        return tuple(size)
    if halos is None:
        raise ValueError(
            f"Expected tile to be None or False for a {type(network).__name__}, which must see the whole image. "
            f"Received: tile={tile!r}"
        )
    if tile is None:
        # A third of a tile at least is its own part, or the work for the rest would be out of proportion.
        sides = [max(round(LARGEST_PIECE ** (1 / network.rank)), 3 * width) for width in halos]
    else:
        sides = list(tile) if isinstance(tile, (list, tuple)) else [tile] * network.rank
        are_integers = all(isinstance(side, int) and not isinstance(side, bool) for side in sides)
        if len(sides) != network.rank or not are_integers or any(s <= 2 * width for s, width in zip(sides, halos)):
            raise ValueError(
                f"Expected tile to be None, False, or {network.rank} sides in pixels (one for all axes), longer than "
                f"the {' x '.join(map(str, halos))} pixels at both ends that this model needs beside a tile's own "
                f"part. Received: tile={tile!r}"
            )
    return tuple(map(min, geometry.legal_size(sides, network.size_multiples), size))


def tiles_along(size, side, overlap, multiple):
    """Place tiles along an axis, and weight their pixels for blending.

    Parameters
    ----------
    size : int
        Pixels of the image.
    side : int
        Pixels of a tile; a multiple of `multiple` unless one tile covers the image.
    overlap : int
        Least overlap of neighbors in pixels, a multiple of `multiple` below `side`.
    multiple : int
        All tiles start at multiples of it, so that their control points are some of those of the whole image.

    Returns
    -------
    list of (int, ndarray, shape (side,))
        First pixel of each tile; its weights in [0, 1], smooth ramps over the overlaps. At every pixel of the image the
        weights of all tiles have the sum 1.
    """
    if size <= side:
        return [(0, np.ones(side))]
    last = -(-(size - side) // multiple)
    count = -(-last * multiple // (side - overlap)) + 1
    starts = [last * index // (count - 1) * multiple for index in range(count)]
    weights = np.ones((count, side))
    for index in range(count - 1):
        common = starts[index] + side - starts[index + 1]
        ramp = _smooth(_smooth((np.arange(common) + 0.5) / common))
        weights[index, side - common :] *= ramp[::-1]
        weights[index + 1, :common] *= ramp
    # Where more than two tiles overlap, the products of their ramps have another sum than 1.
    total = np.zeros(starts[-1] + side)
    for start, weight in zip(starts, weights):
        total[start : start + side] += weight
    return [(start, weight / total[start : start + side]) for start, weight in zip(starts, weights)]


def _smooth(values):
    """From 0 to 1 as a half wave. Applied twice, it leaves little weight to the pixels near a tile's ends."""
    return np.sin(0.5 * np.pi * values) ** 2


def halvings(network, tile, size):
    """Return how often an image is halved before a network that must see it whole can take it.

    Parameters
    ----------
    network : RegistrationNetwork
    tile : int, sequence of int, False or None
        False: never, whatever the memory.
    size : tuple of int, length r
        Of the image.

    Returns
    -------
    int
        0 for networks that may be tiled.
    """
    if network.halo is not None or tile is False:
        return 0
    count = 0
    while math.prod(-(-side // 2**count) for side in size) > LARGEST_PIECE:
        count += 1
    return count


def register_halved(network, rounds, fixed, moving, count, progress):
    """Register an image on a coarser grid, and carry the field back to its own.

    Parameters
    ----------
    network, rounds, fixed, moving, progress
        As of `register_in_tiles`.
    count : int
        How often both images are halved.

    Returns
    -------
    tuple of (ndarray of float32, shape (n_1, ..., n_r, r), int)
        As of `register_in_tiles`.
    """
    images = [tf.convert_to_tensor(image[np.newaxis, ..., np.newaxis]) for image in (fixed, moving)]
    for _ in range(count):
        images = [geometry.downsample_image(image) for image in images]
    small = [image.numpy()[0, ..., 0] for image in images]
    field, kept = register_in_tiles(network, rounds, *small, small[0].shape, progress)
    flow_field = tf.convert_to_tensor(field[np.newaxis])
    for _ in range(count):
        flow_field = geometry.upsample_displacement_field(flow_field, "linear")
    return geometry.crop_to_size(flow_field, fixed.shape).numpy()[0], kept


def register_in_tiles(network, rounds, fixed, moving, sides, progress):
    """Register an image tile by tile.

    Parameters
    ----------
    network : RegistrationNetwork
    rounds : int or None
        See `compiled_network`.
    fixed, moving : ndarray of float32, shape (n_1, ..., n_r)
        Intensities in [0, 1].
    sides : tuple of int, length r
        Of the tiles, see `tile_sides`.
    progress : callable
        Called with the number of tiles done and of all tiles.

    Returns
    -------
    tuple of (ndarray of float32, shape (n_1, ..., n_r, r), int)
        The blended flow field, and the most rounds that a tile took.
    """
    run = compiled_network(network, rounds)
    size = fixed.shape
    halos = network.halo or (0,) * network.rank
    axes = [tiles_along(*numbers) for numbers in zip(size, sides, (2 * h for h in halos), network.size_multiples)]
    flow_field = np.zeros((*size, len(size)), np.float32)
    most_rounds = 0
    tiles = list(itertools.product(*axes))
    for done, tile in enumerate(tiles, start=1):
        # Beyond the image, its border is repeated, so that all tiles have one size and one graph serves all.
        pixels = np.ix_(*(np.arange(start, start + len(w)).clip(max=n - 1) for (start, w), n in zip(tile, size)))
        batches = (tf.convert_to_tensor(image[pixels][np.newaxis, ..., np.newaxis]) for image in (fixed, moving))
        tile_field, tile_rounds = (result.numpy()[0] for result in run(*batches))
        for axis, (_, weights) in enumerate(tile):
            along = [1] * tile_field.ndim
            along[axis] = -1
            tile_field = tile_field * weights.astype(np.float32).reshape(along)
        inside = tuple(slice(start, start + len(weights)) for start, weights in tile)
        part = flow_field[inside]
        part += tile_field[tuple(map(slice, part.shape))]
        most_rounds = max(most_rounds, int(tile_rounds))
        progress(done, len(tiles))
    return flow_field, most_rounds
