"""Backward warping as a Keras layer."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import geometry


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class Warp(tf.keras.layers.Layer):
    """Warp an image by a flow field: ``warped[p] = image(p + F[p])``, linear, clamped to the border.

    Notes
    -----
    Called on ``(image, flow_field)`` of shapes ``(B, n_1, ..., n_r, C)`` and ``(B, n_1, ..., n_r, r)``; the field is
    in pixels along the array axes. Output: ``(B, n_1, ..., n_r, C)``. Differentiable in both inputs.
    """

    def call(self, inputs):
        image, flow_field = inputs
        return geometry.warp_image(image, flow_field)
