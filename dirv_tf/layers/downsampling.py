"""Downsampling by two between pyramid levels as a Keras layer."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.validation import boolean


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class Downsampling(tf.keras.layers.Layer):
    """Halve every spatial side by binomial smoothing fused with a strided convolution (thesis 5.1).

    Parameters
    ----------
    displacements : bool
        Whether the input is a displacement or flow field, whose values are then halved too, since they count pixels
        of their own level.

    Notes
    -----
    Input ``(B, n_1, ..., n_r, C)``, output ``(B, ceil(n_1 / 2), ..., ceil(n_r / 2), C)``; coarse pixel ``k`` lies on
    fine pixel ``2 k``.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.layers import Downsampling
    >>> Downsampling()(tf.ones([1, 8, 6, 1])).shape
    TensorShape([1, 4, 3, 1])
    >>> Downsampling(displacements=True)(tf.ones([1, 8, 6, 2]))[0, 0, 0].numpy().tolist()
    [0.5, 0.5]
    """

    def __init__(self, displacements: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.displacements = boolean()("displacements", displacements)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        if self.displacements:
            return geometry.downsample_displacement_field(inputs)
        return geometry.downsample_image(inputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "displacements": self.displacements}
