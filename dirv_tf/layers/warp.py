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

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.layers import Warp
    >>> image = tf.reshape(tf.range(12.0), [1, 3, 4, 1])
    >>> half_a_pixel_along_rows = tf.constant([0.5, 0.0]) * tf.ones([1, 3, 4, 2])
    >>> Warp()((image, half_a_pixel_along_rows))[0, ..., 0].numpy().tolist()
    [[2.0, 3.0, 4.0, 5.0], [6.0, 7.0, 8.0, 9.0], [8.0, 9.0, 10.0, 11.0]]
    """

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        image, flow_field = inputs
        return geometry.warp_image(image, flow_field)
