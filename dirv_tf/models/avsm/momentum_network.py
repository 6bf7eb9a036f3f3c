"""The momentum network of AVSM: an encoder and a decoder with residual links."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.layers.precision import split_policy
from dirv_tf.models.avsm.network_rules import MOMENTUM_BLOCKS, momentum_channels, scaled
from dirv_tf.models.convolutions import build_chain, convolution, transposed_convolution

# Of the decoder's rectifiers, for negative values.
_SLOPE = 0.01


class MomentumNetwork(tf.keras.layers.Layer):
    """Predict a vector momentum at every second pixel from a pair of images; fully convolutional.

    Its convolutions are attributes, named after encoder (e) or decoder (d) and the coarseness of their features, such
    as ``e4b``; ``last`` gives the momentum.

    Parameters
    ----------
    rank : {2, 3}
    width : float
        Factor on the published numbers of filters.
    zero_start : bool
        Whether the last layer starts with zeros, no motion.
    kernel_initializer : str
        Of all layers but the last one.
    dtype : str or Keras policy
        Of the convolutions but the last one; the momentum stays float32.

    Notes
    -----
    Called on ``(fixed, moving)``, ``(B, n_1, ..., n_r, 1)`` with intensities in [0, 1] and sides that are multiples of
    16; gives ``(B, n_1 / 2, ..., n_r / 2, r)``.
    """

    def __init__(
        self, rank: int, width: float, zero_start: bool, kernel_initializer: str, dtype: Any, **kwargs: Any
    ):
        own_policy, layer_policy = split_policy(dtype)
        super().__init__(dtype=own_policy, **kwargs)
        self.rank, self.width = rank, width
        for name, block in MOMENTUM_BLOCKS.items():
            make = transposed_convolution if block.transposed else convolution
            filters = scaled(block.filters, width)
            options = {"strides": block.stride, "kernel_initializer": kernel_initializer, "dtype": layer_policy}
            setattr(self, name, make(rank, filters, block.kernel, **options))
        start = "zeros" if zero_start else "glorot_uniform"
        self.last = convolution(rank, rank, kernel_initializer=start, dtype=own_policy)

    def build(self, input_shape: Any = None) -> None:
        for name in MOMENTUM_BLOCKS:
            channels = build_chain([getattr(self, name)], self.rank, momentum_channels(name, self.width))
        build_chain([self.last], self.rank, channels)
        self.built = True

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        fixed, moving = inputs
        values = tf.nn.relu(self.e1(2 * tf.concat([moving, fixed], axis=-1) - 1))
        start = tf.nn.relu(self.e2a(values))
        # Both residual links of this size begin at its first features.
        values = start + tf.nn.relu(self.e2c(start + tf.nn.relu(self.e2b(start))))
        skipped = {2: values}
        for coarseness in (4, 8):
            values = tf.nn.relu(getattr(self, f"e{coarseness}a")(values))
            for part in "bc":
                values += tf.nn.relu(getattr(self, f"e{coarseness}{part}")(values))
            skipped[coarseness] = values
        values = tf.nn.relu(self.e16a(values))
        values += tf.nn.relu(self.e16b(values))
        for coarseness in (8, 4):
            values = _leaky(getattr(self, f"d{coarseness}a")(values))
            values = tf.concat([skipped[coarseness], values], axis=-1)
            values = _leaky(getattr(self, f"d{coarseness}b")(values))
            values += _leaky(getattr(self, f"d{coarseness}c")(values))
        values = tf.concat([skipped[2], _leaky(self.d2a(values))], axis=-1)
        # The last two layers have no rectifiers: a momentum has a sign.
        return self.last(self.d2b(values))


def _leaky(values):
    return tf.nn.leaky_relu(values, _SLOPE)
