"""Learnable piecewise-linear potential functions as a Keras layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.validation import boolean, increasing_pair, integer, number


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
    initializer : str, dict, tf.keras.initializers.Initializer or None
        Start of the function values. None: truncated normal of standard deviation 0.01, as in the thesis.

    Attributes
    ----------
    low, high : float
        Position of the first and of the last knot.
    knot_values : variable, shape (C, n_q)
        Learned values at the knots (available after the layer is built); see `function_values`.

    Notes
    -----
    Input and output: ``(B, ..., C)``.

    Examples
    --------
    >>> import numpy as np
    >>> import tensorflow as tf
    >>> from dirv_tf.layers import PiecewiseLinearPotential
    >>> potential = PiecewiseLinearPotential(knots=3)
    >>> potential.build([None, 1])
    >>> potential.set_weights([np.array([[-2.0, 0.0, 1.0]])])
    >>> potential(tf.constant([[-3.0], [-0.5], [0.5], [1.0]]))[:, 0].numpy().tolist()
    [-2.0, -1.0, 0.5, 1.0]
    """

    def __init__(
        self,
        knots: int = 24,
        knot_range: Sequence[float] = (-1.0, 1.0),
        centered: bool = False,
        initializer: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.knots = integer(2)("knots", knots)
        self.knot_range = increasing_pair(number())("knot_range", knot_range)
        self.low, self.high = self.knot_range
        self.centered = boolean()("centered", centered)
        self.initializer = tf.keras.initializers.get(initializer)
        # An initializer draws its seed when it is made: made in `build`, it would change the start of every seed.
        self._start = self.initializer or tf.keras.initializers.TruncatedNormal(stddev=0.01)
        self.knot_values = None

    def build(self, input_shape: Any) -> None:
        channels = input_shape[-1]
        if channels is None:
            raise ValueError(f"the number of channels must be known. Received: input_shape={input_shape}")
        # Known as "knots" in files since the first version.
        self.knot_values = self.add_weight(
            name="knots", shape=(int(channels), self.knots), initializer=self._start, trainable=True
        )
        self.built = True

    @property
    def function_values(self) -> tf.Tensor:
        """Values of the functions at the knots, ``(C, n_q)``: the learned ones, less the value at zero if centered."""
        values = tf.convert_to_tensor(self.knot_values)
        if not self.centered:
            return values
        position = min(max(-self.low / (self.high - self.low), 0.0), 1.0) * (self.knots - 1)
        left = min(int(position), self.knots - 2)
        fraction = position - left
        return values - ((1 - fraction) * values[:, left : left + 1] + fraction * values[:, left + 1 : left + 2])

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        values = tf.convert_to_tensor(self.knot_values)
        return geometry.piecewise_linear(inputs, values, self.low, self.high, self.centered)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "knots": self.knots,
            "knot_range": self.knot_range,
            "centered": self.centered,
            "initializer": self.initializer and tf.keras.initializers.serialize(self.initializer),
        }
