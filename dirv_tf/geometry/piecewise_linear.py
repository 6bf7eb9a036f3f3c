"""Piecewise-linear potential functions on equally spaced knots, and their integrals."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.geometry.compiled import compiled

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
        Arguments. They may have fewer bits than the knots (bfloat16 beside float32): it is computed with those of the
        knots.
    knots : tf.Tensor, shape (C, n_q)
        Function values at ``n_q >= 2`` knots, equally spaced from `low` to `high`.
    low, high : float
        Position of the first and of the last knot.
    centered : bool
        Whether to subtract each function's own value at zero, so that ``ψ(0) = 0`` (exactly, where zero lies between
        `low` and `high`).
    form : {"gather", "sum", None}
        How to compute it. "gather" looks the two neighbouring knots up (fastest on CPUs), "sum" adds the hat
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
    if form not in FORMS:
        raise ValueError(f"`form` must be one of {FORMS} or None. Received: form={form!r}")
    low, high = tf.constant(low, knots.dtype), tf.constant(high, knots.dtype)
    # One row per image: the functions below are compiled once for all ranks.
    rows = tf.reshape(values, tf.stack([tf.shape(values)[0], -1, tf.shape(knots)[0]]))
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


def _cell(position, knots):
    """Index of the cell (the number of the knot before it) of each position, and that index into flattened knots."""
    count = tf.shape(knots)[1]
    first = tf.minimum(tf.cast(position, tf.int32), count - 2)
    return first, first + tf.range(tf.shape(knots)[0]) * count


# ---------------------------------------------------------------- gather


def _lines(knots, low, high, centered):
    """Slopes and values at zero of the straight pieces, by the knot before them; flattened, (C n_q)."""
    count = tf.shape(knots)[1]
    distance = (high - low) / tf.cast(count - 1, knots.dtype)
    slopes = tf.pad(knots[:, 1:] - knots[:, :-1], [[0, 0], [0, 1]]) / distance
    intercepts = knots - slopes * (low + distance * tf.range(count, dtype=knots.dtype))
    slopes, flat = tf.reshape(slopes, [-1]), tf.reshape(intercepts, [-1])
    if centered:
        zero = tf.zeros_like(knots[:, 0])
        _, index = _cell(_position(zero, knots, low, high)[0], knots)
        at_zero = tf.gather(flat, index) + tf.gather(slopes, index) * tf.clip_by_value(zero, low, high)
        # The line through zero gets the intercept x - x: zero exactly, not to rounding.
        flat = tf.reshape(intercepts - at_zero[:, None], [-1])
    return slopes, flat


# Compiled on purpose: as one fused loop the look-up costs a sixth of the same operations run one by one. Each piece is
# looked up as a line, because a value that is used twice in the loop would be gathered twice.
@compiled
def _gather_values(values, knots, low, high, centered):
    dtype, values = values.dtype, tf.cast(values, knots.dtype)
    position, _ = _position(values, knots, low, high)
    _, index = _cell(position, knots)
    slopes, intercepts = _lines(knots, low, high, centered)
    table = tf.concat([intercepts, slopes], axis=0)
    inner = tf.clip_by_value(values, low, high)
    return tf.cast(tf.gather(table, index) + inner * tf.gather(table, index + tf.size(knots)), dtype)


@compiled
def _gather_gradient(values, knots, low, high, upstream):
    """Gradient in the values, and what the knot gradient needs: cell index and upstream times fraction."""
    dtype, values, upstream = values.dtype, tf.cast(values, knots.dtype), tf.cast(upstream, knots.dtype)
    position, _ = _position(values, knots, low, high)
    first, index = _cell(position, knots)
    slopes, _ = _lines(knots, low, high, centered=False)
    inside = tf.cast((values > low) & (values < high), values.dtype)
    fraction = position - tf.cast(first, values.dtype)
    return tf.cast(upstream * tf.gather(slopes, index) * inside, dtype), index, upstream * fraction


def _by_gather(values, knots, low, high, centered):
    @tf.custom_gradient
    def evaluate(values, knots):
        def gradient(upstream):
            to_values, index, right = _gather_gradient(values, knots, low, high, upstream)
            to_knots = _knot_gradient(knots, index, tf.cast(upstream, knots.dtype), right)
            return to_values, _less_share_of_zero(to_knots, low, high) if centered else to_knots

        return _gather_values(values, knots, low, high, centered), gradient

    return evaluate(values, knots)


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


def _less_share_of_zero(to_knots, low, high):
    """Turn the gradient in the knots of free functions into that of centered ones, which lose their value at zero."""
    # The hat functions add up to one everywhere, so the row sum is the sum of the upstream gradient.
    position, _ = _position(tf.zeros_like(to_knots[:, 0]), to_knots, low, high)
    hats = tf.maximum(1 - tf.abs(position[:, None] - tf.range(tf.shape(to_knots)[1], dtype=to_knots.dtype)), 0)
    return to_knots - tf.reduce_sum(to_knots, axis=1, keepdims=True) * hats


# ---------------------------------------------------------------- sum over the knots


@compiled
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
    return tf.cast(result, dtype)


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
