"""One variational unit as a Keras layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.layers.control_point_interpolation import ControlPointInterpolation
from dirv_tf.layers.data_force import DataForce
from dirv_tf.layers.field_of_experts import FieldOfExperts
from dirv_tf.layers.precision import split_policy
from dirv_tf.layers.warp import Warp
from dirv_tf.validation import integer, number, odd_integer, per_axis, per_term


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class VariationalUnit(tf.keras.layers.Layer):
    """One learned gradient step on the displacement field (thesis eqs. 19-28).

    ``D <- D - |alpha| (force(FoE_data(I_R - I_f) grad I_R) + FoE_reg(D))`` with ``I_R = warp(I_m, interpolate(D))``,
    or, with `squarings`, ``I_R = warp(I_m, interpolate(exp(D)))``.

    Parameters
    ----------
    experts : int or (int, int)
        Number of experts of the data term and of the regularizer.
    kernel_sizes : int or (int, int)
        Kernel side of the data term (pixels) and of the regularizer (control points); odd.
    knots : int
        Knots per potential function.
    knot_range : pair of float
        Position of the first and last knot.
    spacing : int or sequence of int
        Control-point spacing in pixels.
    centered : bool
        Whether the potentials are held at ``ψ(0) = 0``. Equal images and a zero field then stay as they are;
        with the thesis's free potentials the unit learns a small push of its own (0.2 px on average in run A-6
        after 12 of its 40 epochs).
    step_size_scale : float
        ``alpha`` is this number times the variable, whose start is divided by it. The unit starts the same, but Adam,
        whose steps are as long as the learning rate, moves ``alpha`` so many times faster: with the thesis's small
        rate, most of a training is spent on enlarging it.
    squarings : int
        0: the field holds displacements (the thesis). Otherwise it holds stationary velocities, which so many squarings
        integrate to displacements, see `geometry.integrate_control_points`.
    dtype : str or Keras policy
        "mixed_bfloat16": the experts of the data term in 16 bits, everything else in float32.

    Attributes
    ----------
    interpolation : ControlPointInterpolation
    warp : Warp
    data_experts, regularizer_experts : FieldOfExperts
    data_force : DataForce
    expert_terms : tuple of str
        The attributes that hold fields of experts, whose kernels and knots a weights file keeps; a subclass with
        further ones names them here, too.
    step_size : variable, scalar
        ``alpha / step_size_scale``; its absolute value counts, so the step cannot turn round.

    Notes
    -----
    Called on ``(fixed, moving, displacement_field)`` of shapes ``(B, n_1, ..., n_r, 1)`` twice and
    ``(B, n_1 / s, ..., n_r / s, r)`` (pixels); returns the new displacement field.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.layers import VariationalUnit
    >>> unit = VariationalUnit(experts=8, spacing=4)
    >>> fixed, moving = tf.zeros([1, 32, 48, 1]), tf.ones([1, 32, 48, 1])
    >>> unit((fixed, moving, tf.zeros([1, 8, 12, 2]))).shape
    TensorShape([1, 8, 12, 2])
    >>> unit.experts, unit.data_experts.experts, unit.regularizer_experts.kernel_size
    (8, 8, 5)
    """

    expert_terms: tuple[str, ...] = ("data_experts", "regularizer_experts")

    def __init__(
        self,
        experts: int | Sequence[int] = 24,
        kernel_sizes: int | Sequence[int] = (7, 5),
        knots: int = 24,
        knot_range: Sequence[float] = (-1.0, 1.0),
        spacing: int | Sequence[int] = 4,
        centered: bool = True,
        step_size_scale: float = 10.0,
        squarings: int = 0,
        dtype: Any = None,
        **kwargs: Any,
    ):
        own_policy, self.expert_policy = split_policy(dtype)
        super().__init__(dtype=own_policy, **kwargs)
        self.experts = per_term(integer(1))("experts", experts)
        self.kernel_sizes = per_term(odd_integer())("kernel_sizes", kernel_sizes)
        self.spacing = per_axis(integer(1))("spacing", spacing)
        self.step_size_scale = number(above=0)("step_size_scale", step_size_scale)
        self.squarings = integer()("squarings", squarings)
        # In the precision of the fields, whatever the global policy: they hold coordinates.
        self.interpolation = ControlPointInterpolation(spacing, name="interpolation", dtype=own_policy)
        self.warp = Warp(name="warp", dtype=own_policy)
        data_number, regularizer_number = _both(self.experts)
        data_size, regularizer_size = _both(self.kernel_sizes)
        potentials: dict[str, Any] = {"knots": knots, "knot_range": knot_range, "centered": centered}
        self.data_experts = FieldOfExperts(
            experts=data_number, kernel_size=data_size, name="data_experts", dtype=self.expert_policy, **potentials
        )
        self.regularizer_experts = FieldOfExperts(
            experts=regularizer_number,
            kernel_size=regularizer_size,
            name="regularizer_experts",
            dtype=own_policy,
            **potentials,
        )
        self.knots = self.data_experts.knots
        self.knot_range = self.data_experts.knot_range
        self.centered = self.data_experts.centered
        self.data_force = DataForce(spacing, name="data_force", dtype=own_policy)
        self.step_size = None

    def build(self, input_shape: Any) -> None:
        fixed_shape, _, field_shape = input_shape
        self.step_size = self.add_weight(
            name="step_size",
            shape=(),
            initializer=tf.keras.initializers.RandomUniform(0.0, 0.1 / self.step_size_scale),
            trainable=True,
        )
        for experts, shape in ((self.data_experts, fixed_shape), (self.regularizer_experts, field_shape)):
            if not experts.built:
                experts.build(shape)
        self.built = True

    @property
    def absolute_step_size(self) -> tf.Tensor:
        """``|alpha|`` as a tensor."""
        return self.step_size_scale * tf.abs(tf.convert_to_tensor(self.step_size))

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        fixed, moving, displacement_field = inputs
        displacements = geometry.integrate_control_points(displacement_field, self.spacing, self.squarings)
        registered = self.warp((moving, self.interpolation(displacements)))
        data = tf.cast(self.data_experts(registered - fixed), registered.dtype)
        descent = self.data_force((data, registered)) + self.regularizer_experts(displacement_field)
        return displacement_field - self.absolute_step_size * descent

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "dtype": self.expert_policy,
            "experts": self.experts,
            "kernel_sizes": self.kernel_sizes,
            "knots": self.knots,
            "knot_range": self.knot_range,
            "spacing": self.spacing,
            "centered": self.centered,
            "step_size_scale": self.step_size_scale,
            "squarings": self.squarings,
        }


def _both(value):
    """Return (data term, regularizer) from one value for both or a pair."""
    return value if isinstance(value, tuple) else (value, value)
