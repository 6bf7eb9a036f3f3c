"""Fields of the demons method, for batches of pairs: what a network of uncertainty is to know of classical methods."""

from __future__ import annotations

import functools
import math

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.geometry import apply_rows, gaussian_rows

# The ends of intervals in whose logarithm is drawn: width in pixels of the Gaussian that smooths the field after every
# step, and steps at each size.
_WIDTHS = (0.7, 3.0)
_STEPS = (10.0, 80.0)
# A step moves a pixel by half of this at most, pixels.
_LONGEST = 1.0


def demons_fields(fixed: tf.Tensor, moving: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Register pairs by demons, at half the size and at the whole one.

    In every step each pixel moves along the gradient of the warped image by as much as explains the difference of the
    intensities there, and a Gaussian smooths the field. How wide it is and how many steps there are is drawn once for
    all pairs: some fields follow single pixels, others keep to the coarse. That is a simple form of the method; as a
    registration it is worse than `dirv_tf.register`.

    Parameters
    ----------
    fixed, moving : tf.Tensor, shape (B, n_1, ..., n_r, 1)
        Intensities in [0, 1].
    seed : tf.Tensor, shape (2,), integer
        Of the draws.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, r), float32
        Backward flow fields, pixels.

    References
    ----------
    Thirion, "Image matching as a diffusion process: an analogy with Maxwell's demons", Medical Image Analysis 2, 1998.
    Vercauteren et al., "Diffeomorphic demons: efficient non-parametric image registration", NeuroImage 45, 2009.
    """
    draws = tf.unstack(tf.random.stateless_uniform([2], seed))
    width, steps = (low * tf.exp(draw * math.log(high / low)) for draw, (low, high) in zip(draws, (_WIDTHS, _STEPS)))
    steps = tf.cast(steps, tf.int32)
    halved = [geometry.downsample_image(image) for image in (fixed, moving)]
    rank = fixed.shape.rank - 2
    register, start = _program(rank), tf.zeros([*halved[0].shape[:-1], rank])
    with geometry.for_any_shape():
        coarse = register(*halved, start, width, steps)
        return register(fixed, moving, geometry.upsample_displacement_field(coarse, "linear"), width, steps)


@functools.cache
def _program(rank):
    """Return `_registered` as one graph for batches of every length and size; of each rank, or shapes do not agree."""
    return tf.function(functools.partial(_registered, rank), reduce_retracing=True)


def _registered(rank, fixed, moving, start, width, steps):
    rows = [gaussian_rows(side, width, norm=1) for side in tf.unstack(tf.shape(fixed)[1:-1], num=rank)]
    field = start
    for _ in tf.range(steps):
        warped = geometry.warp_image(moving, field)
        gradient = geometry.image_gradient(warped)[..., 0, :]
        difference = fixed - warped
        weight = tf.reduce_sum(gradient**2, axis=-1, keepdims=True) + (difference / _LONGEST) ** 2
        field = apply_rows(field + tf.math.divide_no_nan(difference * gradient, weight), rows)
        field = tf.ensure_shape(field, start.shape)
    return field
