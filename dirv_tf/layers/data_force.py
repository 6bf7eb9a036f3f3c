"""The force of a data term at the control points as a Keras layer."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.layers.spacing import normalize_spacing


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class DataForce(tf.keras.layers.Layer):
    """Gather the force of a data term at the control points: ``control_point_force(weights * image_gradient(image))``.

    The fused form of `ImageGradient` and `ControlPointForce`: the same numbers in one pass over memory, where the two
    layers and the product take three (thesis 5.2).

    Parameters
    ----------
    spacing : int or sequence of int
        Control-point spacing in pixels, one for all axes or one per axis.

    Notes
    -----
    Called on ``(weights, image)``, both ``(B, n_1, ..., n_r, 1)`` with sides that are multiples of the spacing; output
    ``(B, n_1 / s_1, ..., n_r / s_r, r)``.
    """

    def __init__(self, spacing=4, **kwargs):
        super().__init__(**kwargs)
        self.spacing = normalize_spacing(spacing)

    def call(self, inputs):
        weights, image = inputs
        return geometry.data_force(weights, image, self.spacing)

    def get_config(self):
        return {**super().get_config(), "spacing": self.spacing}
