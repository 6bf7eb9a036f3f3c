"""Three deviations from the equations that would explain the thesis's numbers: variants of a unit, and their networks.

The equations themselves are thesis 5.1, 5.2 and eqs. 19-28. Kept out of the package, which computes what they say.
"""

from __future__ import annotations

import functools

import tensorflow as tf

from dirv_tf.geometry.tensor_shapes import axis_slice
from dirv_tf.layers import ControlPointForce, ImageGradient, VariationalUnit
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

    def call(self, inputs):
        fixed, moving, displacement_field = inputs
        registered = self.warp((moving, self.interpolate(displacement_field)))
        force = self.data_experts(registered - fixed) * self.gradient(registered)
        descent = self.control_point_force(force) + self.regularizer_experts(displacement_field)
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


DEVIATIONS = {
    "grid-mismatch": GridMismatchUnit,
    "component-order": ComponentOrderUnit,
    "forward-differences": ForwardDifferencesUnit,
}


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
    # Each unit calls the next one's method, so the order of these two is part of the meaning.
    order = [name for name in ("component-order", "forward-differences", "grid-mismatch") if name in names]
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
