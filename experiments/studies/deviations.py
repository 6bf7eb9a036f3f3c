"""Variants of a unit and their networks: three that would explain the thesis's numbers, and one of its outlook.

The equations themselves are thesis 5.1, 5.2 and eqs. 19-28. Kept out of the package, which computes what they say.
"""

from __future__ import annotations

import functools

import tensorflow as tf

from dirv_tf.geometry.tensor_shapes import axis_slice
from dirv_tf.layers import ControlPointForce, FieldOfExperts, ImageGradient, VariationalUnit
from dirv_tf.models import DIRVNet, PyramidLevel
from experiments.studies.corner_interpolation import interpolate_corner_to_corner


class OpenUnit(VariationalUnit):
    """A variational unit whose interpolation and image gradient a subclass can replace; by itself, the package's.

    Made of `ImageGradient` and `ControlPointForce` instead of `DataForce`, their fused form.
    """

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        precision = self.data_force.dtype
        self.image_gradient = ImageGradient(name="image_gradient", dtype=precision)
        self.control_point_force = ControlPointForce(self.spacing, name="control_point_force", dtype=precision)

    def interpolate(self, displacement_field):
        """Return the dense flow field ``(B, n_1, ..., n_r, r)`` of a displacement field, pixels."""
        return self.interpolation(displacement_field)

    def gradient(self, image):
        """Return what drives each component of the force, ``(B, n_1, ..., n_r, r)``, of ``(B, n_1, ..., n_r, 1)``."""
        return self.image_gradient(image)[..., 0, :]

    def answer(self, experts, values):
        """Return what the experts of a term, `data_experts` or `regularizer_experts`, make of an image or a field."""
        return experts(values)

    def call(self, inputs):
        fixed, moving, displacement_field = inputs
        registered = self.warp((moving, self.interpolate(displacement_field)))
        force = self.answer(self.data_experts, registered - fixed) * self.gradient(registered)
        regularizer = self.answer(self.regularizer_experts, displacement_field)
        descent = self.control_point_force(force) + regularizer
        return displacement_field - self.absolute_step_size * descent


class GridMismatchUnit(OpenUnit):
    """Samples at pixels ``s k``, but interpolates as if the control points spanned the image from corner to corner."""

    def interpolate(self, displacement_field):
        return interpolate_corner_to_corner(displacement_field, self.spacing)


class ComponentOrderUnit(OpenUnit):
    """Pairs the first component of the force with the gradient along the last axis, and so on backward."""

    def gradient(self, image):
        return super().gradient(image)[..., ::-1]


class ForwardDifferencesUnit(OpenUnit):
    """Take forward differences, zero in the last row, for the image gradient: half a pixel off."""

    def gradient(self, image):
        image = image[..., 0]
        axes = range(1, image.shape.rank)
        differences = [axis_slice(image, axis, 1, None) - axis_slice(image, axis, None, -1) for axis in axes]
        paddings = [[[0, int(other == axis)] for other in range(image.shape.rank)] for axis in axes]
        return tf.stack([tf.pad(values, padding) for values, padding in zip(differences, paddings)], axis=-1)


class BorderFiltersUnit(OpenUnit):
    """Has experts of its own wherever the filters reach beyond the border (thesis, Section 9).

    There the others see the zeros that an image or a field is continued with.
    """

    expert_terms = (*OpenUnit.expert_terms, "border_data_experts", "border_regularizer_experts")

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.border_data_experts, self.border_regularizer_experts = (
            FieldOfExperts.from_config({**experts.get_config(), "name": f"border_{experts.name}"})
            for experts in (self.data_experts, self.regularizer_experts)
        )

    def build(self, input_shape):
        super().build(input_shape)
        fixed_shape, _, field_shape = input_shape
        self.border_data_experts.build(fixed_shape)
        self.border_regularizer_experts.build(field_shape)

    def answer(self, experts, values):
        at_border = self.border_data_experts if experts is self.data_experts else self.border_regularizer_experts
        inside = _far_from_border(values, experts.kernel_size // 2)
        return tf.where(inside, experts(values), at_border(values))


def _far_from_border(values, reach):
    """Return where ``(B, n_1, ..., n_r, c)`` is at least `reach` from both ends of all axes, (n_1, ..., n_r, 1)."""
    sides = tf.shape(values)[1:-1]
    places = tf.stack(tf.meshgrid(*map(tf.range, tf.unstack(sides)), indexing="ij"), axis=-1)
    return tf.reduce_all((places >= reach) & (places < sides - reach), axis=-1, keepdims=True)


DEVIATIONS = {
    "grid-mismatch": GridMismatchUnit,
    "component-order": ComponentOrderUnit,
    "forward-differences": ForwardDifferencesUnit,
    "border-filters": BorderFiltersUnit,
}


# A unit calls the next one's method, so that the order of these is part of the meaning.
_ORDER = ("border-filters", "component-order", "forward-differences", "grid-mismatch")


@functools.cache
def deviating_network(names):
    """Return the class of networks with some deviations; it takes the arguments of `DIRVNet`.

    Parameters
    ----------
    names : tuple of str
        Keys of `DEVIATIONS`; with none of them the network computes what `DIRVNet` does.

    Returns
    -------
    type

    Raises
    ------
    ValueError
        For a name that is not in `DEVIATIONS`.
    """
    unknown = [name for name in names if name not in DEVIATIONS]
    if unknown:
        raise ValueError(f"Expected deviations among {', '.join(DEVIATIONS)}. Received: names={names!r}")
    order = [name for name in _ORDER if name in names]
    unit = type("DeviatingUnit", (*(DEVIATIONS[name] for name in order), OpenUnit), {})
    level = type("DeviatingLevel", (PyramidLevel,), {"unit_class": unit})
    return type("DeviatingNetwork", (_DeviatingNetwork,), {"level_class": level, "deviations": tuple(names)})


class _DeviatingNetwork(DIRVNet):
    """A network whose flow fields and registered images are made by its own units' interpolation."""

    deviations = ()

    def call(self, inputs):
        outputs = super().call(inputs)
        flow_fields = [
            level.variational_units[-1].interpolate(fields[:, -1])
            for level, fields in zip(self.pyramid_levels, outputs["displacement_fields"])
        ]
        registered_images = map(self.warp, zip(outputs["moving_images"], flow_fields))
        return {**outputs, "flow_field": flow_fields[-1], "registered_images": tuple(registered_images)}

    def get_config(self):
        # Weights of this network must not be loaded as those of a DIRVNet, which does not know this argument.
        return {**super().get_config(), "deviations": self.deviations}
