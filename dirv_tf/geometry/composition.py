"""Composition and inversion of flow fields."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.geometry.tensor_shapes import field_rank
from dirv_tf.geometry.warp import warp_image
from dirv_tf.validation import integer


def compose(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """Return the single field that equals warping an image by `first` and the result by `second`.

    ``warp(warp(I, first), second)[p] = I(p + second[p] + first(p + second[p]))``, without the blur of the second
    interpolation.

    Parameters
    ----------
    first, second : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Backward flow fields in pixels.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, r)
    """
    return second + warp_image(first, second)


def invert(flow_field: tf.Tensor, iterations: int = 30) -> tf.Tensor:
    """Invert a flow field by the fixed-point iteration ``G <- -F(p + G)``.

    Parameters
    ----------
    flow_field : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Backward flow field in pixels. The iteration converges where the field changes by less than one pixel per
        pixel (which also means that it does not fold).
    iterations : int
        Number of fixed-point steps; the error shrinks geometrically.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, r)
        Field ``G`` with ``compose(flow_field, G)`` close to zero away from the border.

    Raises
    ------
    ValueError
        If `iterations` is not a positive integer.

    References
    ----------
    Chen et al., "A simple fixed-point approach to invert a deformation field", Medical Physics 35, 2008.
    """
    flow_field = tf.convert_to_tensor(flow_field)
    field_rank(flow_field, "flow_field")
    integer(1)("iterations", iterations)
    # A loop of the graph: written out, thirty warps would take long to trace.
    (inverse,) = tf.while_loop(
        lambda inverse: True,
        lambda inverse: (-warp_image(flow_field, inverse),),
        (tf.zeros_like(flow_field),),
        maximum_iterations=iterations,
    )
    return inverse
