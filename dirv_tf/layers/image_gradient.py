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

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.layers import ImageGradient
    >>> image = tf.reshape(tf.range(12.0), [1, 3, 4, 1])
    >>> ImageGradient()(image)[0, 1, 1].numpy().tolist()
    [[4.0, 1.0]]
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return geometry.image_gradient(inputs)
