"""Integration of a stationary velocity field as a Keras layer."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.validation import integer


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class VelocityIntegration(tf.keras.layers.Layer):
    """Integrate a velocity field to a flow field by scaling and squaring, see `geometry.exponential`.

    Parameters
    ----------
    squarings : int
        Number of squarings; 0 passes the field through.

    Notes
    -----
    Input and output ``(B, n_1, ..., n_r, r)``, in pixels per unit of time and in pixels.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.layers import VelocityIntegration
    >>> VelocityIntegration(squarings=3)(tf.fill([1, 4, 4, 2], 2.0))[0, 0, 0].numpy().tolist()
    [2.0, 2.0]
    """

    def __init__(self, squarings: int = 7, **kwargs: Any):
        super().__init__(**kwargs)
        self.squarings = integer()("squarings", squarings)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return geometry.exponential(inputs, self.squarings)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "squarings": self.squarings}
