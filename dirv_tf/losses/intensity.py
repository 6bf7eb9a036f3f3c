"""Intensity loss."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.losses.arguments import check_outputs
from dirv_tf.losses.network_loss import NetworkLoss
from dirv_tf.losses.similarity import intensity_errors


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class IntensityLoss(NetworkLoss):
    """Unsupervised loss: intensity error between fixed and registered image, averaged over levels (thesis eq. 26).

    Called as ``loss(None, outputs)`` on the ``fixed_images`` and ``registered_images`` among the outputs of a network,
    ``(B, n_1, ..., n_r, C)`` per level (a true field may be given and is not used); gives a scalar in units of the
    images. The thesis reports it times 255.

    Raises
    ------
    ValueError
        If the outputs lack the images, or these do not fit each other.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.losses import IntensityLoss
    >>> outputs = {"fixed_images": (tf.zeros([1, 8, 8, 1]),), "registered_images": (tf.fill([1, 8, 8, 1], 0.25),)}
    >>> float(IntensityLoss()(None, outputs))
    0.25
    """

    similarity = "mse"

    def __init__(self, name: str = "intensity_loss", **kwargs: Any):
        super().__init__(name=name, **kwargs)

    def call(self, y_true: tf.Tensor | None, y_pred: dict) -> tf.Tensor:
        check_outputs(y_pred, ("fixed_images", "registered_images"), "IntensityLoss")
        errors = intensity_errors(y_pred["fixed_images"], y_pred["registered_images"])
        return tf.reduce_mean(tf.stack([tf.reduce_mean(error) for error in errors]))
