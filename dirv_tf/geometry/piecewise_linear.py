"""Piecewise-linear potential functions on equally spaced knots, and their integrals."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.geometry.blocks import in_blocks
from dirv_tf.geometry.compiled import compiled, program, shapes_vary
from dirv_tf.validation import one_of

FORMS = ("gather", "sum")


def piecewise_linear(
    values: tf.Tensor,
    knots: tf.Tensor,
    low: float = -1.0,
    high: float = 1.0,
    centered: bool = False,
    form: str | None = None,
) -> tf.Tensor:
    """Evaluate one piecewise-linear function per channel (ψ, thesis eq. 22), constant outside the knots.

    Parameters
    ----------
    values : tf.Tensor, shape (B, ..., C)
        Arguments. They may have fewer bits than the knots (bfloat16 beside float32), which the computation keeps.
    knots : tf.Tensor, shape (C, n_q)
        Function values at ``n_q >= 2`` knots, equally spaced from `low` to `high`.
    low, high : float
        Position of the first and of the last knot.
    centered : bool
        Whether to subtract each function's own value at zero, so that ``ψ(0) = 0`` (exactly, where zero lies between
        `low` and `high`).
    form : {"gather", "sum", None}
        How to compute it. "gather" looks the two neighboring knots up (fastest on CPUs), "sum" adds the hat
        functions of all knots (fastest on GPUs, which gather slowly). None: "sum" where TensorFlow sees a GPU,
        "gather" elsewhere. Both give the same values and gradients up to rounding.

    Returns
    -------
    tf.Tensor, shape (B, ..., C), dtype of `values`
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
    one_of(*FORMS)("form", form)
    low, high = tf.constant(low, knots.dtype), tf.constant(high, knots.dtype)
    # One row per image: the functions below are compiled once for all ranks.
    rows = tf.reshape(values, tf.stack([tf.shape(values)[0], -1, tf.shape(knots)[0]]))
    if shapes_vary():
        result = _of_any_shape(rows, knots, low, high, bool(centered), form)
    else:
        result = (_by_gather if form == "gather" else _by_sum)(rows, knots, low, high, bool(centered))
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


# ---------------------------------------------------------------- gather


def _cells(values, knots, low, high):
    """Cell of each value, its index into flattened tables of all channels, and where the value lies in the cell.

    Cell 0 lies before the first knot, cell ``q`` between the knots ``q - 1`` and ``q``, cell ``n_q`` behind the last:
    with cells for both ends no value is an exception, and the loops below need no masks.
    """
    channels, count = tf.unstack(tf.shape(knots))
    last = tf.cast(count - 1, values.dtype)
    position = (values - low) * (last / (high - low)) + 1
    position = tf.clip_by_value(position, tf.zeros_like(last), last + 1)
    cell = tf.cast(position, tf.int32)
    return cell, cell + tf.range(channels) * (count + 1), position - tf.cast(cell, values.dtype)


# Compiled by itself: in one loop with the look-ups, XLA computes what a table comes from anew for every value.
@compiled
def _line_tables(knots, low, high, centered):
    """Straight pieces by cell, flattened, C (n_q + 1) of them: the lines as `_packed`, and their slopes."""
    count = tf.shape(knots)[1]
    distance = (high - low) / tf.cast(count - 1, knots.dtype)
    slopes = tf.pad(knots[:, 1:] - knots[:, :-1], [[0, 0], [1, 1]]) / distance
    starts = low + distance * tf.cast(tf.range(-1, count), knots.dtype)
    intercepts = tf.concat([knots[:, :1], knots], axis=1) - slopes * starts
    if centered:
        _, index, _ = _cells(tf.zeros_like(knots[:, 0]), knots, low, high)
        at_zero = tf.gather(tf.reshape(intercepts, [-1]), index)
        # The line through zero gets the intercept x - x: zero exactly, not to rounding.
        intercepts -= at_zero[:, None]
    intercepts, slopes = tf.reshape(intercepts, [-1]), tf.reshape(slopes, [-1])
    return _packed(intercepts, slopes), slopes


# Look-ups are what the loop over the values spends its time on: two numbers of 32 bits are fetched as one of 64.
_HALF = 32


def _packed(intercepts, slopes):
    """Values at zero and slopes in one table: float32 as numbers of twice as many bits, other types as rows of two."""
    if slopes.dtype != tf.float32:
        return tf.stack([intercepts, slopes], axis=-1)
    left, right = (tf.cast(tf.bitcast(numbers, tf.uint32), tf.uint64) for numbers in (intercepts, slopes))
    return tf.bitwise.left_shift(left, tf.constant(_HALF, tf.uint64)) | right


def _unpacked(lines):
    if lines.dtype != tf.uint64:
        return tf.unstack(lines, axis=-1)
    left = tf.bitwise.right_shift(lines, tf.constant(_HALF, tf.uint64))
    right = lines & tf.constant(2**_HALF - 1, tf.uint64)
    return tuple(tf.bitcast(tf.cast(half, tf.uint32), tf.float32) for half in (left, right))


# Compiled on purpose: as one fused loop the look-up costs a sixth of the same operations run one by one.
@program
def _gather_values(values, knots, low, high, lines):
    dtype, values = values.dtype, tf.cast(values, knots.dtype)
    _, index, _ = _cells(values, knots, low, high)
    intercepts, slopes = _unpacked(tf.gather(lines, index))
    # Infinity times the slope of an end would be no number.
    return tf.cast(intercepts + slopes * tf.clip_by_value(values, low, high), dtype)


