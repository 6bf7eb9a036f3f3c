"""Cubic B-spline expansion of control points as a Keras layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.geometry.cubic_spline import BORDERS
from dirv_tf.validation import integer, one_of, per_axis


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class CubicSplineInterpolation(tf.keras.layers.Layer):
    """Expand control points to a dense flow field with cubic B-splines, see `geometry.cubic_spline_field`.

    Parameters
    ----------
    spacing : int or sequence of int
        Control-point spacing in pixels, one for all axes or one per axis; control point ``k`` sits in the middle of
        its cell, at ``spacing * k + (spacing - 1) / 2``.
    border : {"zero", "replicate"}
        What lies beyond the outermost control points: nothing, or the same value.

    Notes
    -----
    Input ``(B, g_1, ..., g_r, r)``, output ``(B, s_1 g_1, ..., s_r g_r, r)``, same unit.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.layers import CubicSplineInterpolation
    >>> tuple(CubicSplineInterpolation(spacing=4)(tf.zeros([1, 8, 8, 2])).shape)
    (1, 32, 32, 2)
    """

    def __init__(self, spacing: int | Sequence[int] = 4, border: str = "zero", **kwargs: Any):
        super().__init__(**kwargs)
        self.spacing = per_axis(integer(1))("spacing", spacing)
        self.border = one_of(*BORDERS)("border", border)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return geometry.cubic_spline_field(inputs, self.spacing, self.border)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "spacing": self.spacing, "border": self.border}
