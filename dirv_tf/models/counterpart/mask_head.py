"""The part of a `CounterpartNetwork` that looks for regions without counterpart."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.layers.precision import split_policy
from dirv_tf.models.convolutions import build_chain, convolution, max_pooling, repetition
from dirv_tf.models.counterpart.u_net import IMAGES

_SLOPE = 0.2
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
        widths = [features * 2**level for level in range(halvings + 1)]

        def rectified(filters):
            return convolution(rank, filters, kernel_initializer="he_normal", dtype=layer_policy)

        self.rank, self.widths = rank, widths
        self.encoder_layers = [rectified(width) for width in widths]
        self.decoder_layers = [rectified(width) for width in reversed(widths[:-1])]
        start = tf.keras.initializers.Constant(_FIRST_BIAS)
        self.last_layer = convolution(rank, 1, bias_initializer=start, dtype=own_policy)
        self.pooling, self.repetition = max_pooling(rank, dtype=layer_policy), repetition(rank, dtype=layer_policy)

    def build(self, input_shape: Any = None) -> None:
        channels = build_chain(self.encoder_layers, self.rank, IMAGES + self.rank)
        for layer, width in zip(self.decoder_layers, reversed(self.widths[:-1])):
            channels = build_chain([layer], self.rank, channels + width)
        build_chain([self.last_layer], self.rank, channels)
        for layer in (self.pooling, self.repetition):
            layer.build((None, *(None,) * self.rank, None))
        self.built = True

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        """Return the mask of a fixed image, a registered one and the field between them, (B, n_1, ..., n_r, 1)."""
        fixed, registered, field = inputs
        values = tf.concat([fixed, registered, tf.abs(fixed - registered), field / _FIELD_UNIT], axis=-1)
        skipped = []
        for layer in self.encoder_layers[:-1]:
            skipped.append(tf.nn.leaky_relu(layer(values), _SLOPE))
            values = self.pooling(skipped[-1])
        values = tf.nn.leaky_relu(self.encoder_layers[-1](values), _SLOPE)
        for layer in self.decoder_layers:
            values = tf.concat([self.repetition(values), skipped.pop()], axis=-1)
            values = tf.nn.leaky_relu(layer(values), _SLOPE)
        return tf.sigmoid(tf.cast(self.last_layer(values), tf.float32))
