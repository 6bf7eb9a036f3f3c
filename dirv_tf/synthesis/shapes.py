"""Random smooth shapes: images like anatomy in nothing but having regions, edges and a background."""

from __future__ import annotations

import math
from collections.abc import Sequence

import tensorflow as tf

from dirv_tf.synthesis import random_keys

# Pixels: over how many a label's share of an edge goes from 10 % to 90 %, drawn per image.
EDGE_WIDTHS = (0.5, 2.0)
# Standard deviation of the texture within a shape, as a share of its intensity: the largest, drawn per image.
TEXTURE = 0.1
# Share of the images whose first shape is black, as what surrounds a body in a scan.
BACKGROUND_SHARE = 0.5

# Sum of the squared weights of a cubic B-spline, averaged over the places between two control points: how much of the
# variance of independent control values is left along one axis.
_SPLINE_VARIANCE = 151 / 315
# Keys derived from that of an image, one for each kind of numbers.
_LAYOUT, _MEANS, _SCORES, _TEXTURES = range(4)


def shape_images(
    size: Sequence[int], seed: int, indices: tf.Tensor, shape_size: Sequence[int] = (6, 16), labels: int = 8
) -> tf.Tensor:
    """Draw images of smooth random shapes with random intensities.

    Every label has a random score, a cubic B-spline with random coefficients; a pixel belongs to the label with the
    highest score (Hoffmann et al., "SynthMorph: learning contrast-invariant registration without acquired images",
    IEEE TMI 41, 2022), by shares at the edges, whose width is drawn per image. Every label has a random intensity, in
    half of the images that of the first is zero, and within the shapes a faint texture half as coarse as they are.
    Unlike chessboards they have curved edges of every contrast and large, nearly flat regions, as scans do.

    Parameters
    ----------
    size : sequence of int, length r
        Image sides in pixels.
    seed : int
        From 0 to 2^64 - 1.
    indices : tf.Tensor, shape (B,), integer
        Numbers of the images.
    shape_size : sequence of int, length 2
        Shortest and longest distance of the control points of the scores in pixels; each image's is drawn between them,
        evenly on a logarithmic scale.
    labels : int
        Number of labels.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, 1), float32
        From 0 to 1. The same in every epoch.
    """
    return shape_images_and_labels(size, seed, indices, shape_size, labels)[0]


def shape_images_and_labels(
    size: Sequence[int], seed: int, indices: tf.Tensor, shape_size: Sequence[int] = (6, 16), labels: int = 8
) -> tuple[tf.Tensor, tf.Tensor]:
    """Draw the images of `shape_images` together with which shape every pixel belongs to.

    Parameters
    ----------
    size, seed, indices, shape_size, labels
        As of `shape_images`.

    Returns
    -------
    images : tf.Tensor, shape (B, n_1, ..., n_r, 1), float32
        As of `shape_images`.
    labels : tf.Tensor, shape (B, n_1, ..., n_r), int32
        From 0 to `labels` - 1: the shape with the highest score; of half of the images 0 is black.
    """
    keys = random_keys.fold(random_keys.stream_key(seed, random_keys.SHAPES), indices)
    shortest, longest = (float(end) for end in shape_size)
    layout = random_keys.uniform(random_keys.fold(keys, _LAYOUT), 4 + 2 * len(size))
    distances = shortest * (longest / shortest) ** layout[:, 0]
    widths = random_keys.between(layout[:, 1], *EDGE_WIDTHS)
    amplitudes = TEXTURE * layout[:, 2]
    black = tf.cast(layout[:, 3] < BACKGROUND_SHARE, tf.float32)
    offsets, texture_offsets = tf.split(layout[:, 4:], 2, axis=1)

    scores = _random_splines(size, random_keys.fold(keys, _SCORES), labels, distances, offsets, shortest)
    # A share goes from 10 % to 90 % while the difference of two sharpened scores rises by 4.4; that of the scores rises
    # by about 2.4 (2D) over a distance of control points.
    sharpness = tf.reshape(2.0 * distances / widths, [-1, 1] + [1] * len(size))
    shares = tf.nn.softmax(sharpness * scores, axis=1)
    means = random_keys.uniform(random_keys.fold(keys, _MEANS), labels)
    means *= 1.0 - black[:, None] * tf.one_hot(0, labels)
    images = tf.einsum("bl,bl...->b...", means, shares)

    # Multiplied by the intensity, so that black stays black.
    textures = _random_splines(
        size, random_keys.fold(keys, _TEXTURES), 1, distances / 2, texture_offsets, shortest / 2
    )[:, 0]
    images *= 1.0 + tf.reshape(amplitudes, [-1] + [1] * len(size)) * textures
    return tf.clip_by_value(images, 0.0, 1.0)[..., None], tf.argmax(scores, axis=1, output_type=tf.int32)


def _random_splines(size, keys, channels, distances, offsets, shortest):
    """Return cubic B-splines with random coefficients, mean 0 and deviation about 1: (B, channels, n_1, ..., n_r).

    Of every image, control points are `distances` pixels apart, at least `shortest`, and shifted by the share `offsets`
    of it per axis.
    """
    rank = len(size)
    points = [math.ceil(side / shortest) + 4 for side in size]
    numbers = random_keys.uniform(keys, channels * math.prod(points))
    values = tf.reshape(numbers - 0.5, [-1, channels, *points]) * math.sqrt(12.0 / _SPLINE_VARIANCE**rank)
    for axis, (side, count) in enumerate(zip(size, points)):
        # The first place lies between the second and the third control point, so that all four neighbors are there.
        places = tf.range(side, dtype=tf.float32) / distances[:, None] + 1.0 + offsets[:, axis, None]
        weights = _cubic_spline(places[..., None] - tf.range(count, dtype=tf.float32))
        axes = "cxyz"[: rank + 1]
        letter = axes[axis + 1]
        values = tf.einsum(f"bs{letter},b{axes}->b{axes.replace(letter, 's')}", weights, values)
    return values


def _cubic_spline(distances):
    near = tf.abs(distances)
    inner = 2.0 / 3.0 - near**2 + near**3 / 2.0
    outer = tf.maximum(2.0 - near, 0.0) ** 3 / 6.0
    return tf.where(near < 1.0, inner, outer)
