"""Binomial smoothing as a Keras layer."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import geometry


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
    """

    def __init__(self, order: int | None = 3, **kwargs):
        super().__init__(**kwargs)
        if order not in (1, 3, None):
            raise ValueError(f"`order` must be 3, 1 or None. Received: order={order!r}")
        self.order = order

    def call(self, inputs):
        return geometry.binomial_smoothing(inputs, self.order)

    def get_config(self):
        return {**super().get_config(), "order": self.order}
