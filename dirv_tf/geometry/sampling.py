"""Linear sampling of channel-last arrays at arbitrary coordinates, for any number of spatial axes."""

from __future__ import annotations

import functools
import itertools

import tensorflow as tf

from dirv_tf.geometry.blocks import in_blocks
from dirv_tf.geometry.compiled import compiled, graph_for_any_shape, program, shapes_vary
from dirv_tf.geometry.tensor_shapes import spatial_rank, spatial_shape


def sample_linear(values: tf.Tensor, coordinates: tf.Tensor) -> tf.Tensor:
    """Sample an array (bi/tri)linearly at pixel coordinates, clamped to the border.

    Parameters
    ----------
    values : tf.Tensor, shape (B, n_1, ..., n_r, C)
        Array to sample, floating point.
    coordinates : tf.Tensor, shape (B, m_1, ..., m_q, r)
        Coordinates in pixels of `values`, component ``i`` along array axis ``i``. Any number ``q`` of axes.

    Returns
    -------
    tf.Tensor, shape (B, m_1, ..., m_q, C)
        Differentiable in both arguments; the derivative in a coordinate is zero where it is clamped.

    Raises
    ------
    ValueError
        If the ranks of the arguments do not fit each other.

    Notes
    -----
    Written with a custom gradient so that the eight gathers of a volume are neither stored nor differentiated one
    by one, and compiled: fused into one loop, the gathers cost a fraction of the same operations run separately.
    """
    values = tf.convert_to_tensor(values)
    coordinates = tf.convert_to_tensor(coordinates)
    rank = spatial_rank(values, "values")
    if coordinates.shape.rank is None or coordinates.shape[-1] not in (None, rank):
        raise ValueError(
            f"`coordinates` must have shape (B, ..., {rank}), one component per spatial axis of `values`. "
            f"Received: coordinates.shape={coordinates.shape}, values.shape={values.shape}"
        )
    points = tf.reshape(coordinates, [tf.shape(coordinates)[0], -1, rank])
    sampled = _sample_points_of_any_shape(values, points) if shapes_vary() else _sample_points(values, points)
    sampled = tf.reshape(sampled, tf.concat([tf.shape(coordinates)[:-1], tf.shape(values)[-1:]], axis=0))
    sampled.set_shape(coordinates.shape[:-1].concatenate(values.shape[-1:]))
    return sampled


@tf.custom_gradient
def _sample_points(values, points):
    rank = points.shape[-1]

    def gradient(upstream):
        to_points = _gradient_to_points(values, points, upstream, rank)
        return _gradient_to_values(values, points, upstream, rank), to_points

    return _interpolate(values, points, rank), gradient


def _corners(size, points, first_row, rank):
    """Row indices (..., P) into the flattened array, and per-axis weights and signs, of the 2^r cell corners.

    `first_row` is that of the image that a point lies in.
    """
    last = tf.cast(size - 1, points.dtype)
    clamped = tf.clip_by_value(points, tf.zeros_like(last), last)
    # The last cell is used for points on the far border, so that the second corner always exists (side 1: itself).
    lower = tf.minimum(tf.cast(tf.floor(clamped), tf.int32), tf.maximum(size - 2, 0))
    fraction = clamped - tf.cast(lower, points.dtype)
    steps = tf.math.cumprod(size, exclusive=True, reverse=True)
    upper_steps = tf.where(size > 1, steps, 0)
    lowest = first_row + tf.reduce_sum(lower * steps, axis=-1)
    for corner in itertools.product((0, 1), repeat=rank):
        rows = lowest + sum(upper_steps[axis] for axis, upper in enumerate(corner) if upper)
        weights = [fraction[..., axis] if upper else 1 - fraction[..., axis] for axis, upper in enumerate(corner)]
        yield rows, weights, [1.0 if upper else -1.0 for upper in corner]


def _product(factors, like):
    result = tf.ones_like(like)
    for factor in factors:
        result = result * factor
    return result


def _rows(values):
    return tf.reshape(values, [-1, tf.shape(values)[-1]])


