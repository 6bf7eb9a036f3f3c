"""Fields of experts as a Keras layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.layers.piecewise_linear_potential import PiecewiseLinearPotential
from dirv_tf.validation import integer, odd_integer, per_axis


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class FieldOfExperts(tf.keras.layers.Layer):
    """Apply a field of experts to every component: ``E(X)_i = sum_j k_ij *T psi_ij(k_ij * X_i)`` (thesis eq. 22).

    Convolution, potential, transposed convolution with the same kernel; stride 1, zero padding, no bias. Every
    component (channel) of the input has its own kernels and potentials.

    Parameters
    ----------
    experts : int
        Number of experts ``n_e`` per component.
    kernel_size : int or sequence of int
        Odd number of pixels per side, one for all axes or one per axis.
    knots, knot_range, centered, knot_initializer
        See `PiecewiseLinearPotential`.
    kernel_initializer : str, dict, tf.keras.initializers.Initializer or None
        None: normal with standard deviation ``(r / n_e)**(1 / r) / kernel_size``.
    dtype : str or Keras policy
        "mixed_bfloat16": the convolutions and what passes between them in 16 bits, variables and the arithmetic of the
        potentials in float32.

    Attributes
    ----------
    kernels : variable, shape (k_1, ..., k_r, components, experts)
    potential : PiecewiseLinearPotential
        Its channel ``c * experts + j`` belongs to expert ``j`` of component ``c``.

    Notes
    -----
    Input and output: ``(B, n_1, ..., n_r, components)``, r = 2 or 3, of any size.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.layers import FieldOfExperts
    >>> layer = FieldOfExperts(experts=16, kernel_size=5)
    >>> layer(tf.zeros([1, 20, 30, 3])).shape
    TensorShape([1, 20, 30, 3])
    >>> tuple(layer.kernels.shape), tuple(layer.potential.knot_values.shape)
    ((5, 5, 3, 16), (48, 24))
    """

    def __init__(
        self,
        experts: int,
        kernel_size: int | Sequence[int] = 7,
        knots: int = 24,
        knot_range: Sequence[float] = (-1.0, 1.0),
        centered: bool = False,
        kernel_initializer: Any = None,
        knot_initializer: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.experts = integer(1)("experts", experts)
        self.kernel_size = per_axis(odd_integer())("kernel_size", kernel_size)
        self.kernel_initializer = tf.keras.initializers.get(kernel_initializer)
        # Without casts of its own: it takes 16-bit responses as they are, and its knots stay float32.
        self.potential = PiecewiseLinearPotential(
            knots=knots,
            knot_range=knot_range,
            centered=centered,
            initializer=knot_initializer,
            name="potential",
            dtype=self.variable_dtype,
            autocast=False,
        )
        self.knots = self.potential.knots
        self.knot_range = self.potential.knot_range
        self.centered = self.potential.centered
        self.knot_initializer = self.potential.initializer
        self.kernels = None

    def build(self, input_shape: Any) -> None:
        rank, components = len(input_shape) - 2, input_shape[-1]
        if rank not in (2, 3) or components is None:
            raise ValueError(
                f"the input must have shape (B, n_1, ..., n_r, C) with r = 2 or 3 and known C. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        size = per_axis(odd_integer(), rank)("kernel_size", self.kernel_size)
        sides = (size,) * rank if isinstance(size, int) else size
        initializer = self.kernel_initializer or tf.keras.initializers.RandomNormal(
            stddev=(rank / self.experts) ** (1 / rank) / max(sides)
        )
        self.kernels = self.add_weight(
            name="kernels", shape=(*sides, int(components), self.experts), initializer=initializer, trainable=True
        )
        if not self.potential.built:
            self.potential.build((*input_shape[:-1], components * self.experts))
        self.built = True

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        kernel = geometry.expert_kernel(tf.cast(tf.convert_to_tensor(self.kernels), self.compute_dtype))
        responses = self.potential(geometry.expert_convolution(inputs, kernel))
        return geometry.transposed_expert_convolution(responses, kernel)

    def filter_responses(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return what the potentials get, ``k_ij * X_i``: shape ``(B, n_1, ..., n_r, components * experts)``."""
        return geometry.expert_convolution(inputs, geometry.expert_kernel(tf.convert_to_tensor(self.kernels)))

    def get_config(self) -> dict[str, Any]:
        serialize = tf.keras.initializers.serialize
        return {
            **super().get_config(),
            "experts": self.experts,
            "kernel_size": self.kernel_size,
            "knots": self.knots,
            "knot_range": self.knot_range,
            "centered": self.centered,
            "kernel_initializer": self.kernel_initializer and serialize(self.kernel_initializer),
            "knot_initializer": self.knot_initializer and serialize(self.knot_initializer),
        }
