"""Fields of experts as a Keras layer."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.layers.piecewise_linear_potential import PiecewiseLinearPotential


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
    """

    def __init__(
        self,
        experts: int,
        kernel_size=7,
        knots: int = 24,
        knot_range=(-1.0, 1.0),
        centered: bool = False,
        kernel_initializer=None,
        knot_initializer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if isinstance(experts, bool) or not isinstance(experts, int) or experts < 1:
            raise ValueError(f"`experts` must be a positive integer. Received: experts={experts!r}")
        sides = (kernel_size,) if isinstance(kernel_size, int) else tuple(kernel_size)
        if not sides or any(isinstance(k, bool) or not isinstance(k, int) or k < 1 or k % 2 == 0 for k in sides):
            raise ValueError(
                f"`kernel_size` must be an odd positive integer, or one per axis. Received: kernel_size={kernel_size!r}"
            )
        self.experts = experts
        self.kernel_size = kernel_size if isinstance(kernel_size, int) else sides
        self.kernel_initializer = (
            None if kernel_initializer is None else tf.keras.initializers.get(kernel_initializer)
        )
        # Without casts of its own: it takes 16-bit responses as they are, and its knots stay float32.
        self.potential = PiecewiseLinearPotential(
            knots, knot_range, centered, knot_initializer, name="potential", dtype=self.variable_dtype, autocast=False
        )
        self.kernels = None

    def build(self, input_shape):
        rank, components = len(input_shape) - 2, input_shape[-1]
        if rank not in (2, 3) or components is None:
            raise ValueError(
                f"the input must have shape (B, n_1, ..., n_r, C) with r = 2 or 3 and known C. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        sides = (self.kernel_size,) * rank if isinstance(self.kernel_size, int) else self.kernel_size
        if len(sides) != rank:
            raise ValueError(
                f"`kernel_size` must have one number per spatial axis. "
                f"Received: kernel_size={self.kernel_size}, input_shape={tuple(input_shape)}"
            )
        initializer = self.kernel_initializer or tf.keras.initializers.RandomNormal(
            stddev=(rank / self.experts) ** (1 / rank) / max(sides)
        )
        self.kernels = self.add_weight(
            name="kernels", shape=(*sides, int(components), self.experts), initializer=initializer, trainable=True
        )
        if not self.potential.built:
            self.potential.build((*input_shape[:-1], components * self.experts))
        self.built = True

    def call(self, inputs):
        kernel = geometry.expert_kernel(tf.cast(tf.convert_to_tensor(self.kernels), self.compute_dtype))
        responses = self.potential(geometry.expert_convolution(inputs, kernel))
        return geometry.transposed_expert_convolution(responses, kernel)

    def filter_responses(self, inputs):
        """Return what the potentials are applied to, ``k_ij * X_i``: shape ``(B, n_1, ..., n_r, components * experts)``."""
        return geometry.expert_convolution(inputs, geometry.expert_kernel(tf.convert_to_tensor(self.kernels)))

    def get_config(self):
        serialize = tf.keras.initializers.serialize
        return {
            **super().get_config(),
            "experts": self.experts,
            "kernel_size": self.kernel_size,
            "knots": self.potential.knot_count,
            "knot_range": (self.potential.low, self.potential.high),
            "centered": self.potential.centered,
            "kernel_initializer": None if self.kernel_initializer is None else serialize(self.kernel_initializer),
            "knot_initializer": serialize(self.potential.initializer),
        }
