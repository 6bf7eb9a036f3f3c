"""Upsampling by two between pyramid levels as a Keras layer."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.validation import boolean, one_of


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
    Input ``(B, n_1, ..., n_r, C)``, output ``(B, 2 n_1, ..., 2 n_r, C)``; pixel ``2 k`` lies on coarse pixel ``k``.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.layers import Upsampling
    >>> field = tf.reshape([0.0, 1.0, 2.0, 3.0], [1, 2, 1, 2])
    >>> Upsampling(displacements=True)(field)[0, :, 0].numpy().tolist()
    [[0.0, 2.0], [0.0, 2.0], [4.0, 6.0], [4.0, 6.0]]
    >>> Upsampling(displacements=True, method="linear")(field)[0, :, 0].numpy().tolist()
    [[0.0, 2.0], [2.0, 4.0], [4.0, 6.0], [4.0, 6.0]]
    """

    def __init__(self, displacements: bool = False, method: str = "nearest", **kwargs: Any):
        super().__init__(**kwargs)
        self.displacements = boolean()("displacements", displacements)
        self.method = one_of(*geometry.FIELD_UPSAMPLINGS)("method", method)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        if self.displacements:
            return geometry.upsample_displacement_field(inputs, self.method)
        return geometry.upsample_image(inputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "displacements": self.displacements, "method": self.method}
