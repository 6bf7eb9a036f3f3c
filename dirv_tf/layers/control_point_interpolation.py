"""First-degree B-spline interpolation of control points as a Keras layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.validation import integer, per_axis


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

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.layers import ControlPointInterpolation
    >>> displacement_field = tf.reshape([0.0, 2.0, 4.0, 6.0], [1, 2, 1, 2])
    >>> ControlPointInterpolation(spacing=2)(displacement_field)[0, :, 0].numpy().tolist()
    [[0.0, 2.0], [2.0, 4.0], [4.0, 6.0], [4.0, 6.0]]
    """

    def __init__(self, spacing: int | Sequence[int] = 4, **kwargs: Any):
        super().__init__(**kwargs)
        self.spacing = per_axis(integer(1))("spacing", spacing)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return geometry.interpolate_control_points(inputs, self.spacing)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "spacing": self.spacing}
