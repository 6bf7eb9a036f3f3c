"""Average pooling over the cells of a coarser grid."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf.geometry.tensor_shapes import per_axis, spatial_rank


def average_pool(values: tf.Tensor, factor: int | Sequence[int]) -> tf.Tensor:
    """Average every cell of ``factor`` pixels per axis.

    Coarse pixel ``k`` is the center of its cell: it lies on fine pixel ``factor * k + (factor - 1) / 2``.

    Parameters
    ----------
    values : tf.Tensor, shape (B, n_1, ..., n_r, C)
        Image or field; every side is a multiple of the factor.
    factor : int or sequence of int
        Side of a cell in pixels, one for all axes or one per axis.

    Returns
    -------
    tf.Tensor, shape (B, n_1 / factor_1, ..., n_r / factor_r, C)

    Raises
    ------
    ValueError
        If a side is no multiple of its factor.

    Examples
    --------
    >>> average_pool(tf.reshape(tf.range(4.0), [1, 2, 2, 1]), 2).numpy().item()
    1.5
    """
    values = tf.convert_to_tensor(values)
    factors = per_axis(factor, spatial_rank(values, "values"), "factor")
    if any(side is not None and side % f for side, f in zip(values.shape[1:-1], factors)):
        raise ValueError(
            f"every side of `values` must be a multiple of the factor {factors}. Received: values.shape={values.shape}"
        )
    for axis, f in enumerate(factors, start=1):
        shape = tf.shape(values)
        cells = tf.concat([shape[:axis], [shape[axis] // f, f], shape[axis + 1 :]], axis=0)
        static = values.shape.as_list()
        static[axis] = None if static[axis] is None else static[axis] // f
        values = tf.reduce_mean(tf.reshape(values, cells), axis=axis + 1)
        values.set_shape(static)
    return values
