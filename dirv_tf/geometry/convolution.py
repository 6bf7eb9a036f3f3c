"""Channel-last N-D convolution."""

from __future__ import annotations

import tensorflow as tf

# Named because the eager gradient of the 3D convolution fails where the format is left to its default.
_DATA_FORMATS = {2: "NHWC", 3: "NDHWC"}


def convolve(values: tf.Tensor, kernel: tf.Tensor, stride: int = 1, padding: str = "SAME") -> tf.Tensor:
    """Convolve ``(B, n_1, ..., n_r, C_in)`` with a kernel ``(k_1, ..., k_r, C_in, C_out)``; r = 2 or 3."""
    rank = values.shape.rank - 2
    return tf.nn.convolution(values, kernel, strides=stride, padding=padding, data_format=_DATA_FORMATS[rank])
