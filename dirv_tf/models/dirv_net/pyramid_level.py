"""One pyramid level: a chain of variational units."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.layers import VariationalUnit
from dirv_tf.layers.precision import split_policy


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class PyramidLevel(tf.keras.Model):
    """A chain of variational units with separate parameters on images of one size.

    Parameters
    ----------
    units : int
        Number of units ``n_u``.
    experts, kernel_sizes, knots, knot_range, spacing, centered, step_size_scale, dtype
        See `VariationalUnit`.
    checkpoint_units : bool
        Whether training keeps nothing but the fields between the units and computes every unit a second time for its
        gradients (Chen et al. 2016): the memory of one unit instead of all, for about a quarter more time.

    Attributes
    ----------
    units : list of VariationalUnit
    unit_class : type
        Of the class: what its units are; a subclass may name a variant of `VariationalUnit`.

    Notes
    -----
    Called on ``(fixed, moving, displacement_field)``; returns the displacement field after every unit,
    ``(B, n_u, g_1, ..., g_r, r)``, in pixels of the level. Later units start from the result of earlier ones.
    """

    unit_class = VariationalUnit

    def __init__(
        self,
        units: int = 7,
        experts=24,
        kernel_sizes=(7, 5),
        knots: int = 24,
        knot_range=(-1.0, 1.0),
        spacing=4,
        centered: bool = True,
        step_size_scale: float = 10.0,
        dtype=None,
        checkpoint_units: bool = False,
        **kwargs,
    ):
        own_policy, expert_policy = split_policy(dtype)
        super().__init__(dtype=own_policy, **kwargs)
        if isinstance(units, bool) or not isinstance(units, int) or units < 1:
            raise ValueError(f"`units` must be a positive integer. Received: units={units!r}")
        self.checkpoint_units = bool(checkpoint_units)
        self.units = [
            self.unit_class(
                experts,
                kernel_sizes,
                knots,
                knot_range,
                spacing,
                centered,
                step_size_scale,
                dtype=expert_policy,
                name=f"unit{index}",
            )
            for index in range(units)
        ]

    def build(self, input_shape):
        for unit in self.units:
            if not unit.built:
                unit.build(input_shape)
        self.built = True

    def call(self, inputs):
        fixed, moving, displacement_field = inputs
        fields = []
        for unit in self.units:
            step = tf.recompute_grad(unit) if self.checkpoint_units else unit
            displacement_field = step((fixed, moving, displacement_field))
            fields.append(displacement_field)
        return tf.stack(fields, axis=1)

    def get_config(self):
        config = self.units[0].get_config()
        keys = ("experts", "kernel_sizes", "knots", "knot_range", "spacing", "centered", "step_size_scale", "dtype")
        config = {key: config[key] for key in keys}
        return {"name": self.name, "units": len(self.units), **config, "checkpoint_units": self.checkpoint_units}
