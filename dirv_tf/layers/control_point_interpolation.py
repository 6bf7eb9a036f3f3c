"""First-degree B-spline interpolation of control points as a Keras layer."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.layers.spacing import normalize_spacing


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class ControlPointInterpolation(tf.keras.layers.Layer):
    """Interpolate a displacement field to a dense flow field (thesis 5.1).

    Parameters
    ----------
    spacing : int or sequence of int
        Control-point spacing in pixels, one for all axes or one per axis; control point ``k`` sits at ``spacing * k``.

    Notes
    -----
    Input ``(B, g_1, ..., g_r, r)``, output ``(B, s_1 g_1, ..., s_r g_r, r)``, same unit.
    """

    def __init__(self, spacing=4, **kwargs):
        super().__init__(**kwargs)
        self.spacing = normalize_spacing(spacing)

    def call(self, inputs):
        return geometry.interpolate_control_points(inputs, self.spacing)

    def get_config(self):
        return {**super().get_config(), "spacing": self.spacing}
