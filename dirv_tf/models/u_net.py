"""The U-Net of parts that look at a registered pair, `UncertaintyNetwork` and `MaskHead`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf.models.convolutions import build_chain, convolution

_SLOPE = 0.2


def rectified_convolution(rank: int, filters: int, dtype: Any) -> tf.keras.layers.Layer:
    """Return a convolution whose initial weights suit the leaky rectifier that follows it."""
    return convolution(rank, filters, kernel_initializer="he_normal", dtype=dtype)


def build_u_net(network: Any, rank: int, channels: int) -> None:
    """Build the layers of a U-Net, whose variables depend on no image size.

    Parameters
    ----------
    network : object
        With `encoder_layers`, from the full size on, `decoder_layers`, `last_layer`, `pooling` and `repetition`.
    rank : {2, 3}
    channels : int
        Of its input.
    """
    widths = [layer.filters for layer in network.decoder_layers]
    channels = build_chain(network.encoder_layers, rank, channels)
    for layer, width in zip(network.decoder_layers, widths):
        channels = build_chain([layer], rank, channels + width)
    build_chain([network.last_layer], rank, channels)
    for layer in (network.pooling, network.repetition):
        layer.build((None, *(None,) * rank, None))


def u_net_outputs(network: Any, inputs: Sequence[tf.Tensor]) -> tf.Tensor:
    """Return what the last convolution gives.

    Parameters
    ----------
    network : object
        As of `build_u_net`.
    inputs : sequence of tf.Tensor, shapes (B, n_1, ..., n_r, C_i)
        Beside each other the input; every side a multiple of ``2**halvings``.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, C)
    """
    values, skipped = tf.concat(inputs, axis=-1), []
    for layer in network.encoder_layers[:-1]:
        skipped.append(tf.nn.leaky_relu(layer(values), _SLOPE))
        values = network.pooling(skipped[-1])
    values = tf.nn.leaky_relu(network.encoder_layers[-1](values), _SLOPE)
    for layer in network.decoder_layers:
        values = tf.concat([network.repetition(values), skipped.pop()], axis=-1)
        values = tf.nn.leaky_relu(layer(values), _SLOPE)
    return network.last_layer(values)
