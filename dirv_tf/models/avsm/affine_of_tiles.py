"""The affine map of an image larger than those that an affine network knows, from the maps of its tiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.models.avsm.velocity_unit import sides

# Tiles along an axis, at most: two neighbors overlap by half up to here, and lie farther apart in larger images.
MOST_TILES = {2: 8, 3: 3}


def affine_of_tiles(
    network: Callable[..., tuple[tf.Tensor, tf.Tensor]], fixed: tf.Tensor, moving: tf.Tensor, side: int, steps: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the affine map that fits best what a network finds on tiles.

    A larger image that is reduced to the size that a network knows shows finer structure than it knows. Tiles do not.

    Parameters
    ----------
    network : AffineNetwork
        Called on tiles of the fixed and the moving image.
    fixed, moving : tf.Tensor, shape (B, n_1, ..., n_r, 1)
    side : int
        Of the tiles in pixels; along shorter axes they are as long as the image.
    steps : int
        Of the network.

    Returns
    -------
    matrix : tf.Tensor, shape (B, r, r)
    translation : tf.Tensor, shape (B, r)
        Of the backward map of coordinates in [-1, 1], as of the network: the least squares of its distance from the
        maps of the tiles.
    """
    size = sides(fixed)
    if all(isinstance(length, int) and length <= side for length in size):
        return network((fixed, moving), steps=steps)
    rank = len(size)
    lengths = [tf.minimum(length, side) for length in size]
    places = [_places(length, side, MOST_TILES[rank]) for length in size]
    tiles = [_tiles(image, places, lengths) for image in (fixed, moving)]
    maps = geometry.normalized_to_pixels(*network(tuple(tiles), steps=steps), lengths)
    # (B, tiles, r, r) and (B, tiles, r)
    changes = tf.reshape(maps[0] - tf.eye(rank, dtype=fixed.dtype), [tf.shape(fixed)[0], -1, rank, rank])
    translations = tf.reshape(maps[1], [tf.shape(fixed)[0], -1, rank])
    halves = [tf.cast(length - 1, fixed.dtype) / 2 for length in lengths]
    along = [tf.cast(place, fixed.dtype) + half for place, half in zip(places, halves)]
    middle = tf.stack([tf.reduce_mean(centers) for centers in along])
    # Of every tile, about the middle of all; products of axes have the mean 0, so each axis is fitted by itself.
    centers = tf.reshape(tf.stack(tf.meshgrid(*along, indexing="ij"), axis=-1), [-1, rank]) - middle
    spread = tf.square(tf.stack(halves)) / 3
    joint = tf.einsum("bti,tj->bij", translations, centers) + tf.reduce_sum(changes, axis=1) * spread
    change = joint / tf.reduce_sum(tf.square(centers) + spread, axis=0)
    center = tf.stack([tf.cast(length - 1, fixed.dtype) / 2 for length in size])
    translation = tf.reduce_mean(translations, axis=1) + tf.linalg.matvec(change, center - middle)
    matrix = change + tf.eye(rank, dtype=fixed.dtype)
    return geometry.pixels_to_normalized(matrix, translation, size)


def _places(length: int | tf.Tensor, side: int, most: int) -> tf.Tensor:
    """Return the first pixels of the tiles along an axis."""
    rest = tf.maximum(length - side, 0)
    count = tf.minimum(1 - (-rest // (side // 2)), most)
    return tf.range(count) * rest // tf.maximum(count - 1, 1)


def _tiles(image: tf.Tensor, places: Sequence[tf.Tensor], lengths: Sequence[tf.Tensor]) -> tf.Tensor:
    """Return the tiles of all images, one image's behind another's."""
    rank = len(places)
    # The last axis first, so that the places of the others stay.
    for axis in reversed(range(rank)):
        image = tf.gather(image, places[axis][:, None] + tf.range(lengths[axis]), axis=axis + 1)
    image = tf.transpose(image, [0, *range(1, 2 * rank, 2), *range(2, 2 * rank + 1, 2), 2 * rank + 1])
    return tf.reshape(image, [-1, *lengths, 1])
