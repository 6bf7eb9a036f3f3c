"""Gaussian smoothing as one matrix per axis, for correlated noise and for averages of any width."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf.geometry.tensor_shapes import spatial_rank
from dirv_tf.validation import one_of


def gaussian_rows(side: int | tf.Tensor, width: float | tf.Tensor, norm: int = 2) -> tf.Tensor:
    """Return a Gaussian smoothing along an axis as a matrix, ``K[p, q]`` proportional to ``exp(-(p-q)^2 / (2 w^2))``.

    Parameters
    ----------
    side : int or tf.Tensor, shape ()
        Pixels along the axis.
    width : float or tf.Tensor, shape ()
        Standard deviation in pixels, above 0.
    norm : {2, 1}
        Which norm of every row is 1, also at the border. 2: noise keeps its standard deviation; 1: constants stay.

    Returns
    -------
    tf.Tensor, shape (side, side), float32

    Raises
    ------
    ValueError
        For another norm.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.geometry import gaussian_rows
    >>> rows = gaussian_rows(24, width=3.0)
    >>> round(float(tf.reduce_sum(rows[0] ** 2)), 5), round(float(tf.reduce_sum(rows[12] * rows[14])), 3)
    (1.0, 0.895)
    """
    one_of(2, 1)("norm", norm)
    places = tf.range(side)
    distances = tf.cast(places[:, None] - places[None], tf.float32) / width
    rows = tf.exp(-0.5 * distances**2)
    if norm == 2:
        return rows * tf.math.rsqrt(tf.reduce_sum(rows**2, axis=1, keepdims=True))
    return rows / tf.reduce_sum(rows, axis=1, keepdims=True)


def neighbor_correlations(rows: tf.Tensor) -> tf.Tensor:
    """Return the correlation of smoothed noise between every pixel of an axis and the next one.

    Away from the border it is ``exp(-1 / (4 w^2))``.

    Parameters
    ----------
    rows : tf.Tensor, shape (n, n)
        Of `gaussian_rows`, of 2-norm 1.

    Returns
    -------
    tf.Tensor, shape (n - 1,)
    """
    return tf.reduce_sum(rows[:-1] * rows[1:], axis=1)


def apply_rows(values: tf.Tensor, matrices: Sequence[tf.Tensor]) -> tf.Tensor:
    """Multiply every spatial axis by its matrix.

    Parameters
    ----------
    values : tf.Tensor, shape (B, n_1, ..., n_r, C)
    matrices : sequence of tf.Tensor, shape (n_i, n_i), one per axis

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, C)

    Raises
    ------
    ValueError
        If there is not one matrix per axis.
    """
    values = tf.convert_to_tensor(values)
    rank = spatial_rank(values, "values")
    if len(matrices) != rank:
        raise ValueError(f"`matrices` must be one per axis, {rank}. Received: {len(matrices)}")
    shape = values.shape
    for axis, matrix in enumerate(matrices, start=1):
        order = [axis, *(each for each in range(rank + 2) if each != axis)]
        moved = tf.tensordot(tf.cast(matrix, values.dtype), values, [[1], [axis]])
        values = tf.transpose(moved, [order.index(each) for each in range(rank + 2)])
    return tf.ensure_shape(values, shape)
