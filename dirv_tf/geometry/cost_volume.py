"""Matching costs of two feature images for all displacements of a window."""

from __future__ import annotations

import itertools

import tensorflow as tf

from dirv_tf.geometry.compiled import compiled
from dirv_tf.geometry.tensor_shapes import spatial_rank

MEASURES = ("dot", "ssd", "sad_box")


def cost_volume(fixed: tf.Tensor, moving: tf.Tensor, radius: int, measure: str = "dot") -> tf.Tensor:
    """Compare every pixel of `fixed` with the pixels of `moving` up to `radius` pixels away per axis.

    Parameters
    ----------
    fixed, moving : tf.Tensor, shape (B, n_1, ..., n_r, C)
        Features; `moving` is zero outside.
    radius : int
        Largest displacement per axis in pixels.
    measure : {"dot", "ssd", "sad_box"}
        "dot": mean over the channels of the product, the larger the better. "ssd": mean squared difference.
        "sad_box": sum of absolute differences, averaged over 3 pixels per axis, zeros outside counted.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, (2 radius + 1)^r)
        Channel ``sum_i (d_i + radius) (2 radius + 1)^(r - 1 - i)`` is that of the displacement ``d``.

    Raises
    ------
    ValueError
        If the shapes differ, `radius` is negative or the measure is unknown.

    Notes
    -----
    One compiled loop over shifted copies, with a compiled gradient that starts from the features: what the loop
    computes for each displacement is not kept. The loop is not unrolled, so that compiling takes no longer for a large
    window.

    Examples
    --------
    >>> cost_volume(tf.ones([1, 8, 8, 2]), tf.ones([1, 8, 8, 2]), radius=2).shape
    TensorShape([1, 8, 8, 25])
    """
    fixed, moving = tf.convert_to_tensor(fixed), tf.convert_to_tensor(moving)
    rank = spatial_rank(fixed, "fixed")
    if not fixed.shape.is_compatible_with(moving.shape):
        raise ValueError(
            f"`fixed` and `moving` must have the same shape. "
            f"Received: fixed.shape={fixed.shape}, moving.shape={moving.shape}"
        )
    if not isinstance(radius, int) or radius < 0:
        raise ValueError(f"`radius` must be an integer from 0 on. Received: radius={radius!r}")
    if measure not in MEASURES:
        raise ValueError(f"`measure` must be one of {MEASURES}. Received: measure={measure!r}")
    volume = _with_gradient(rank, radius, measure)(fixed, moving)
    volume.set_shape([*fixed.shape[:-1], (2 * radius + 1) ** rank])
    return volume


def _with_gradient(rank, radius, measure):
    settings = {"rank": rank, "radius": radius, "measure": measure}

    @tf.custom_gradient
    def evaluate(fixed, moving):
        # Without a watched argument the compiled loop is not asked for what a gradient of its own would need.
        volume = _volume(tf.stop_gradient(fixed), tf.stop_gradient(moving), **settings)
        return volume, lambda upstream: _gradient(fixed, moving, upstream, **settings)

    return evaluate


def _offsets(rank, radius):
    """Return the displacements from ``-radius`` on, counted from 0: where the windows begin in padded arrays."""
    offsets = list(itertools.product(range(2 * radius + 1), repeat=rank))
    return tf.pad(tf.constant(offsets, tf.int32, [len(offsets), rank]), [[0, 0], [1, 1]])


def _padded(values, rank, radius):
    return tf.pad(values, [[0, 0], *[[radius, radius]] * rank, [0, 0]])


@compiled
def _volume(fixed, moving, rank, radius, measure):
    offsets, padded = _offsets(rank, radius), _padded(moving, rank, radius)
    slabs = tf.map_fn(
        lambda there: _compare(fixed, tf.slice(padded, there, tf.shape(fixed)), rank, measure),
        offsets,
        fn_output_signature=fixed.dtype,
    )
    return tf.transpose(slabs, [*range(1, rank + 2), 0])


def _compare(fixed, shifted, rank, measure):
    if measure == "dot":
        return tf.reduce_mean(fixed * shifted, axis=-1)
    if measure == "ssd":
        return tf.reduce_mean(tf.square(fixed - shifted), axis=-1)
    return _box_mean(tf.reduce_sum(tf.abs(fixed - shifted), axis=-1), rank)


@compiled
def _gradient(fixed, moving, upstream, rank, radius, measure):
    size = tf.shape(fixed)
    upstream = tf.transpose(upstream, [rank + 1, *range(rank + 1)])[..., None]
    if measure == "sad_box":
        # With zeros outside, the mean over a box is its own adjoint.
        upstream = tf.map_fn(lambda slab: _box_mean(slab[..., 0], rank)[..., None], upstream)
    else:
        upstream = upstream / tf.cast(size[-1], upstream.dtype)
    offsets, padded_fixed, padded_moving = _offsets(rank, radius), *(_padded(x, rank, radius) for x in (fixed, moving))
    slab_size = tf.concat([size[:-1], [1]], axis=0)
    # Of the same static shape before and in the loop, whatever of it is known.
    to_fixed, to_moving = tf.zeros(size, fixed.dtype), tf.zeros(size, fixed.dtype)

    def add(index, to_fixed, to_moving):
        there, slab = offsets[index], upstream[index]
        to_fixed += tf.reshape(slab * _derivative(fixed, tf.slice(padded_moving, there, size), measure), size)
        # What a pixel of the moving image is compared with lies the other way.
        back = tf.pad(tf.fill([rank], 2 * radius), [[1, 1]]) - there
        slab_back = tf.slice(_padded(slab, rank, radius), back, slab_size)
        to_moving += tf.reshape(slab_back * _derivative(moving, tf.slice(padded_fixed, back, size), measure), size)
        return index + 1, to_fixed, to_moving

    count = offsets.shape[0]
    return tf.while_loop(lambda index, *_: index < count, add, (0, to_fixed, to_moving))[1:]


def _derivative(one, other, measure):
    """Return the derivative of a channel's cost in one of the two features; the measures are symmetric."""
    if measure == "dot":
        return other
    return 2 * (one - other) if measure == "ssd" else tf.sign(one - other)


def _box_mean(values, rank):
    """Mean over 3 pixels per axis of (B, n_1, ..., n_r), zeros outside counted."""
    for axis in range(1, rank + 1):
        before, behind = [[0, 0]] * (rank + 1), [[0, 0]] * (rank + 1)
        before[axis], behind[axis] = [1, 0], [0, 1]
        last, first = [slice(None)] * (rank + 1), [slice(None)] * (rank + 1)
        last[axis], first[axis] = slice(None, -1), slice(1, None)
        values = (values + tf.pad(values[tuple(last)], before) + tf.pad(values[tuple(first)], behind)) / 3
    return values
