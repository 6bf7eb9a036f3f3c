"""Convolutional gated recurrent unit."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.validation import integer, odd_integer

_CONVOLUTIONS = {2: tf.keras.layers.Conv2D, 3: tf.keras.layers.Conv3D}


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class ConvGRU(tf.keras.layers.Layer):
    """Gated recurrent unit of convolutions (Ballas et al. 2016): one step from a hidden state to the next.

    ``z = s(W_z * [h, x])``, ``r = s(W_r * [h, x])``, ``q = tanh(W_q * [r h, x])``, ``h' = (1 - z) h + z q``, where
    ``s`` is the logistic function, ``*`` a convolution with bias and ``[., .]`` the concatenation of channels.

    Parameters
    ----------
    hidden : int
        Channels of the hidden state.
    kernel_size : int
        Odd side of the three kernels.

    Attributes
    ----------
    update, reset, candidate : tf.keras.layers.Layer
        The convolutions ``W_z``, ``W_r`` and ``W_q``.

    Raises
    ------
    ValueError
        When built, if the hidden state has another number of channels.

    Notes
    -----
    Called on ``(h, x)`` of shapes ``(B, n_1, ..., n_r, hidden)`` and ``(B, n_1, ..., n_r, C)``; gives the next ``h``.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.layers import ConvGRU
    >>> hidden = tf.zeros([1, 8, 8, 16])
    >>> unit = ConvGRU(hidden=16)
    >>> for _ in range(3):
    ...     hidden = unit((hidden, tf.ones([1, 8, 8, 4])))
    >>> tuple(hidden.shape), unit.count_params()
    ((1, 8, 8, 16), 8688)
    """

    def __init__(self, hidden: int = 64, kernel_size: int = 3, **kwargs: Any):
        super().__init__(**kwargs)
        self.hidden = integer(1)("hidden", hidden)
        self.kernel_size = odd_integer()("kernel_size", kernel_size)
        self.update: Any = None
        self.reset: Any = None
        self.candidate: Any = None

    def build(self, input_shape: Any) -> None:
        state, inputs = (tuple(shape) for shape in input_shape)
        rank = len(state) - 2
        if rank not in _CONVOLUTIONS or state[-1] != self.hidden or inputs[-1] is None:
            raise ValueError(
                f"the hidden state must have shape (B, n_1, ..., n_r, {self.hidden}) with r = 2 or 3, and the input a "
                f"known number of channels. Received: input_shape={(state, inputs)}"
            )
        both = (*state[:-1], self.hidden + inputs[-1])
        policy = getattr(self.dtype_policy, "name", None)
        for name in ("update", "reset", "candidate"):
            layer = _CONVOLUTIONS[rank](self.hidden, self.kernel_size, padding="same", dtype=policy, name=name)
            setattr(self, name, layer)
            layer.build(both)
        self.built = True

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        hidden, values = inputs
        both = tf.concat([hidden, values], axis=-1)
        update, reset = tf.sigmoid(self.update(both)), tf.sigmoid(self.reset(both))
        candidate = tf.tanh(self.candidate(tf.concat([reset * hidden, values], axis=-1)))
        return (1 - update) * hidden + update * candidate

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "hidden": self.hidden, "kernel_size": self.kernel_size}
