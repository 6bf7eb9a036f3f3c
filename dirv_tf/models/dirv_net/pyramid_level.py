"""One pyramid level: a chain of variational units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf.layers import VariationalUnit
from dirv_tf.layers.precision import split_policy
from dirv_tf.validation import boolean, integer

# Arguments of a level that are those of its units.
_OF_UNITS = ("experts", "kernel_sizes", "knots", "knot_range", "spacing", "centered", "step_size_scale", "squarings")


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class PyramidLevel(tf.keras.Model):
    """A chain of variational units with separate parameters on images of one size.

    Parameters
    ----------
    units : int
        Number of units ``n_u``.
    experts, kernel_sizes, knots, knot_range, spacing, centered, step_size_scale, squarings, dtype
        See `VariationalUnit`.
    checkpoint_units : bool
        Whether training keeps nothing but the fields between the units and computes every unit a second time for its
        gradients (Chen et al. 2016): the memory of one unit instead of all, for about a quarter more time.

    Attributes
    ----------
    variational_units : list of VariationalUnit
        The units in their order; `units` is their number.
    unit_class : type
        Of the class: what its units are; a subclass may name a variant of `VariationalUnit`.

    Notes
    -----
    Called on ``(fixed, moving, displacement_field)``; returns the displacement field after every unit,
    ``(B, n_u, g_1, ..., g_r, r)``, in pixels of the level. Later units start from the result of earlier ones.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.models import PyramidLevel
    >>> level = PyramidLevel(units=3, experts=4)
    >>> images = tf.zeros([1, 32, 32, 1]), tf.ones([1, 32, 32, 1])
    >>> level((*images, tf.zeros([1, 8, 8, 2]))).shape
    TensorShape([1, 3, 8, 8, 2])
    >>> level.units, [unit.name for unit in level.variational_units]
    (3, ['unit0', 'unit1', 'unit2'])
    """

    unit_class = VariationalUnit

    def __init__(
        self,
        units: int = 7,
        experts: int | Sequence[int] = 24,
        kernel_sizes: int | Sequence[int] = (7, 5),
        knots: int = 24,
        knot_range: Sequence[float] = (-1.0, 1.0),
        spacing: int | Sequence[int] = 4,
        centered: bool = True,
        step_size_scale: float = 10.0,
        squarings: int = 0,
        dtype: Any = None,
        checkpoint_units: bool = False,
        **kwargs: Any,
    ):
        own_policy, expert_policy = split_policy(dtype)
        super().__init__(dtype=own_policy, **kwargs)
        self.units = integer(1)("units", units)
        self.checkpoint_units = boolean()("checkpoint_units", checkpoint_units)
        of_units: dict[str, Any] = {
            "experts": experts,
            "kernel_sizes": kernel_sizes,
            "knots": knots,
            "knot_range": knot_range,
            "spacing": spacing,
            "centered": centered,
            "step_size_scale": step_size_scale,
            "squarings": squarings,
            "dtype": expert_policy,
        }
        self.variational_units = [self.unit_class(name=f"unit{index}", **of_units) for index in range(self.units)]
        for name in _OF_UNITS:
            setattr(self, name, getattr(self.variational_units[0], name))

    def build(self, input_shape: Any) -> None:
        for unit in self.variational_units:
            if not unit.built:
                unit.build(input_shape)
        self.built = True

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        fixed, moving, displacement_field = inputs
        fields = []
        for unit in self.variational_units:
            step = tf.recompute_grad(unit) if self.checkpoint_units else unit
            displacement_field = step((fixed, moving, displacement_field))
            fields.append(displacement_field)
        return tf.stack(fields, axis=1)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "units": self.units,
            **{name: getattr(self, name) for name in _OF_UNITS},
            "dtype": self.variational_units[0].expert_policy,
            "checkpoint_units": self.checkpoint_units,
        }
