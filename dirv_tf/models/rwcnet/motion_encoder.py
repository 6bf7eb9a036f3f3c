"""The motion features of an RWCNet, and the layer that turns a hidden state into a step of the field."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.models.convolutions import build_chain, convolution
from dirv_tf.models.rwcnet.level_rules import BRANCH, FLOW, MOTION

# Slope of the flow head's rectifier for negative values.
_SLOPE = 0.01


class MotionEncoder(tf.keras.layers.Layer):
    """Encode matching costs and the field so far as `MOTION` channels, the last ones the field itself.

    Parameters
    ----------
    rank : {2, 3}
    costs : int
        Channels of the cost volume; 0: there is none, and the field alone is encoded.
    flow_kernel : int
        Side of the first kernel over the field.
    dtype : str
        Keras policy.

    Notes
    -----
    Called on ``(costs, field)``, or on ``(field,)`` without costs.
    """

    def __init__(self, rank: int, costs: int, flow_kernel: int, dtype: Any, **kwargs: Any):
        super().__init__(dtype=dtype, **kwargs)
        self.rank, self.costs = rank, costs

        def rectified(filters, kernel_size=3):
            return convolution(rank, filters, kernel_size, activation="relu", dtype=dtype)

        self.cost_layers = [rectified(BRANCH, 1), rectified(BRANCH)] if costs else []
        self.flow_layers = [rectified(FLOW, flow_kernel), rectified(BRANCH if costs else MOTION - rank)]
        self.joint_layers = [rectified(MOTION - rank)] if costs else []

    def build(self, input_shape: Any = None) -> None:
        build_chain(self.cost_layers, self.rank, self.costs)
        build_chain(self.flow_layers, self.rank, self.rank)
        build_chain(self.joint_layers, self.rank, 2 * BRANCH)
        self.built = True

    def call(self, inputs: tuple[tf.Tensor, ...]) -> tf.Tensor:
        *costs, field = inputs
        values = _through(self.flow_layers, field)
        if costs:
            values = _through(self.joint_layers, tf.concat([_through(self.cost_layers, costs[0]), values], axis=-1))
        return tf.concat([values, tf.cast(field, values.dtype)], axis=-1)


class FlowHead(tf.keras.layers.Layer):
    """Turn a hidden state into a step of the field by two convolutions.

    Parameters
    ----------
    rank : {2, 3}
    hidden : int
        Channels of the hidden state.
    zero_start : bool
        Whether the last layer starts with zeros, no step.
    dtype : str
        Keras policy of the first layer.
    field_dtype : str
        Of the second one, which gives the field.
    """

    def __init__(self, rank: int, hidden: int, zero_start: bool, dtype: Any, field_dtype: Any, **kwargs: Any):
        super().__init__(dtype=field_dtype, **kwargs)
        self.rank, self.hidden = rank, hidden
        self.features = convolution(rank, 2 * hidden, dtype=dtype)
        start = "zeros" if zero_start else "glorot_uniform"
        self.field = convolution(rank, rank, kernel_initializer=start, dtype=field_dtype)

    def build(self, input_shape: Any = None) -> None:
        build_chain([self.features, self.field], self.rank, self.hidden)
        self.built = True

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return self.field(tf.nn.leaky_relu(self.features(inputs), _SLOPE))


def _through(layers, values):
    for layer in layers:
        values = layer(values)
    return values
