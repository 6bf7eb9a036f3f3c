"""Linear-smoothing-kernel control-point force as a Keras layer."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.layers.spacing import normalize_spacing


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class ControlPointForce(tf.keras.layers.Layer):
    """Gather an image-level force at the control points (thesis 5.2): the adjoint of the interpolation.

    A strided convolution with the linear smoothing kernel ``g[h] = prod_i (1 - |h_i| / s_i)``, zero padding.

    Parameters
    ----------
    spacing : int or sequence of int
        Control-point spacing in pixels, one for all axes or one per axis.

    Notes
    -----
    Input ``(B, n_1, ..., n_r, r)`` with sides that are multiples of the spacing, output ``(B, n_1 / s_1, ..., r)``.
    """

    def __init__(self, spacing=4, **kwargs):
        super().__init__(**kwargs)
        self.spacing = normalize_spacing(spacing)

    def call(self, inputs):
        return geometry.control_point_force(inputs, self.spacing)

    def get_config(self):
        return {**super().get_config(), "spacing": self.spacing}