def _first_rows(values):
    return tf.range(tf.shape(values)[0])[:, None] * tf.reduce_prod(spatial_shape(values))


@compiled
def _interpolate(values, points, rank):
    return _interpolate_rows(_rows(values), spatial_shape(values), points, _first_rows(values), rank)


def _interpolate_rows(rows_of_values, size, points, first_row, rank):
    return tf.add_n(
        [
            _product(weights, points[..., 0])[..., None] * tf.gather(rows_of_values, rows)
            for rows, weights, _ in _corners(size, points, first_row, rank)
        ]
    )


# The program for blocks is compiled for few lengths of the array too, to which it is filled up: 2^18, 2^20, 2^22, ...
_SHORTEST, _LENGTHENING = 2**18, 4
_interpolate_block = program(_interpolate_rows)
# Graphs: one for every number of axes, channels and type.
_KEPT = 64


def _sample_points_of_any_shape(values, points):
    if tf.executing_eagerly():
        return _sampled_in_blocks(values, points)
    signature = (values.shape.rank, values.shape[-1], values.dtype), (points.shape[-1], points.dtype)
    return _sampling_graph(*signature)(values, points)


@functools.lru_cache(_KEPT)
def _sampling_graph(of_values, of_points):
    """Return what the graphs of a network, which warp dozens of times, refer to."""
    axes, channels, dtype = of_values
    rank, dtype_of_points = of_points
    return graph_for_any_shape(
        _sampled_in_blocks,
        tf.TensorSpec([None] * (axes - 1) + [channels], dtype),
        tf.TensorSpec([None, None, rank], dtype_of_points),
    )


def _sampled_in_blocks(values, points):
    rank = points.shape[-1]
    rows_of_values = _rows(values)
    length = tf.shape(rows_of_values)[0]
    lengths = tf.constant([_SHORTEST * _LENGTHENING**step for step in range(7)])
    filled = lengths[tf.searchsorted(lengths, length[None])[0]]
    rows_of_values = tf.pad(rows_of_values, [[0, filled - length], [0, 0]])
    first_rows = tf.broadcast_to(_first_rows(values), tf.shape(points)[:-1])

    def interpolate(points, first_row):
        return _interpolate_block(rows_of_values, spatial_shape(values), points, first_row, rank)

    channels = values.shape[-1]
    arrays = [tf.reshape(points, [-1, rank]), tf.reshape(first_rows, [-1])]
    sampled = in_blocks(interpolate, arrays, channels)
    return tf.reshape(sampled, [tf.shape(points)[0], -1, channels])


@compiled
def _gradient_to_points(values, points, upstream, rank):
    rows_of_values = _rows(values)
    last = tf.cast(spatial_shape(values) - 1, points.dtype)
    inside = tf.cast((points >= 0) & (points <= last), points.dtype)
    components = [tf.zeros_like(points[..., 0])] * rank
    for rows, weights, signs in _corners(spatial_shape(values), points, _first_rows(values), rank):
        along = tf.reduce_sum(upstream * tf.gather(rows_of_values, rows), axis=-1)
        for axis in range(rank):
            others = weights[:axis] + weights[axis + 1 :]
            components[axis] += signs[axis] * along * _product(others, along)
    return tf.stack(components, axis=-1) * inside


@tf.function(reduce_retracing=True, autograph=False)
def _gradient_to_values(values, points, upstream, rank):
    # Not compiled: XLA runs a scatter one element after the other on CPUs.
    rows, contributions = [], []
    for corner_rows, weights, _ in _corners(spatial_shape(values), points, _first_rows(values), rank):
        rows.append(tf.reshape(corner_rows, [-1]))
        weighted = _product(weights, points[..., 0])[..., None] * upstream
        contributions.append(tf.reshape(weighted, [-1, tf.shape(values)[-1]]))
    count = tf.reduce_prod(tf.shape(values)[:-1])
    summed = tf.math.unsorted_segment_sum(tf.concat(contributions, 0), tf.concat(rows, 0), count)
    return tf.reshape(summed, tf.shape(values))
