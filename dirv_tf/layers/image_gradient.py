"""Image gradient as a Keras layer."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import geometry


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class ImageGradient(tf.keras.layers.Layer):
    """Differentiate every channel along every array axis: central differences, one-sided at the border.

    Notes
    -----
    Input ``(B, n_1, ..., n_r, C)``, output ``(B, n_1, ..., n_r, C, r)``, intensity per pixel.
    """

    def call(self, inputs):
        return geometry.image_gradient(inputs)
