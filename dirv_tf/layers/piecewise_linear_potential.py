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
    initializer : str, dict or tf.keras.initializers.Initializer
        Start of the function values; the thesis draws them from a truncated normal of standard deviation 0.01.

    Attributes
    ----------
    knots : variable, shape (C, n_q)
        Function values at the knots (available after the layer is built).

    Notes
    -----
    Input and output: ``(B, ..., C)``.
    """

    def __init__(self, knots: int = 24, knot_range=(-1.0, 1.0), initializer=None, **kwargs):
        super().__init__(**kwargs)
        if isinstance(knots, bool) or not isinstance(knots, int) or knots < 2:
            raise ValueError(f"`knots` must be an integer of at least 2. Received: knots={knots!r}")
        knot_range = tuple(float(v) for v in knot_range)
        if len(knot_range) != 2 or not knot_range[0] < knot_range[1]:
            raise ValueError(f"`knot_range` must be (low, high) with low < high. Received: knot_range={knot_range}")
        self.knot_count = knots
        self.low, self.high = knot_range
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

    def call(self, inputs):
        return geometry.piecewise_linear(inputs, tf.convert_to_tensor(self.knots), self.low, self.high)

    def get_config(self):
        return {
            **super().get_config(),
            "knots": self.knot_count,
            "knot_range": (self.low, self.high),
            "initializer": tf.keras.initializers.serialize(self.initializer),
        }
