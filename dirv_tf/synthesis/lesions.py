"""Lesions pasted into images: regions that show something that the other image of a pair does not."""

from __future__ import annotations

import math

import tensorflow as tf

from dirv_tf.lesion_range import LesionRange
from dirv_tf.synthesis import random_keys

# Volume of the unit ball, by the number of axes.
_UNIT_BALL = {2: math.pi, 3: 4 * math.pi / 3}
# Largest ratio of two axes of a blob; size and number of the waves that make it uneven, in units of its radius.
_STRETCH, _WAVE, _ROUNDS = 1.5, 0.3, 2
_FREQUENCIES = (1.0, 3.0)
_NOISE = 0.15


def paste_lesions(
    images: tf.Tensor,
    seed: int,
    indices: tf.Tensor,
    epoch: int | tf.Tensor = 0,
    lesions: LesionRange | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Paste one uneven blob into each of some images, and say where.

    A blob is a ball of a random volume about a random pixel of the image, stretched and bent by shears, which keep its
    volume; its border is one pixel wide.

    Parameters
    ----------
    images : tf.Tensor, shape (B, n_1, ..., n_r, 1), float32
        Intensities in [0, 1]; all axes but the first of known size.
    seed : int
        From 0 to 2^64 - 1.
    indices : tf.Tensor, shape (B,), integer
        Numbers of the images.
    epoch : int or tf.Tensor, shape (), integer
        Number of the epoch.
    lesions : LesionRange, optional
        Sizes, contents and how many images get one. Default: its own.

    Returns
    -------
    images : tf.Tensor, as given
        Each image is a function of its pixels, the seed, the epoch and its number alone.
    masks : tf.Tensor, shape (B, n_1, ..., n_r, 1), float32
        1 within a lesion, 0 outside, between them on its border.

    Examples
    --------
    >>> images = tf.random.stateless_uniform((2, 32, 32, 1), (0, 1))
    >>> pasted, masks = paste_lesions(images, seed=42, indices=[0, 1])
    >>> bool(tf.reduce_all(tf.where(masks == 0, pasted == images, True)))
    True
    """
    limits, size = lesions or LesionRange(), tuple(images.shape[1:-1])
    rank = len(size)
    keys = random_keys.fold(random_keys.stream_key(seed, random_keys.LESIONS, epoch), indices)
    numbers = random_keys.uniform(keys, 5 + 3 * rank + 2 * rank * _ROUNDS)
    draws = (tf.reshape(column, [-1] + [1] * rank) for column in tf.unstack(numbers, axis=1))
    drawn = [next(draws) for _ in range(5)]
    meets, share, fill, level, extreme = drawn
    radius = tf.pow(random_keys.between(share, *limits.area) * math.prod(size) / _UNIT_BALL[rank], 1 / rank)
    masks = _blobs(size, radius, draws)[..., None] * tf.cast(meets < limits.chance, tf.float32)[..., None]
    shifts = [next(draws) for _ in size]
    level, extreme = level[..., None], extreme[..., None]
    axes = list(range(1, rank + 2))
    least, most = (reduce(images, axis=axes, keepdims=True) for reduce in (tf.reduce_min, tf.reduce_max))
    noise = tf.reshape(random_keys.truncated_normal(random_keys.fold(keys, 0), math.prod(size)), tf.shape(images))
    contents = {
        "background": tf.where(extreme < 0.5, least, most) + 0 * images,
        "constant": level + 0 * images,
        "noise": tf.clip_by_value(level + _NOISE * noise, 0.0, 1.0),
        "texture": _elsewhere(images, shifts),
    }
    chosen = random_keys.integers(fill, 0, len(limits.fills))[..., None]
    content = contents[limits.fills[0]]
    for number, name in enumerate(limits.fills):
        content = tf.where(chosen == number, contents[name], content)
    return (1 - masks) * images + masks * content, masks


def _blobs(size, radius, draws):
    """Return the masks (B, n_1, ..., n_r) of blobs with the volume of balls of some radii, pixels."""
    rank, places = len(size), []
    for axis, side in enumerate(size):
        along = [1] * (rank + 1)
        along[axis + 1] = side
        places.append((tf.reshape(tf.range(side, dtype=tf.float32), along) - next(draws) * (side - 1)) / radius)
    stretches = [tf.pow(_STRETCH, 2 * next(draws) - 1) for _ in size]
    mean = tf.pow(math.prod(stretches), 1 / rank)
    places = [place * mean / stretch for place, stretch in zip(places, stretches)]
    for _ in range(_ROUNDS):
        for axis in range(rank):
            # A shear: what is added to a coordinate does not depend on it.
            other = places[(axis + 1) % rank]
            frequency = random_keys.between(next(draws), *_FREQUENCIES)
            places[axis] = places[axis] + _WAVE * tf.sin(frequency * other + 2 * math.pi * next(draws))
    distance = tf.sqrt(tf.add_n([tf.square(place) for place in places]))
    return tf.clip_by_value((1 - distance) * radius + 0.5, 0.0, 1.0)


def _elsewhere(images, shifts):
    """Return every image mirrored along all axes and moved by a quarter to three quarters of its sides, around."""
    for axis, shift in enumerate(shifts, start=1):
        side = images.shape[axis]
        moved = tf.cast(random_keys.between(tf.reshape(shift, [-1, 1]), side / 4, 3 * side / 4), tf.int32)
        images = tf.gather(tf.reverse(images, [axis]), (tf.range(side) + moved) % side, axis=axis, batch_dims=1)
    return images
