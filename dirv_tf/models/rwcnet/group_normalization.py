"""Normalization of groups of channels, in half the operations of Keras' own."""

from __future__ import annotations

import tensorflow as tf


class GroupNormalization(tf.keras.layers.GroupNormalization):
    """Normalize every group of channels of an image to mean 0 and variance 1, then scale and shift the channels.

    Keras' layer, with its arguments and weights. On TensorFlow 2.15 that one multiplies with a mask of ones, and asks
    for the sides of the image one by one: three quarters of the operations of an RWCNet's graph were those of its
    normalizations, twice as many as here.

    Notes
    -----
    Called on ``(B, n_1, ..., n_r, C)``. Mean and variance are those of at least float32.

    References
    ----------
    Wu and He, "Group normalization", ECCV 2018.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        shape = tf.shape(inputs)
        exact = tf.float64 if inputs.dtype == tf.float64 else tf.float32
        # (images, pixels, channels): sums over few long axes are the fastest.
        values = tf.reshape(tf.cast(inputs, exact), [shape[0], tf.reduce_prod(shape[1:-1]), inputs.shape[-1]])
        mean = self._mean_of_groups(values)
        variance = self._mean_of_groups(tf.math.squared_difference(values, mean))
        factor = tf.math.rsqrt(variance + self.epsilon) * tf.cast(self.gamma, exact)
        normalized = values * factor + (tf.cast(self.beta, exact) - mean * factor)
        return tf.cast(tf.ensure_shape(tf.reshape(normalized, shape), inputs.shape), inputs.dtype)

    def _mean_of_groups(self, values):
        """Return the mean of every channel's group, (images, 1, channels)."""
        each = values.shape[-1] // self.groups
        of_channels = tf.reshape(tf.reduce_mean(values, axis=1), [-1, self.groups, each])
        of_groups = tf.tile(tf.reduce_mean(of_channels, axis=2, keepdims=True), [1, 1, each])
        return tf.reshape(of_groups, [-1, 1, values.shape[-1]])
