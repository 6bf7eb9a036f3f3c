"""Matching costs of two feature images as a Keras layer."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.geometry.cost_volume import MEASURES
from dirv_tf.validation import integer, one_of


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class CostVolume(tf.keras.layers.Layer):
    """Compare every pixel of one feature image with the pixels around it in another, see `geometry.cost_volume`.

    Parameters
    ----------
    radius : int
        Largest displacement per axis in pixels.
    measure : {"dot", "ssd", "sad_box"}

    Notes
    -----
    Called on ``(fixed, moving)``, both ``(B, n_1, ..., n_r, C)``; gives ``(B, n_1, ..., n_r, (2 radius + 1)^r)``.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.layers import CostVolume
    >>> features = tf.ones([1, 8, 8, 4])
    >>> tuple(CostVolume(radius=3)((features, features)).shape)
    (1, 8, 8, 49)
    """

    def __init__(self, radius: int = 3, measure: str = "dot", **kwargs: Any):
        super().__init__(**kwargs)
        self.radius = integer()("radius", radius)
        self.measure = one_of(*MEASURES)("measure", measure)

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        fixed, moving = inputs
        return geometry.cost_volume(fixed, moving, self.radius, self.measure)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "radius": self.radius, "measure": self.measure}
