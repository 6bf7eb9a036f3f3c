"""The force of a data term at the control points as a Keras layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.validation import integer, per_axis


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

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.layers import DataForce
    >>> slope = tf.tile(tf.range(4.0)[None, :, None, None], [1, 1, 4, 1])
    >>> DataForce(spacing=2)((tf.ones([1, 4, 4, 1]), slope))[0, -1].numpy().tolist()
    [[3.0, 0.0], [4.0, 0.0]]
    """

    def __init__(self, spacing: int | Sequence[int] = 4, **kwargs: Any):
        super().__init__(**kwargs)
        self.spacing = per_axis(integer(1))("spacing", spacing)

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        weights, image = inputs
        return geometry.data_force(weights, image, self.spacing)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "spacing": self.spacing}
