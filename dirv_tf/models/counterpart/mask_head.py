"""The part of a `CounterpartNetwork` that looks for regions without counterpart."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.layers.precision import split_policy
from dirv_tf.models.convolutions import convolution, max_pooling, repetition
from dirv_tf.models.counterpart.settings import IMAGES
from dirv_tf.models.u_net import build_u_net, rectified_convolution, u_net_outputs
from dirv_tf.models.u_net_sizes import u_net_filters

# The field is seen in units of so many pixels.
_FIELD_UNIT = 10.0
# Of the last convolution: a mask that is nearly empty, so that at the beginning all of the images counts.
_FIRST_BIAS = -3.0


class MaskHead(tf.keras.layers.Layer):
    """U-Net from a registered pair and its field to the probability that a pixel has no counterpart.

    Parameters
    ----------
    rank : {2, 3}
    features : int
        Filters at full size; they double with every halving of the image.
    halvings : int
    dtype : str or Keras policy
        Of the layers inside; the mask is float32.
    """

    def __init__(self, rank: int, features: int, halvings: int, dtype: Any = None, **kwargs: Any):
        own_policy, layer_policy = split_policy(dtype)
        super().__init__(dtype=own_policy, **kwargs)
        widths = u_net_filters(features, halvings)
        self.rank = rank
        self.encoder_layers = [rectified_convolution(rank, width, layer_policy) for width in widths]
        self.decoder_layers = [rectified_convolution(rank, width, layer_policy) for width in reversed(widths[:-1])]
        start = tf.keras.initializers.Constant(_FIRST_BIAS)
        self.last_layer = convolution(rank, 1, bias_initializer=start, dtype=own_policy)
        self.pooling, self.repetition = max_pooling(rank, dtype=layer_policy), repetition(rank, dtype=layer_policy)

    def build(self, input_shape: Any = None) -> None:
        build_u_net(self, self.rank, IMAGES + self.rank)
        self.built = True

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        """Return the mask of a fixed image, a registered one and the field between them, (B, n_1, ..., n_r, 1)."""
        fixed, registered, field = inputs
        values = u_net_outputs(self, [fixed, registered, tf.abs(fixed - registered), field / _FIELD_UNIT])
        return tf.sigmoid(tf.cast(values, tf.float32))
