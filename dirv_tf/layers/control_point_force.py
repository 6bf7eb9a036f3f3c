"""Linear-smoothing-kernel control-point force as a Keras layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.validation import integer, per_axis


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

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.layers import ControlPointForce
    >>> ControlPointForce(spacing=2)(tf.ones([1, 4, 4, 2]))[0, ..., 0].numpy().tolist()
    [[2.25, 3.0], [3.0, 4.0]]
    """

    def __init__(self, spacing: int | Sequence[int] = 4, **kwargs: Any):
        super().__init__(**kwargs)
        self.spacing = per_axis(integer(1))("spacing", spacing)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return geometry.control_point_force(inputs, self.spacing)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "spacing": self.spacing}
