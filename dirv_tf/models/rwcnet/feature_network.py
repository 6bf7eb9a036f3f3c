"""The encoder and decoder that turns an image into features of its own size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.models.convolutions import build_chain, convolution
from dirv_tf.models.rwcnet.group_normalization import GroupNormalization
from dirv_tf.models.rwcnet.level_rules import GROUPS, WIDTH


class ResidualBlock(tf.keras.layers.Layer):
    """Add to the input what two convolutions make of it, each behind a normalization of groups and a rectifier.

    Parameters
    ----------
    rank : {2, 3}
    channels : int
        Of input and output.
    dtype : str
        Keras policy.
    """

    def __init__(self, rank: int, channels: int, dtype: Any, **kwargs: Any):
        super().__init__(dtype=dtype, **kwargs)
        self.rank, self.channels = rank, channels
        self.norms = [GroupNormalization(GROUPS, dtype=dtype) for _ in range(2)]
        self.convolutions = [convolution(rank, channels, use_bias=False, dtype=dtype) for _ in range(2)]

    def build(self, input_shape: Any = None) -> None:
        build_chain([*self.norms, *self.convolutions], self.rank, self.channels)
        self.built = True

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        values = inputs
        for norm, layer in zip(self.norms, self.convolutions):
            values = layer(tf.nn.relu(norm(values)))
        return inputs + values


class EncoderStage(tf.keras.layers.Layer):
    """Halve the features, unless it is the first stage, and send them through residual blocks.

    Parameters
    ----------
    rank : {2, 3}
    channels, blocks : int
        Of the output; number of blocks.
    halve : bool
    dtype : str
        Keras policy.

    Notes
    -----
    Coarse pixel ``k`` lies on fine pixel ``2 k``, as in all images of the network.
    """

    def __init__(self, rank: int, channels: int, blocks: int, halve: bool, dtype: Any, **kwargs: Any):
        super().__init__(dtype=dtype, **kwargs)
        self.rank, self.channels = rank, channels
        options: dict[str, Any] = {"strides": 2, "padding": "valid", "use_bias": False}
        self.halving = convolution(rank, channels, dtype=dtype, **options) if halve else None
        self.blocks = [ResidualBlock(rank, channels, dtype) for _ in range(blocks)]

    def build(self, input_shape: Any = None) -> None:
        if self.halving is not None:
            build_chain([self.halving], self.rank, self.channels // 2)
        build_chain(self.blocks, self.rank, self.channels)
        self.built = True

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        values = inputs
        if self.halving is not None:
            # A pixel at either end: by "same", TensorFlow would put both behind the last one.
            values = self.halving(tf.pad(values, [[0, 0], *[[1, 1]] * self.rank, [0, 0]]))
        for block in self.blocks:
            values = block(values)
        return values


class DecoderStage(tf.keras.layers.Layer):
    """Halve the channels, double the size, add the encoder's features of that size; a residual block.

    Parameters
    ----------
    rank : {2, 3}
    channels : int
        Of the output.
    dtype : str
        Keras policy.

    Notes
    -----
    Called on the features and on those of the encoder.
    """

    def __init__(self, rank: int, channels: int, dtype: Any, **kwargs: Any):
        super().__init__(dtype=dtype, **kwargs)
        self.rank, self.channels = rank, channels
        self.halving = convolution(rank, channels, 1, use_bias=False, dtype=dtype)
        self.block = ResidualBlock(rank, channels, dtype)

    def build(self, input_shape: Any = None) -> None:
        build_chain([self.halving], self.rank, 2 * self.channels)
        build_chain([self.block], self.rank, self.channels)
        self.built = True

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        values, beside = inputs
        return self.block(geometry.upsample_image(self.halving(values)) + beside)


class FeatureNetwork(tf.keras.layers.Layer):
    """Give every pixel of an image features of what is around it.

    Parameters
    ----------
    rank : {2, 3}
    filters : int
        Features per pixel.
    blocks : sequence of int
        Residual blocks at every size, from the finest on; one halving less than there are sizes.
    dropout : float
        Share of the first layer's channels' values that are left out in training.
    dtype : str
        Keras policy.

    Notes
    -----
    Called on an image ``(B, n_1, ..., n_r, 1)`` whose sides are multiples of ``2**(len(blocks) - 1)``, and in training
    on a seed ``(2,)`` beside it, which draws what is left out; gives ``(B, n_1, ..., n_r, filters)``.
    """

    def __init__(self, rank: int, filters: int, blocks: Sequence[int], dropout: float, dtype: Any, **kwargs: Any):
        super().__init__(dtype=dtype, **kwargs)
        self.rank, self.filters, self.dropout = rank, filters, dropout
        widths = [WIDTH * 2**level for level in range(len(blocks))]
        self.first = convolution(rank, WIDTH, use_bias=False, dtype=dtype)
        self.encoder = [
            EncoderStage(rank, width, count, level > 0, dtype)
            for level, (width, count) in enumerate(zip(widths, blocks))
        ]
        self.decoder = [DecoderStage(rank, width, dtype) for width in reversed(widths[:-1])]
        self.norm = GroupNormalization(GROUPS, dtype=dtype)
        self.last = convolution(rank, filters, 1, dtype=dtype)

    def build(self, input_shape: Any = None) -> None:
        build_chain([self.first], self.rank, 1)
        stages: list[tf.keras.layers.Layer] = [*self.encoder, *self.decoder]
        for stage in stages:
            stage.build()
        build_chain([self.norm, self.last], self.rank, WIDTH)
        self.built = True

    def call(self, inputs: tf.Tensor, seed: tf.Tensor | None = None) -> tf.Tensor:
        values = self.first(inputs)
        if seed is not None and self.dropout:
            values = tf.nn.experimental.stateless_dropout(values, self.dropout, seed)
        skipped = []
        for stage in self.encoder:
            values = stage(values)
            skipped.append(values)
        for stage, beside in zip(self.decoder, reversed(skipped[:-1])):
            values = stage((values, beside))
        return self.last(tf.nn.relu(self.norm(values)))
