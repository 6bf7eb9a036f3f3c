"""DIRV-Net written down plainly, operation by operation: the reference that dirv_tf's speed is measured against."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from dirv_tf.models import DIRVNet


class TextbookNetwork(DIRVNet):
    """A 2D DIRV-Net of one level that computes the same function as its parent, each equation as it stands.

    Convolutions and transposed convolutions one component after the other, potentials by looking up two knots per
    sample, warping by `tf.gather_nd`, gradients by slicing, interpolation and force with the linear smoothing kernel;
    ordinary automatic differentiation, no XLA. Variables, losses and training are the parent's, so that
    ``textbook.set_weights(network.get_weights())`` gives the same network.

    Raises
    ------
    ValueError
        Unless the network is 2D and has one level.
    """

    def __init__(self, **arguments):
        super().__init__(**arguments)
        if self.rank != 2 or len(self.pyramid_levels) != 1:
            raise ValueError(
                "Expected a 2D network of one level. "
                f"Received: rank={self.rank}, levels={len(self.pyramid_levels)}"
            )

    def compile(self, *arguments, jit_compile=None, **keywords):
        """Configure training as the parent does, but never with XLA."""
        super().compile(*arguments, jit_compile=False, **keywords)

    def call(self, inputs):
        fixed, moving = inputs
        sides = tf.shape(fixed)
        rows, columns = self.spacing_per_axis
        field = tf.zeros([sides[0], sides[1] // rows, sides[2] // columns, 2], fixed.dtype)
        fields = []
        for unit in self.pyramid_levels[0].variational_units:
            field = variational_unit(unit, fixed, moving, field)
            fields.append(field)
        flow_field = interpolate(field, self.spacing_per_axis)
        return {
            "flow_field": flow_field,
            "displacement_fields": (tf.stack(fields, axis=1),),
            "fixed_images": (fixed,),
            "moving_images": (moving,),
            "registered_images": (warp(moving, flow_field),),
        }


def variational_unit(unit, fixed, moving, field):
    """Carry out one gradient step, thesis eqs. 19 to 28, with the variables of a `VariationalUnit`.

    Parameters
    ----------
    unit : dirv_tf.layers.VariationalUnit
        Only its variables and settings are used.
    fixed, moving : tf.Tensor, shape (B, n_1, n_2, 1)
    field : tf.Tensor, shape (B, n_1 / s, n_2 / s, 2)
        Displacement field, pixels.

    Returns
    -------
    tf.Tensor, shape of `field`
    """
    registered = warp(moving, interpolate(field, unit.spacing))
    data = field_of_experts(unit.data_experts, registered - fixed)
    force = gather_force(data * gradient(registered), unit.spacing)
    step = unit.step_size_scale * tf.abs(unit.step_size)
    return field - step * (force + field_of_experts(unit.regularizer_experts, field))


def field_of_experts(experts, values):
    """Filter, bend and filter back, one component after the other (thesis eq. 22)."""
    kernels = tf.convert_to_tensor(experts.kernels)
    knots = tf.convert_to_tensor(experts.potential.knot_values)
    bounds = experts.potential.low, experts.potential.high
    results = []
    for component in range(values.shape[-1]):
        kernel = kernels[:, :, component, None, :]
        own = knots[component * experts.experts : (component + 1) * experts.experts]
        column = values[..., component, None]
        responses = tf.nn.conv2d(column, kernel, strides=1, padding="SAME")
        bent = potential(responses, own, *bounds)
        if experts.potential.centered:
            bent -= potential(tf.zeros_like(own[:, 0]), own, *bounds)
        results.append(tf.nn.conv2d_transpose(bent, kernel, tf.shape(column), strides=1, padding="SAME"))
    return tf.concat(results, axis=-1)


def potential(values, knots, low, high):
    """Evaluate a piecewise-linear function per channel from the two knots around each value."""
    channels, count = knots.shape
    position = (tf.clip_by_value(values, low, high) - low) * ((count - 1) / (high - low))
    first = tf.minimum(tf.cast(tf.floor(position), tf.int32), count - 2)
    fraction = position - tf.cast(first, values.dtype)
    index = first + tf.range(channels) * count
    table = tf.reshape(knots, [-1])
    return (1 - fraction) * tf.gather(table, index) + fraction * tf.gather(table, index + 1)


def warp(image, flow_field):
    """Sample the image bilinearly at every pixel's place, clamped to the border."""
    sides = tf.shape(image)[1:3]
    last = tf.cast(sides - 1, image.dtype)
    grid = tf.stack(tf.meshgrid(tf.range(sides[0]), tf.range(sides[1]), indexing="ij"), axis=-1)
    places = tf.clip_by_value(tf.cast(grid, image.dtype) + flow_field, tf.zeros_like(last), last)
    corner = tf.minimum(tf.cast(tf.floor(places), tf.int32), sides - 2)
    fraction = places - tf.cast(corner, image.dtype)
    down, right = fraction[..., :1], fraction[..., 1:]
    result = (1 - down) * (1 - right) * tf.gather_nd(image, corner, batch_dims=1)
    result += (1 - down) * right * tf.gather_nd(image, corner + [0, 1], batch_dims=1)
    result += down * (1 - right) * tf.gather_nd(image, corner + [1, 0], batch_dims=1)
    return result + down * right * tf.gather_nd(image, corner + [1, 1], batch_dims=1)


def gradient(image):
    """Take central differences, one-sided at the border: (B, n_1, n_2, 1) to (B, n_1, n_2, 2)."""
    down = tf.concat(
        [image[:, 1:2] - image[:, :1], (image[:, 2:] - image[:, :-2]) / 2, image[:, -1:] - image[:, -2:-1]], axis=1
    )
    right = tf.concat(
        [
            image[:, :, 1:2] - image[:, :, :1],
            (image[:, :, 2:] - image[:, :, :-2]) / 2,
            image[:, :, -1:] - image[:, :, -2:-1],
        ],
        axis=2,
    )
    return tf.concat([down, right], axis=-1)


def interpolate(field, spacing):
    """Make a flow field of a displacement field by a transposed convolution with the linear smoothing kernel."""
    rows, columns = spacing
    padded = tf.concat([field, field[:, -1:]], axis=1)
    padded = tf.concat([padded, padded[:, :, -1:]], axis=2)
    grid = tf.shape(padded)
    # One control point beyond the border holds the field constant there; what surrounds the image is cut off.
    whole = tf.stack([grid[0], rows * (grid[1] + 1) - 1, columns * (grid[2] + 1) - 1, 2])
    kernel = smoothing_kernel(spacing, field.dtype)
    flow_field = tf.nn.conv2d_transpose(padded, kernel, whole, strides=spacing, padding="VALID")
    return flow_field[:, rows - 1 : -rows, columns - 1 : -columns]


def gather_force(force, spacing):
    """Gather an image's forces at the control points by a strided convolution with the linear smoothing kernel."""
    rows, columns = spacing
    padding = [[0, 0], [rows - 1, 0], [columns - 1, 0], [0, 0]]
    kernel = smoothing_kernel(spacing, force.dtype)
    return tf.nn.conv2d(tf.pad(force, padding), kernel, strides=spacing, padding="VALID")


def smoothing_kernel(spacing, dtype):
    """Return the first-degree B-spline for either component, shape (2 s_1 - 1, 2 s_2 - 1, 2, 2)."""
    rows, columns = (1 - np.abs(np.arange(1 - step, step)) / step for step in spacing)
    return tf.constant(np.multiply.outer(np.outer(rows, columns), np.eye(2)), dtype)
