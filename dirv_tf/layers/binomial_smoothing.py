"""Binomial smoothing as a Keras layer."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.validation import one_of


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class BinomialSmoothing(tf.keras.layers.Layer):
    """Smooth every channel with a separable binomial kernel, reflecting at the border (thesis 5.1).

    Parameters
    ----------
    order : {3, 1, None}
        3: ``(1, 4, 6, 4, 1) / 16``; 1: ``(1, 2, 1) / 4``; None: order 1 where the largest side is at most 10 pixels,
        order 3 elsewhere.

    Notes
    -----
    Input and output: ``(B, n_1, ..., n_r, C)``, r = 2 or 3, of any (also unknown) size.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.layers import BinomialSmoothing
    >>> point = tf.scatter_nd([[0, 3, 3, 0]], [16.0], [1, 7, 7, 1])
    >>> BinomialSmoothing(order=1)(point)[0, 2:5, 2:5, 0].numpy().tolist()
    [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]
    """

    def __init__(self, order: int | None = 3, **kwargs: Any):
        super().__init__(**kwargs)
        self.order = one_of(3, 1, None)("order", order)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return geometry.binomial_smoothing(inputs, self.order)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "order": self.order}