@compiled
def _gather_gradient(values, knots, low, high, slopes, upstream):
    """Gradient in the values, and what the knot gradient needs: index and upstream times the place in the cell."""
    dtype, values, upstream = values.dtype, tf.cast(values, knots.dtype), tf.cast(upstream, knots.dtype)
    _, index, fraction = _cells(values, knots, low, high)
    return tf.cast(upstream * tf.gather(slopes, index), dtype), index, upstream * fraction


def _by_gather(values, knots, low, high, centered):
    @tf.custom_gradient
    def evaluate(values, knots):
        lines, slopes = _line_tables(knots, low, high, centered)

        def gradient(upstream):
            to_values, index, right = _gather_gradient(values, knots, low, high, slopes, upstream)
            to_knots = _knot_gradient(knots, index, tf.cast(upstream, knots.dtype), right)
            return to_values, _less_share_of_zero(to_knots, low, high) if centered else to_knots

        return _gather_values(values, knots, low, high, lines), gradient

    return evaluate(values, knots)


def _knot_gradient(knots, index, upstream, right):
    # One histogram per image, whose bins are summed in a fixed order: the result is reproducible.
    channels, count = tf.unstack(tf.shape(knots))
    batch, bins = tf.shape(index)[0], channels * (count + 1)
    index = tf.reshape(index, [batch, -1])

    def histogram(weights):
        weights = tf.reshape(weights, [batch, -1])
        counts = tf.raw_ops.DenseBincount(input=index, size=bins, weights=weights, binary_output=False)
        return tf.reshape(tf.reduce_sum(counts, axis=0), [channels, count + 1])

    # A cell's upstream gradient goes to its two knots, to the right one by the place in the cell; at the ends all of it
    # goes to the only knot.
    whole, to_right = histogram(upstream), histogram(right)[:, :-1]
    to_right = tf.concat([whole[:, :1], to_right[:, 1:]], axis=1)
    to_left = tf.concat([whole[:, 1:-1] - to_right[:, 1:], whole[:, -1:]], axis=1)
    return to_left + to_right


def _less_share_of_zero(to_knots, low, high):
    """Turn the gradient in the knots of free functions into that of centered ones, which lose their value at zero."""
    # The hat functions add up to one everywhere, so the row sum is the sum of the upstream gradient.
    position, _ = _position(tf.zeros_like(to_knots[:, 0]), to_knots, low, high)
    hats = tf.maximum(1 - tf.abs(position[:, None] - tf.range(tf.shape(to_knots)[1], dtype=to_knots.dtype)), 0)
    return to_knots - tf.reduce_sum(to_knots, axis=1, keepdims=True) * hats


# ---------------------------------------------------------------- sum over the knots


@program
def _sum_values(values, knots, low, high, centered, count):
    dtype, values = values.dtype, tf.cast(values, knots.dtype)
    position, _ = _position(values, knots, low, high)
    zero, _ = _position(tf.zeros_like(low), knots, low, high)
    result = tf.zeros_like(values) if centered else knots[:, 0] + tf.zeros_like(values)
    for q in range(count - 1):
        share = tf.clip_by_value(position - q, 0.0, 1.0)
        if centered:
            share -= tf.clip_by_value(zero - q, 0.0, 1.0)
        result += (knots[:, q + 1] - knots[:, q]) * share
    # Clipping turns what is no number into one; a training that has diverged must be seen to.
    return tf.cast(tf.where(tf.math.is_nan(values), values, result), dtype)


@compiled
def _sum_gradient(values, knots, low, high, upstream, count):
    dtype, values, upstream = values.dtype, tf.cast(values, knots.dtype), tf.cast(upstream, knots.dtype)
    position, scale = _position(values, knots, low, high)
    slope = tf.zeros_like(values)
    to_knots = [tf.reduce_sum(upstream * tf.maximum(1 - tf.abs(position - q), 0), [0, 1]) for q in range(count)]
    for q in range(count - 1):
        slope += tf.where((position >= q) & (position < q + 1), knots[:, q + 1] - knots[:, q], 0)
    inside = tf.cast((values > low) & (values < high), values.dtype)
    return tf.cast(upstream * slope * scale * inside, dtype), tf.stack(to_knots, axis=1)


def _by_sum(values, knots, low, high, centered):
    count = knots.shape[1]

    @tf.custom_gradient
    def evaluate(values, knots):
        def gradient(upstream):
            to_values, to_knots = _sum_gradient(values, knots, low, high, upstream, count)
            return to_values, _less_share_of_zero(to_knots, low, high) if centered else to_knots

        return _sum_values(values, knots, low, high, centered, count), gradient

    return evaluate(values, knots)


# ---------------------------------------------------------------- values alone, for any shape


def _of_any_shape(values, knots, low, high, centered, form):
    channels, count = knots.shape
    lines = _line_tables(knots, low, high, centered)[0] if form == "gather" else None

    def evaluate(rows):
        if form == "gather":
            return _gather_values(rows, knots, low, high, lines)
        return _sum_values(rows[None], knots, low, high, centered, count)[0]

    return in_blocks(evaluate, [tf.reshape(values, [-1, channels])], channels)


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
    count = tf.shape(knots)[1]
    first = tf.minimum(tf.cast(position, tf.int32), count - 2)
    index, fraction = first + tf.range(tf.shape(knots)[0]) * count, position - tf.cast(first, values.dtype)
    flat = tf.reshape(knots, [-1])
    left, right = tf.gather(flat, index), tf.gather(flat, index + 1)
    inner = tf.gather(tf.reshape(at_knots, [-1]), index)
    inner += distance * fraction * (left + 0.5 * fraction * (right - left))
    below = tf.minimum(values - low, 0) * knots[:, 0]
    above = tf.maximum(values - high, 0) * knots[:, -1]
    return inner + below + above
