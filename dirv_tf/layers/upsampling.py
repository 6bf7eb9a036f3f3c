"""Upsampling by two between pyramid levels as a Keras layer."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import geometry


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class Upsampling(tf.keras.layers.Layer):
    """Double every spatial side.

    Parameters
    ----------
    displacements : bool
        False: an image, linear by a transposed strided convolution. True: a displacement field on its way to the next
        finer level, values doubled.
    method : {"nearest", "linear"}
        For displacements: "nearest" repeats every value (thesis eq. 23), "linear" puts the mean between two neighbors.
        Images are always linear.

    Notes
    -----
    Input ``(B, n_1, ..., n_r, C)``, output ``(B, 2 n_1, ..., 2 n_r, C)``; fine pixel ``2 k`` lies on coarse pixel ``k``.
    """

    def __init__(self, displacements: bool = False, method: str = "nearest", **kwargs):
        super().__init__(**kwargs)
        geometry.check_field_upsampling(method, "method")
        self.displacements = bool(displacements)
        self.method = method

    def call(self, inputs):
        if self.displacements:
            return geometry.upsample_displacement_field(inputs, self.method)
        return geometry.upsample_image(inputs)

    def get_config(self):
        return {**super().get_config(), "displacements": self.displacements, "method": self.method}
