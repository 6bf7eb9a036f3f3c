"""Intensity loss."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.losses.level_errors import check_outputs, intensity_errors


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class IntensityLoss(tf.keras.losses.Loss):
    """Unsupervised loss: intensity error between fixed and registered image, averaged over levels (thesis eq. 26).

    Called as ``loss(None, outputs)`` on the dictionary a `DIRVNet` returns (a ground truth may be given and is not
    used); gives a scalar in units of the images. The thesis reports it times 255.
    """

    def __init__(self, name: str = "intensity_loss", **kwargs):
        super().__init__(name=name, **kwargs)

    def __call__(self, y_true, y_pred, sample_weight=None):
        return self.call(y_true, y_pred)

    def call(self, y_true, y_pred):
        check_outputs(y_pred, "y_pred")
        return tf.reduce_mean(tf.stack([tf.reduce_mean(error) for error in intensity_errors(y_pred)]))
