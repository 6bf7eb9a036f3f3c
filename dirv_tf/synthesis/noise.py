"""Noise desensitization: displacements too small to be seen count as none."""

from __future__ import annotations

import math

import tensorflow as tf

from dirv_tf.synthesis import random_keys


def desensitize(
    fields: tf.Tensor,
    seed: int,
    indices: tf.Tensor,
    epoch: int | tf.Tensor = 0,
    threshold: float = 0.005,
    replace_probability: float = 0.001,
    add_probability: float = 0.01,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Teach a network to ignore invisible displacements (thesis Section 5.7).

    Now and then a field is replaced by truncated white noise, or such noise is added to the field that warps the
    image but not to the field to predict. A field to predict whose components all stay below the threshold becomes
    zero; that includes the fields that are nothing but noise.

    Parameters
    ----------
    fields : tf.Tensor, shape (B, n_1, ..., n_r, r), float32
        Flow fields in pixels; all axes but the first of known size.
    seed : int
        From 0 to 2^64 - 1.
    indices : tf.Tensor, shape (B,), integer
        Numbers of the images.
    epoch : int or tf.Tensor, shape (), integer
        Number of the epoch.
    threshold : float
        Largest noise component and smallest visible one, in pixels. The noise is normal with half of it as standard
        deviation.
    replace_probability : float
        Chance of a field to become noise.
    add_probability : float
        Chance of a field to be warped with added noise.

    Returns
    -------
    warping : tf.Tensor, like `fields`
        The flow fields to warp with.
    target : tf.Tensor, like `fields`
        The flow fields to predict.
    """
    keys = random_keys.fold(random_keys.stream_key(seed, random_keys.NOISE, epoch), indices)
    draws = random_keys.uniform(keys, 2)
    replaced = draws[:, 0] < replace_probability
    rows = tf.where(replaced | (draws[:, 1] < add_probability))

    # Few images are concerned: noise is drawn for those alone, from keys of their own.
    size = fields.shape[1:]
    noise_keys = random_keys.fold(tf.gather(keys, rows[:, 0]), 0)
    noise = random_keys.truncated_normal(noise_keys, math.prod(size))
    noise = tf.reshape(0.5 * threshold * noise, [-1, *size])

    per_image = [-1] + [1] * len(size)
    signal = tf.gather(fields, rows[:, 0])
    kept = tf.reshape(tf.gather(~replaced, rows[:, 0]), per_image)
    warping = tf.tensor_scatter_nd_update(fields, rows, tf.where(kept, signal, 0.0) + noise)

    axes = list(range(1, len(fields.shape)))
    visible = tf.reduce_max(tf.abs(fields), axis=axes) >= threshold
    target = tf.where(tf.reshape(visible & ~replaced, per_image), fields, 0.0)
    return warping, target
