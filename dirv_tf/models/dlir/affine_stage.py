"""The affine stage of DLIR: two pipelines of shared weights, and the parameters of an affine map."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.layers.precision import split_policy
from dirv_tf.models.convolutions import build_chain, convolution
from dirv_tf.models.dlir.downsampling import chain_with_downsamplings
from dirv_tf.models.dlir.stage_rules import AFFINE_CONVOLUTIONS, AFFINE_HALVINGS
from dirv_tf.validation import integer


class AffineStage(tf.keras.layers.Layer):
    """Predict an affine map from a pair of images of any size.

    Each image goes through the same five convolutions, the first three halve it; means over all pixels, two dense
    layers, and a last one with translation, angles, scales and shears.

    Parameters
    ----------
    rank : {2, 3}
    filters, hidden : int
        Filters of every convolution, and units of the two dense layers.
    downsampling : {"pool", "strided"}
    zero_start : bool
        Whether the last layer starts with zeros, the identity.
    kernel_initializer : str
        Of all layers but the last one.
    dtype : str or Keras policy
        Of the convolutions; the parameters stay float32.

    Notes
    -----
    Called on ``(fixed, moving)``; gives the matrix ``(B, r, r)`` and the translation ``(B, r)`` in pixels, as
    `geometry.affine_flow_field` takes them: scales in (1/2, 3/2), angles and shears in (-pi, pi).
    """

    def __init__(
        self,
        rank: int,
        filters: int,
        hidden: int,
        downsampling: str,
        zero_start: bool,
        kernel_initializer: str,
        dtype: Any,
        **kwargs: Any,
    ):
        own_policy, layer_policy = split_policy(dtype)
        super().__init__(dtype=own_policy, **kwargs)
        self.rank = rank
        self.hidden_units = integer(1)("hidden", hidden)
        options: dict[str, Any] = {"activation": "relu", "kernel_initializer": kernel_initializer}
        chain = [convolution(rank, filters, dtype=layer_policy, **options) for _ in range(AFFINE_CONVOLUTIONS)]
        self.features = chain_with_downsamplings(
            chain, AFFINE_HALVINGS, rank, filters, downsampling, kernel_initializer, layer_policy
        )
        self.hidden = [tf.keras.layers.Dense(hidden, dtype=own_policy, **options) for _ in range(2)]
        start = "zeros" if zero_start else "glorot_uniform"
        self.parameters = tf.keras.layers.Dense(rank * (rank + 1), kernel_initializer=start, dtype=own_policy)

    def build(self, input_shape: Any = None) -> None:
        channels = 2 * build_chain(self.features, self.rank, 1)
        for layer in (*self.hidden, self.parameters):
            layer.build((None, channels))
            channels = self.hidden_units
        self.built = True

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        values = tf.concat([self.pipeline(image) for image in inputs], axis=-1)
        for layer in (*self.hidden, self.parameters):
            values = layer(values)
        return affine_map(values, self.rank)

    def pipeline(self, image: tf.Tensor) -> tf.Tensor:
        """Return the features of one image, ``(B, filters)``."""
        values = image
        for layer in self.features:
            values = layer(values)
        return tf.reduce_mean(tf.cast(values, self.compute_dtype), axis=list(range(1, self.rank + 1)))


def affine_map(values: tf.Tensor, rank: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Return matrix and translation from the numbers of the last layer; zeros give the identity.

    Parameters
    ----------
    values : tf.Tensor, shape (B, r (r + 1))
        Translation, angles, scales, shears, before they are brought into their ranges.
    rank : int

    Returns
    -------
    matrix : tf.Tensor, shape (B, r, r)
    translation : tf.Tensor, shape (B, r)
        Pixels.
    """
    planes = rank * (rank - 1) // 2
    translation, angles, scales, shears = tf.split(values, [rank, planes, rank, planes], axis=-1)
    matrix = geometry.affine_matrix(math.pi * tf.tanh(angles), 1 + tf.tanh(scales) / 2, math.pi * tf.tanh(shears))
    return matrix, translation
