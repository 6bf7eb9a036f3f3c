"""Piecewise-linear potential functions on equally spaced knots, and their integrals."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.geometry.compiled import compiled

FORMS = ("gather", "sum")


def piecewise_linear(
    values: tf.Tensor, knots: tf.Tensor, low: float = -1.0, high: float = 1.0, form: str | None = None
) -> tf.Tensor:
    """Evaluate one piecewise-linear function per channel (ψ, thesis eq. 22), constant outside the knots.

    Parameters
    ----------
    values : tf.Tensor, shape (B, ..., C)
        Arguments.
    knots : tf.Tensor, shape (C, n_q)
        Function values at ``n_q >= 2`` knots, equally spaced from `low` to `high`.
    low, high : float
        Position of the first and of the last knot.
    form : {"gather", "sum", None}
        How to compute it. "gather" looks the two neighbouring knots up (fastest on CPUs), "sum" adds the hat
        functions of all knots (fastest on GPUs, which gather slowly). None: "sum" where TensorFlow sees a GPU,
        "gather" elsewhere. Both give the same values and gradients up to rounding.

    Returns
    -------
    tf.Tensor, shape (B, ..., C)
        Differentiable in `values` (zero outside the knots) and in `knots`.

    Raises
    ------
    ValueError
        If the shapes do not fit, the range is empty or the form is unknown.
    """
    values, knots = tf.convert_to_tensor(values), tf.convert_to_tensor(knots)
    check_knots(values, knots, low, high)
    if form is None:
        form = "sum" if tf.config.list_physical_devices("GPU") else "gather"
    if form not in FORMS:
        raise ValueError(f"`form` must be one of {FORMS} or None. Received: form={form!r}")
    low, high = tf.constant(low, values.dtype), tf.constant(high, values.dtype)
    # One row per image: the functions below are compiled once for all ranks.
    rows = tf.reshape(values, tf.stack([tf.shape(values)[0], -1, tf.shape(knots)[0]]))
    result = _by_gather(rows, knots, low, high) if form == "gather" else _by_sum(rows, knots, low, high)
    result = tf.reshape(result, tf.shape(values))
    result.set_shape(values.shape)
    return result


def check_knots(values: tf.Tensor, knots: tf.Tensor, low: float, high: float) -> None:
    """Raise a ValueError unless `knots` (C, n_q >= 2) fit the channels of `values` and ``low < high``."""
    if knots.shape.rank != 2 or (knots.shape[1] is not None and knots.shape[1] < 2):
        raise ValueError(f"`knots` must have shape (C, n_q) with n_q >= 2. Received: knots.shape={knots.shape}")
    if not values.shape[-1:].is_compatible_with(knots.shape[:1]):
        raise ValueError(
            f"`values` must have one channel per row of `knots`. "
            f"Received: values.shape={values.shape}, knots.shape={knots.shape}"
        )
    if not low < high:
        raise ValueError(f"`low` must be smaller than `high`. Received: low={low}, high={high}")


def _position(values, knots, low, high):
    """Position in units of the knot distance, clipped to [0, n_q - 1], and one over that distance."""
    last = tf.cast(tf.shape(knots)[1] - 1, values.dtype)
    scale = last / (high - low)
    return tf.clip_by_value((values - low) * scale, tf.zeros_like(last), last), scale


def _cell(position, knots):
    """Index of the cell (the number of the knot before it) of each position, and that index into flattened knots."""
    count = tf.shape(knots)[1]
    first = tf.minimum(tf.cast(position, tf.int32), count - 2)
    return first, first + tf.range(tf.shape(knots)[0]) * count


# ---------------------------------------------------------------- gather


def _lines(knots):
    """Slopes per knot distance and intercepts of the straight pieces, by the knot before them; shape (C, n_q)."""
    slopes = tf.pad(knots[:, 1:] - knots[:, :-1], [[0, 0], [0, 1]])
    return slopes, knots - slopes * tf.range(tf.shape(knots)[1], dtype=knots.dtype)


# Compiled on purpose: as one fused loop the look-up costs a sixth of the same operations run one by one. Each piece is
# looked up as a line, because a value that is used twice in the loop would be gathered twice.
@compiled
def _gather_values(values, knots, low, high):
    position, _ = _position(values, knots, low, high)
    _, index = _cell(position, knots)
    slopes, intercepts = _lines(knots)
    table = tf.concat([tf.reshape(intercepts, [-1]), tf.reshape(slopes, [-1])], axis=0)
    return tf.gather(table, index) + position * tf.gather(table, index + tf.size(knots))


@compiled
def _gather_gradient(values, knots, low, high, upstream):
    """Gradient in the values, and what the knot gradient needs: cell index and upstream times fraction."""
    position, scale = _position(values, knots, low, high)
    first, index = _cell(position, knots)
    slopes, _ = _lines(knots)
    inside = tf.cast((values > low) & (values < high), values.dtype)
    slope = tf.gather(tf.reshape(slopes, [-1]), index) * scale
    return upstream * slope * inside, index, upstream * (position - tf.cast(first, values.dtype))


@tf.custom_gradient
def _by_gather(values, knots, low, high):
    def gradient(upstream):
        to_values, index, right = _gather_gradient(values, knots, low, high, upstream)
        return to_values, _knot_gradient(knots, index, upstream, right), None, None

    return _gather_values(values, knots, low, high), gradient


def _knot_gradient(knots, index, upstream, right):
    # One histogram per image: rows are summed in parallel, each in a fixed order, so the result is reproducible.
    batch, bins = tf.shape(index)[0], tf.size(knots)
    index = tf.reshape(index, [batch, -1])

    def histogram(weights):
        weights = tf.reshape(weights, [batch, -1])
        counts = tf.raw_ops.DenseBincount(input=index, size=bins, weights=weights, binary_output=False)
        return tf.reshape(tf.reduce_sum(counts, axis=0), tf.shape(knots))

    right_sum = histogram(right)
    return histogram(upstream) - right_sum + tf.pad(right_sum[:, :-1], [[0, 0], [1, 0]])


# ---------------------------------------------------------------- sum over the knots


@compiled
def _sum_values(values, knots, low, high, count):
    position, _ = _position(values, knots, low, high)
    result = knots[:, 0] + tf.zeros_like(values)
    for q in range(count - 1):
        result += (knots[:, q + 1] - knots[:, q]) * tf.clip_by_value(position - q, 0.0, 1.0)
    return result


@compiled
def _sum_gradient(values, knots, low, high, upstream, count):
    position, scale = _position(values, knots, low, high)
    slope = tf.zeros_like(values)
    to_knots = [tf.reduce_sum(upstream * tf.maximum(1 - tf.abs(position - q), 0), [0, 1]) for q in range(count)]
    for q in range(count - 1):
        slope += tf.where((position >= q) & (position < q + 1), knots[:, q + 1] - knots[:, q], 0)
    inside = tf.cast((values > low) & (values < high), values.dtype)
    return upstream * slope * scale * inside, tf.stack(to_knots, axis=1)


@tf.custom_gradient
def _by_sum(values, knots, low, high):
    def gradient(upstream):
        return (*_sum_gradient(values, knots, low, high, upstream, count), None, None)

    count = knots.shape[1]
    return _sum_values(values, knots, low, high, count), gradient


# ---------------------------------------------------------------- integral


def piecewise_linear_integral(values: tf.Tensor, knots: tf.Tensor, low: float = -1.0, high: float = 1.0) -> tf.Tensor:
    """Integrate the piecewise-linear functions from zero: the activations φ with φ' = ψ (thesis Fig. 7).

    Parameters
    ----------
    values : tf.Tensor, shape (..., C)
        Upper limits of the integral.
    knots, low, high
        As in `piecewise_linear`.

    Returns
    -------
    tf.Tensor, shape (..., C)
        φ with φ(0) = 0; linear outside the knots, where ψ is constant.
    """
    values, knots = tf.convert_to_tensor(values), tf.convert_to_tensor(knots)
    check_knots(values, knots, low, high)
    low, high = tf.constant(low, values.dtype), tf.constant(high, values.dtype)
    origin = _antiderivative(tf.zeros_like(knots[:, 0]), knots, low, high)
    return _antiderivative(values, knots, low, high) - origin


def _antiderivative(values, knots, low, high):
    distance = (high - low) / tf.cast(tf.shape(knots)[1] - 1, values.dtype)
    cells = 0.5 * (knots[:, :-1] + knots[:, 1:]) * distance
    at_knots = tf.pad(tf.cumsum(cells, axis=1), [[0, 0], [1, 0]])
    position, _ = _position(values, knots, low, high)
    first, index = _cell(position, knots)
    fraction = position - tf.cast(first, values.dtype)
    flat = tf.reshape(knots, [-1])
    left, right = tf.gather(flat, index), tf.gather(flat, index + 1)
    inner = tf.gather(tf.reshape(at_knots, [-1]), index) + distance * fraction * (left + 0.5 * fraction * (right - left))
    below = tf.minimum(values - low, 0) * knots[:, 0]
    above = tf.maximum(values - high, 0) * knots[:, -1]
    return inner + below + above
