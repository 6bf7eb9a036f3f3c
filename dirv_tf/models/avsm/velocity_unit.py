"""The unit without weights of AVSM: a momentum becomes a velocity, and the velocity carries the map along (vSVF)."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf import geometry


def carried(flow_field: tf.Tensor, velocity: tf.Tensor, integrator: str, steps: int) -> tf.Tensor:
    """Return a flow field after its map has been carried along with a velocity over unit time.

    Parameters
    ----------
    flow_field : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Pixels of its grid.
    velocity : tf.Tensor, shape (B, m_1, ..., m_r, r)
        On a coarser grid, in units of the image's sides. The integration takes place there.
    integrator : {"squaring", "advection"}
        The field composed with the exponential of the negative velocity, or the transport equation; the same up to some
        hundredths of a pixel.
    steps : int
        Squarings, or steps of the Runge-Kutta method.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, r)
    """
    coarse_size, size = sides(velocity), sides(flow_field)
    in_pixels = velocity * tf.cast(tf.stack(coarse_size) - 1, velocity.dtype)
    coarse = geometry.resize_field(flow_field, coarse_size)
    return geometry.resize_field(integrated(coarse, in_pixels, integrator, steps), size)


def integrated(flow_field: tf.Tensor, velocity: tf.Tensor, integrator: str, steps: int) -> tf.Tensor:
    """Do as `carried` does, for a velocity in pixels of the field's own grid."""
    if integrator == "advection":
        return geometry.advect(flow_field, velocity, steps)
    return geometry.compose(first=flow_field, second=geometry.exponential(-velocity, steps))


def sides(tensor: tf.Tensor) -> Sequence[int | tf.Tensor]:
    """Return the spatial sizes, each as a number where it is known."""
    found = tf.shape(tensor)[1:-1]
    return [found[axis] if side is None else side for axis, side in enumerate(tensor.shape[1:-1])]
