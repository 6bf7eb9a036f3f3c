"""A B-spline stage of DLIR: from a pair of images to control points."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.layers.precision import split_policy
from dirv_tf.models.convolutions import build_chain, convolution
from dirv_tf.models.dlir.downsampling import chain_with_downsamplings
from dirv_tf.models.dlir.stage_rules import halvings


class SplineStage(tf.keras.layers.Layer):
    """Predict the control points of a cubic B-spline field from a pair of images; fully convolutional.

    As many convolutions that halve as the spacing asks for, two more, two of a single pixel, and the control points.

    Parameters
    ----------
    rank : {2, 3}
    filters : int
        Filters of every convolution.
    spacing : int
        Control-point spacing in pixels of the stage, a power of two.
    downsampling : {"pool", "strided"}
    zero_start : bool
        Whether the last layer starts with zeros, the zero field.
    kernel_initializer : str
        Of all layers but the last one.
    dtype : str or Keras policy
        Of the convolutions; the control points stay float32.

    Notes
    -----
    Called on ``(fixed, moving)``, ``(B, n_1, ..., n_r, 1)``; gives ``(B, n_1 / s, ..., n_r / s, r)``.
    """

    def __init__(
        self,
        rank: int,
        filters: int,
        spacing: int,
        downsampling: str,
        zero_start: bool,
        kernel_initializer: str,
        dtype: Any,
        **kwargs: Any,
    ):
        own_policy, layer_policy = split_policy(dtype)
        super().__init__(dtype=own_policy, **kwargs)
        self.rank = rank
        count = halvings(spacing)
        chain = [
            convolution(
                rank, filters, kernel_size, activation="relu", kernel_initializer=kernel_initializer, dtype=layer_policy
            )
            for kernel_size in (*(3,) * (count + 2), 1, 1)
        ]
        self.features = chain_with_downsamplings(
            chain, count, rank, filters, downsampling, kernel_initializer, layer_policy
        )
        start = "zeros" if zero_start else "glorot_uniform"
        self.control_points = convolution(rank, rank, 1, kernel_initializer=start, dtype=own_policy)

    def build(self, input_shape: Any = None) -> None:
        build_chain([*self.features, self.control_points], self.rank, 2)
        self.built = True

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        values = tf.concat(inputs, axis=-1)
        for layer in (*self.features, self.control_points):
            values = layer(values)
        return values
