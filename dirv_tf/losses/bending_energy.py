"""Bending energy of a field."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.geometry.compiled import compiled_both_ways
from dirv_tf.geometry.tensor_shapes import axis_slice, field_rank


def bending_energy(field: tf.Tensor) -> tf.Tensor:
    """Return the mean squared second derivatives of a field: ``sum_a [sum_i (d²_ii u_a)² + 2 sum_i<j (d²_ij u_a)²]``.

    Forward differences, averaged for each kind of derivative over the pixels that have it; nothing is padded.

    Parameters
    ----------
    field : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Every side at least 3 pixels.

    Returns
    -------
    tf.Tensor, shape (B,)
        In 1 / pixel² for displacements in pixels; 0 for affine fields.

    Raises
    ------
    ValueError
        If `field` is no field or has a side below 3.

    References
    ----------
    Rueckert et al., "Nonrigid registration using free-form deformations", IEEE Transactions on Medical Imaging 18,
    1999.

    Examples
    --------
    >>> float(bending_energy(tf.ones([1, 8, 8, 2]))[0])
    0.0
    """
    field = tf.convert_to_tensor(field)
    rank = field_rank(field, "field")
    if any(side is not None and side < 3 for side in field.shape[1:-1]):
        raise ValueError(f"every side of `field` must be at least 3 pixels. Received: field.shape={field.shape}")
    energy = _energy(field, rank=rank)
    energy.set_shape(field.shape[:1])
    return energy


@compiled_both_ways
def _energy(field, rank):
    terms = []
    for axis in range(1, rank + 1):
        first = difference(field, axis)
        terms.append(_mean_square(difference(first, axis)))
        terms.extend(2 * _mean_square(difference(first, other)) for other in range(axis + 1, rank + 1))
    return tf.add_n(terms)


def difference(values: tf.Tensor, axis: int) -> tf.Tensor:
    """Return ``values[p + 1] - values[p]`` along an axis, one shorter."""
    return axis_slice(values, axis, 1, None) - axis_slice(values, axis, None, -1)


def _mean_square(values):
    summed = tf.reduce_sum(tf.square(values), axis=-1)
    return tf.reduce_mean(summed, axis=list(range(1, summed.shape.rank)))
