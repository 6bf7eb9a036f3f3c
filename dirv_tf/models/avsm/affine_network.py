"""The affine network of AVSM: it looks at the pair again after every step and corrects its map."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.layers.precision import split_policy
from dirv_tf.models.avsm.network_rules import AFFINE_COARSEST, AFFINE_LAYERS, FIRST_FILTERS, HIDDEN
from dirv_tf.models.convolutions import build_chain, convolution, max_pooling


class AffineNetwork(tf.keras.layers.Layer):
    """Predict an affine map from a pair of images, in several steps of shared weights.

    In every step the moving image, warped from the original by the map so far, and the fixed image go through the same
    first convolution, and together through the others; two dense layers give a map, which is joined to the one so far.

    Parameters
    ----------
    rank : {2, 3}
    side : int
        The images are resized to so many pixels along every axis.
    order : {"left", "right"}
        Whether the map of a step is applied to the result of those before it, as published, or before them, which is
        what an image warped by them asks for; the same to first order.
    zero_start : bool
        Whether the last layer starts with zeros, the identity.
    kernel_initializer : str
        Of all layers but the last one.
    dtype : str or Keras policy
        Of the convolutions; the map stays float32.

    Notes
    -----
    Called on ``(fixed, moving)``, ``(B, n_1, ..., n_r, 1)`` of any size with intensities in [0, 1], and the number of
    steps. Gives the matrix ``(B, r, r)`` and the translation ``(B, r)`` of the backward map of coordinates in [-1, 1].
    """

    def __init__(
        self, rank: int, side: int, order: str, zero_start: bool, kernel_initializer: str, dtype: Any, **kwargs: Any
    ):
        own_policy, layer_policy = split_policy(dtype)
        super().__init__(dtype=own_policy, **kwargs)
        self.rank, self.side, self.order = rank, side, order

        options: dict[str, Any] = {"activation": "relu", "kernel_initializer": kernel_initializer}

        def layer(entry):
            if entry is None:
                return max_pooling(rank, dtype=layer_policy)
            filters, stride = entry
            return convolution(rank, filters, strides=stride, dtype=layer_policy, **options)

        self.first = layer((FIRST_FILTERS, 1))
        self.features = [layer(entry) for entry in AFFINE_LAYERS]
        self.hidden = tf.keras.layers.Dense(HIDDEN, dtype=own_policy, **options)
        start = "zeros" if zero_start else "glorot_uniform"
        self.parameters = tf.keras.layers.Dense(rank * (rank + 1), kernel_initializer=start, dtype=own_policy)

    def build(self, input_shape: Any = None) -> None:
        build_chain([self.first], self.rank, 1)
        channels = build_chain(self.features, self.rank, 2 * FIRST_FILTERS)
        cells = (-(-self.side // AFFINE_COARSEST)) ** self.rank
        self.hidden.build((None, cells * channels))
        self.parameters.build((None, HIDDEN))
        self.built = True

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor], steps: int = 1) -> tuple[tf.Tensor, tf.Tensor]:
        size = (self.side,) * self.rank
        fixed, moving = (geometry.resize_image(image, size) for image in inputs)
        of_fixed = self.first(2 * fixed - 1)
        identity = tf.eye(self.rank, batch_shape=[tf.shape(fixed)[0]], dtype=fixed.dtype)
        matrix, translation = identity, tf.zeros_like(identity[..., 0])
        for step in range(steps):
            warped = moving
            if step:
                field = geometry.affine_flow_field(*geometry.normalized_to_pixels(matrix, translation, size), size)
                warped = geometry.warp_image(moving, field)
            change = self._step(tf.concat([self.first(2 * warped - 1), of_fixed], axis=-1))
            matrix, translation = joined((matrix, translation), (identity + change[0], change[1]), self.order)
        return matrix, translation

    def _step(self, values):
        for layer in self.features:
            values = layer(values)
        cells = (-(-self.side // AFFINE_COARSEST)) ** self.rank
        values = tf.reshape(tf.cast(values, self.compute_dtype), [-1, cells * values.shape[-1]])
        values = self.parameters(self.hidden(values))
        matrix, translation = tf.split(values, [self.rank**2, self.rank], axis=-1)
        return tf.reshape(matrix, [-1, self.rank, self.rank]), translation


def joined(
    before: tuple[tf.Tensor, tf.Tensor], step: tuple[tf.Tensor, tf.Tensor], order: str
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the map so far together with that of a step.

    Parameters
    ----------
    before, step : pair of tf.Tensor, shapes (B, r, r) and (B, r)
        Matrix and translation.
    order : {"left", "right"}
        ``step(before(x))`` or ``before(step(x))``.
    """
    first, second = (step, before) if order == "left" else (before, step)
    return geometry.compose_affine(first=first, second=second)
