"""Learnable piecewise-linear potential functions as a Keras layer."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import geometry


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class PiecewiseLinearPotential(tf.keras.layers.Layer):
    """Apply one learnable piecewise-linear function ψ to every channel (thesis eq. 22).

    Parameters
    ----------
    knots : int
        Number of equally spaced knots ``n_q``, at least 2.
    knot_range : pair of float
        Position of the first and of the last knot; the functions are constant outside.
    centered : bool
        Whether to subtract each function's own value at zero, so that ``ψ(0) = 0``.
    initializer : str, dict or tf.keras.initializers.Initializer
        Start of the function values; the thesis draws them from a truncated normal of standard deviation 0.01.

    Attributes
    ----------
    knots : variable, shape (C, n_q)
        Learned values at the knots (available after the layer is built); see `function_values`.

    Notes
    -----
    Input and output: ``(B, ..., C)``.
    """

    def __init__(self, knots: int = 24, knot_range=(-1.0, 1.0), centered: bool = False, initializer=None, **kwargs):
        super().__init__(**kwargs)
        if isinstance(knots, bool) or not isinstance(knots, int) or knots < 2:
            raise ValueError(f"`knots` must be an integer of at least 2. Received: knots={knots!r}")
        knot_range = tuple(float(v) for v in knot_range)
        if len(knot_range) != 2 or not knot_range[0] < knot_range[1]:
            raise ValueError(f"`knot_range` must be (low, high) with low < high. Received: knot_range={knot_range}")
        self.knot_count = knots
        self.low, self.high = knot_range
        self.centered = bool(centered)
        self.initializer = tf.keras.initializers.get(
            tf.keras.initializers.TruncatedNormal(stddev=0.01) if initializer is None else initializer
        )
        self.knots = None

    def build(self, input_shape):
        channels = input_shape[-1]
        if channels is None:
            raise ValueError(f"the number of channels must be known. Received: input_shape={input_shape}")
        self.knots = self.add_weight(
            name="knots", shape=(int(channels), self.knot_count), initializer=self.initializer, trainable=True
        )
        self.built = True

    @property
    def function_values(self):
        """Values of the functions at the knots, ``(C, n_q)``: the learned ones, less the value at zero if centered."""
        knots = tf.convert_to_tensor(self.knots)
        if not self.centered:
            return knots
        position = min(max(-self.low / (self.high - self.low), 0.0), 1.0) * (self.knot_count - 1)
        left = min(int(position), self.knot_count - 2)
        fraction = position - left
        return knots - ((1 - fraction) * knots[:, left : left + 1] + fraction * knots[:, left + 1 : left + 2])

    def call(self, inputs):
        knots = tf.convert_to_tensor(self.knots)
        return geometry.piecewise_linear(inputs, knots, self.low, self.high, self.centered)

    def get_config(self):
        return {
            **super().get_config(),
            "knots": self.knot_count,
            "knot_range": (self.low, self.high),
            "centered": self.centered,
            "initializer": tf.keras.initializers.serialize(self.initializer),
        }
