"""DIRV-Net: variational units on a coarse-to-fine pyramid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.layers import ControlPointInterpolation, Downsampling, Upsampling, Warp
from dirv_tf.models.bounds import channel_count, kernel_side, pyramid_levels, repetitions
from dirv_tf.models.dirv_net.observer import DIRVNetObserver
from dirv_tf.models.dirv_net.pyramid_level import PyramidLevel
from dirv_tf.models.registration_network import RegistrationNetwork
from dirv_tf.models.registry import register_network
from dirv_tf.validation import boolean, either, increasing_pair, integer, list_of, number, one_of, per_term

# By how many pixels a tile reaches beyond its own part. The reach of seven units is longer, but fades: tiled and
# untiled fields of A-6 differ by 0.003 pixels on average and 0.015 at the 99th percentile (those of three levels by
# 0.03 and 0.18), with the same error against the true field.
HALO, HALO_PER_COARSER_LEVEL = 32, 16


@register_network
class DIRVNet(RegistrationNetwork):
    """Variational network for deformable registration of image pairs (thesis 4.6, eqs. 19-28).

    Parameters
    ----------
    rank : {2, 3}
        Number of spatial axes.
    levels : int
        Number of pyramid levels ``n_l``.
    units : int or sequence of int
        Units per level ``n_u``, one number for all levels or one per level, coarse to fine.
    experts : int or (int, int)
        Experts ``n_e`` of the data term and of the regularizer.
    kernel_sizes : int or (int, int)
        Kernel side of the data term (pixels) and of the regularizer (control points).
    knots : int
        Knots ``n_q`` per potential function.
    knot_range : pair of float
        Position of the first and of the last knot.
    spacing : int or sequence of int
        Control-point spacing ``s`` in pixels, one for all axes or one per axis.
    centered : bool
        Whether the potentials are held at ``ψ(0) = 0``, so that an identical pair gives the zero field. False
        is the thesis's form.
    step_size_scale : float
        How many times faster than the other variables the step sizes are learned, see `VariationalUnit`.
    field_upsampling : {"nearest", "linear"}
        How the field is carried to the next finer level, see `geometry.upsample_displacement_field`. The thesis repeats
        every value; "linear" hands on a smooth field and costs nothing.
    squarings : int
        0: the units move the displacements of the control points (the thesis). Otherwise they move stationary
        velocities, which so many squarings integrate to displacements on the grid of the control points, so that the
        map hardly folds.
    dtype : str or Keras policy
        "mixed_bfloat16": the experts of the data term in 16 bits; images, fields and variables stay float32. Default:
        Keras's global policy.
    checkpoint_units : bool
        Whether training computes every unit twice instead of keeping what its gradients need, see `PyramidLevel`.
    separate_levels : bool
        Whether each level learns from its own loss alone: no gradient passes from a level to the one before. Over
        several levels such gradients can grow a thousandfold and spoil the training. Results of a given network are the
        same.

    Attributes
    ----------
    downsampling : Downsampling
        Makes the images of the coarser levels.
    pyramid_levels : list of PyramidLevel
        Coarse to fine.
    upsampling : Upsampling
        Hands the displacement field on to the next finer level.
    interpolation, warp : ControlPointInterpolation, Warp
        Make the flow field and the registered image of every level.
    size_multiples : tuple of int
        Every image side must be a multiple of this number (per axis): ``spacing * 2**(levels - 1)``.
    level_class : type
        Of the class: what its levels are; a subclass may name a variant of `PyramidLevel`.

    Raises
    ------
    ValueError
        On construction, if an argument is impossible; when called, if the images differ in shape, have another rank
        or several channels, or a side is not a legal multiple.

    Notes
    -----
    Called on ``(fixed, moving)``, both ``(B, n_1, ..., n_r, 1)`` with intensities in [0, 1]. Returns a dictionary:

    - ``"flow_field"``: ``(B, n_1, ..., n_r, r)``, dense backward field of the finest level, pixels, array-axis order;
    - ``"displacement_fields"``: per level, coarse to fine, the field after every unit, ``(B, n_u, g_1, ..., g_r, r)``,
      pixels of that level;
    - with `squarings` also ``"velocity_fields"``: what the units moved, in the form of ``"displacement_fields"``;
    - ``"fixed_images"``, ``"moving_images"``, ``"registered_images"``: per level, ``(B, n_1^l, ..., n_r^l, 1)``.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.models import DIRVNet
    >>> model = DIRVNet(rank=2, levels=2, units=3, experts=8)
    >>> outputs = model((tf.zeros([1, 64, 64, 1]), tf.zeros([1, 64, 64, 1])))
    >>> tuple(outputs["flow_field"].shape)
    (1, 64, 64, 2)
    """

    kind = "dirv_net"
    how_computed = (*RegistrationNetwork.how_computed, "checkpoint_units", "separate_levels")
    later_arguments: ClassVar[dict[str, Any]] = {"squarings": 0}
    level_class = PyramidLevel

    def __init__(
        self,
        rank: int = 2,
        levels: int = 1,
        units: int | Sequence[int] = 7,
        experts: int | Sequence[int] = 24,
        kernel_sizes: int | Sequence[int] = (7, 5),
        knots: int = 24,
        knot_range: Sequence[float] = (-1.0, 1.0),
        spacing: int | Sequence[int] = 4,
        centered: bool = True,
        step_size_scale: float = 10.0,
        field_upsampling: str = "nearest",
        squarings: int = 0,
        dtype: Any = None,
        checkpoint_units: bool = False,
        separate_levels: bool = False,
        **kwargs: Any,
    ):
        super().__init__(rank, spacing, dtype=dtype, **kwargs)
        self.levels = pyramid_levels()("levels", levels)
        self.units = either(repetitions(), list_of(repetitions(), longest=16))("units", units)
        if not isinstance(self.units, int) and len(self.units) != levels:
            raise ValueError(
                f"`units` must be one number, or one per level (coarse to fine). "
                f"Received: units={units!r}, levels={levels}"
            )
        self.experts = per_term(channel_count())("experts", experts)
        self.kernel_sizes = per_term(kernel_side())("kernel_sizes", kernel_sizes)
        self.knots = integer(2, 4096)("knots", knots)
        self.knot_range = increasing_pair(number())("knot_range", knot_range)
        self.centered = boolean()("centered", centered)
        self.step_size_scale = number(above=0)("step_size_scale", step_size_scale)
        self.field_upsampling = one_of(*geometry.FIELD_UPSAMPLINGS)("field_upsampling", field_upsampling)
        self.squarings = repetitions(0)("squarings", squarings)
        self.checkpoint_units = boolean()("checkpoint_units", checkpoint_units)
        self.separate_levels = boolean()("separate_levels", separate_levels)
        self.size_multiples = tuple(step * 2 ** (levels - 1) for step in self.spacing_per_axis)
        # Its own layers hold coordinates: in the precision of the fields, whatever the global policy.
        own_policy = self.dtype_policy.name
        self.downsampling = Downsampling(name="downsampling", dtype=own_policy)
        self.upsampling = Upsampling(displacements=True, method=field_upsampling, name="upsampling", dtype=own_policy)
        self.interpolation = ControlPointInterpolation(self.spacing_per_axis, name="interpolation", dtype=own_policy)
        self.warp = Warp(name="warp", dtype=own_policy)
        self.pyramid_levels = [
            self.level_class(
                units=count,
                experts=_both(self.experts),
                kernel_sizes=_both(self.kernel_sizes),
                knots=self.knots,
                knot_range=self.knot_range,
                spacing=self.spacing_per_axis,
                centered=self.centered,
                step_size_scale=self.step_size_scale,
                squarings=self.squarings,
                dtype=self.layer_policy,
                checkpoint_units=self.checkpoint_units,
                name=f"level{index}",
            )
            for index, count in enumerate(self._units_per_level)
        ]
        # No variable depends on the image size, so the model is ready (to count, load or save weights) at once.
        unknown = (None,) * rank
        for level in self.pyramid_levels:
            level.build(((None, *unknown, 1), (None, *unknown, 1), (None, *unknown, rank)))
        for layer in (self.downsampling, self.upsampling, self.interpolation, self.warp):
            layer.build((None, *unknown, None))
        self.built = True

    # ------------------------------------------------------------------ config

    @property
    def _units_per_level(self):
        return (self.units,) * self.levels if isinstance(self.units, int) else tuple(self.units)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "levels": self.levels,
            "units": self.units,
            "experts": self.experts,
            "kernel_sizes": self.kernel_sizes,
            "knots": self.knots,
            "knot_range": self.knot_range,
            "centered": self.centered,
            "step_size_scale": self.step_size_scale,
            "field_upsampling": self.field_upsampling,
            "squarings": self.squarings,
            "checkpoint_units": self.checkpoint_units,
            "separate_levels": self.separate_levels,
        }

    def architecture(self) -> dict[str, Any]:
        """Return the arguments that the weights belong to, one form of each: a number per level and per term."""
        terms = {"experts": _both(self.experts), "kernel_sizes": _both(self.kernel_sizes)}
        return {**super().architecture(), "units": self._units_per_level, **terms}

    @property
    def halo(self) -> tuple[int, ...]:
        width = HALO + HALO_PER_COARSER_LEVEL * (self.levels - 1)
        return geometry.legal_size((width,) * self.rank, self.size_multiples)

    def observer(self) -> DIRVNetObserver:
        return DIRVNetObserver(self)

    def named_variables(self) -> dict[str, tf.Variable]:
        """Return every variable by a path that no version of Keras changes, e.g. ``level0/unit3/step_size``."""
        named = {}
        for level_index, level in enumerate(self.pyramid_levels):
            for unit_index, unit in enumerate(level.variational_units):
                path = f"level{level_index}/unit{unit_index}"
                for term in unit.expert_terms:
                    experts = getattr(unit, term)
                    named[f"{path}/{term}/kernels"] = experts.kernels
                    named[f"{path}/{term}/knots"] = experts.potential.knot_values
                named[f"{path}/step_size"] = unit.step_size
        return named

    # ------------------------------------------------------------------ calls

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> dict[str, Any]:
        fixed, moving = self.checked_pair(inputs)
        fixed_images, moving_images = [fixed], [moving]
        for _ in self.pyramid_levels[1:]:
            fixed_images.insert(0, self.downsampling(fixed_images[0]))
            moving_images.insert(0, self.downsampling(moving_images[0]))
        # What the units move: displacements or, with squarings, velocities.
        field = tf.zeros_like(geometry.sample_control_points(fixed_images[0], self.spacing_per_axis))
        field = tf.repeat(field, self.rank, axis=-1)
        moved_fields, displacement_fields, registered_images = [], [], []
        for index, (level, fixed_image, moving_image) in enumerate(
            zip(self.pyramid_levels, fixed_images, moving_images)
        ):
            if index:
                if self.separate_levels:
                    field = tf.stop_gradient(field)
                field = self.upsampling(field)
            fields = level((fixed_image, moving_image, field))
            field = fields[:, -1]
            moved_fields.append(fields)
            displacement_fields.append(self._displacements(fields))
            flow_field = self.interpolation(displacement_fields[-1][:, -1])
            registered_images.append(self.warp((moving_image, flow_field)))
        return {
            "flow_field": flow_field,
            "displacement_fields": tuple(displacement_fields),
            **({"velocity_fields": tuple(moved_fields)} if self.squarings else {}),
            "fixed_images": tuple(fixed_images),
            "moving_images": tuple(moving_images),
            "registered_images": tuple(registered_images),
        }

    def _displacements(self, fields):
        """Return the displacements of all units, (B, n_u, g_1, ..., g_r, r), from what they moved."""
        if not self.squarings:
            return fields
        together = tf.reshape(fields, tf.concat([[-1], tf.shape(fields)[2:]], axis=0))
        together.set_shape([None, *fields.shape[2:]])
        integrated = geometry.integrate_control_points(together, self.spacing_per_axis, self.squarings)
        return tf.ensure_shape(tf.reshape(integrated, tf.shape(fields)), fields.shape)


def _both(value):
    """Return (data term, regularizer) from one value for both or a pair."""
    return (value, value) if isinstance(value, int) else tuple(value)
