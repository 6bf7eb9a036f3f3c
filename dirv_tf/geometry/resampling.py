"""Resampling by a factor of two between pyramid levels, and resizing of fields."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf.geometry.compiled import compiled_both_ways, shapes_vary
from dirv_tf.geometry.sampling import sample_linear
from dirv_tf.geometry.smoothing import binomial_smoothing, halve_axis
from dirv_tf.geometry.tensor_shapes import axis_slice, cell_phases, field_rank, spatial_rank, spatial_shape
from dirv_tf.geometry.warp import identity_grid
from dirv_tf.validation import integer, list_of, one_of

# How a displacement field may be carried to the next finer level.
FIELD_UPSAMPLINGS = ("nearest", "linear")


def downsample_image(image: tf.Tensor) -> tf.Tensor:
    """Halve an image by binomial smoothing fused with a strided convolution (thesis 5.1).

    Coarse pixel ``k`` lies on fine pixel ``2 k``.

    Parameters
    ----------
    image : tf.Tensor, shape (B, n_1, ..., n_r, C)

    Returns
    -------
    tf.Tensor, shape (B, ceil(n_1 / 2), ..., ceil(n_r / 2), C)
    """
    return binomial_smoothing(image, order=None, stride=2)


def upsample_image(image: tf.Tensor) -> tf.Tensor:
    """Double an image linearly by a transposed strided convolution; constant beyond the last pixel.

    Parameters
    ----------
    image : tf.Tensor, shape (B, n_1, ..., n_r, C)

    Returns
    -------
    tf.Tensor, shape (B, 2 n_1, ..., 2 n_r, C)
        Fine pixel ``2 k`` equals coarse pixel ``k``.
    """
    image = tf.convert_to_tensor(image)
    return linear_upsampling(image, (2,) * spatial_rank(image, "image"))


def linear_upsampling(values: tf.Tensor, factors: tuple[int, ...]) -> tf.Tensor:
    """Enlarge by integer factors, linear between the samples and constant beyond the last one.

    The transposed strided convolution of the edge-padded samples with the linear smoothing kernel.

    Parameters
    ----------
    values : tf.Tensor, shape (B, g_1, ..., g_r, C)
        Samples; sample ``k`` lies on fine pixel ``factor * k``.
    factors : tuple of int, length r

    Returns
    -------
    tf.Tensor, shape (B, factor_1 g_1, ..., factor_r g_r, C)
    """
    upsampled = _upsample(values, factors=tuple(factors))
    sides = [None if n is None else n * factor for n, factor in zip(values.shape[1:-1], factors)]
    upsampled.set_shape([values.shape[0], *sides, values.shape[-1]])
    return upsampled


@compiled_both_ways
def _upsample(values, factors):
    planes = shapes_vary() and values.dtype == tf.float32
    for axis, factor in enumerate(factors[:-2] if planes else factors, start=1):
        values = _upsample_axis(values, axis, factor)
    return _upsample_planes(values, factors[-2:]) if planes else values


def _upsample_planes(values, factors):
    """Enlarge the last two axes by TensorFlow's own operation: fast without compilation, but for planes alone."""
    shape = tf.shape(values)
    images = tf.reshape(values, tf.concat([[-1], shape[-3:]], axis=0))
    size = shape[-3:-1] * factors
    images = tf.raw_ops.ResizeBilinear(images=images, size=size, align_corners=False, half_pixel_centers=False)
    return tf.reshape(images, tf.concat([shape[:-3], size, shape[-1:]], axis=0))


def _upsample_axis(values: tf.Tensor, axis: int, factor: int) -> tf.Tensor:
    # The polyphase form of the transposed convolution: every output phase j/factor blends two neighbors.
    shape = tf.shape(values)
    following = tf.concat([axis_slice(values, axis, 1, None), axis_slice(values, axis, -1, None)], axis=axis)
    phases = cell_phases(values, axis, factor)
    blended = tf.expand_dims(values, axis + 1) * (1 - phases) + tf.expand_dims(following, axis + 1) * phases
    return tf.reshape(blended, tf.concat([shape[:axis], [shape[axis] * factor], shape[axis + 1 :]], axis=0))


def downsample_displacement_field(displacement_field: tf.Tensor) -> tf.Tensor:
    """Carry a displacement field one level down: binomial smoothing, nearest neighbor, values halved.

    Parameters
    ----------
    displacement_field : tf.Tensor, shape (B, g_1, ..., g_r, r)
        In pixels of its level.

    Returns
    -------
    tf.Tensor, shape (B, ceil(g_1 / 2), ..., ceil(g_r / 2), r)
        In pixels of the coarser level.
    """
    displacement_field = tf.convert_to_tensor(displacement_field)
    field_rank(displacement_field, "displacement_field")
    return 0.5 * binomial_smoothing(displacement_field, order=None, stride=2)


def upsample_displacement_field(displacement_field: tf.Tensor, method: str = "nearest") -> tf.Tensor:
    """Carry a displacement field one level up: twice the control points per axis, values doubled.

    Parameters
    ----------
    displacement_field : tf.Tensor, shape (B, g_1, ..., g_r, r)
        In pixels of its level.
    method : {"nearest", "linear"}
        "nearest" repeats every value (thesis eq. 23). "linear" puts the mean between two neighbors: the finer field
        then interpolates to the coarser field exactly, where the repeated one is a staircase.

    Returns
    -------
    tf.Tensor, shape (B, 2 g_1, ..., 2 g_r, r)
        In pixels of the finer level.

    Raises
    ------
    ValueError
        If the method is unknown.
    """
    displacement_field = tf.convert_to_tensor(displacement_field)
    rank = field_rank(displacement_field, "displacement_field")
    one_of(*FIELD_UPSAMPLINGS)("method", method)
    if method == "linear":
        return 2 * linear_upsampling(displacement_field, (2,) * rank)
    repeated = displacement_field
    for axis in range(1, rank + 1):
        repeated = tf.repeat(repeated, 2, axis=axis)
    return 2 * repeated


def resize_field(field: tf.Tensor, size: Sequence[int]) -> tf.Tensor:
    """Resize a flow field to another image size and rescale its values to the new pixels.

    The corner pixels of both grids coincide, so that one pixel of an axis becomes ``(m - 1) / (n - 1)`` pixels.

    Parameters
    ----------
    field : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Flow field in pixels of its own grid.
    size : sequence of int or int32 scalars, length r
        New spatial sizes ``m``.

    Returns
    -------
    tf.Tensor, shape (B, m_1, ..., m_r, r)
        Flow field in pixels of the new grid.

    Raises
    ------
    ValueError
        If `size` does not have one positive integer per axis.
    """
    field = tf.convert_to_tensor(field)
    size = _checked_size(size, field_rank(field, "field"))
    old, new = _intervals(spatial_shape(field), size, field.dtype)
    resized = _resized(field, size, old / new) * (new / old)
    resized.set_shape([field.shape[0], *map(_known, size), field.shape[-1]])
    return resized


def resize_image(image: tf.Tensor, size: Sequence[int]) -> tf.Tensor:
    """Resize an image so that the corner pixels of both grids coincide.

    An axis of at least twice its new side is first halved, with binomial smoothing, as often as possible; then the
    image is sampled linearly.

    Parameters
    ----------
    image : tf.Tensor, shape (B, n_1, ..., n_r, C)
    size : sequence of int, length r
        New spatial sizes ``m``.

    Returns
    -------
    tf.Tensor, shape (B, m_1, ..., m_r, C)
        Pixel ``k`` of an axis is what lies at ``k (n - 1) / (m - 1)``.

    Raises
    ------
    ValueError
        If `size` does not have one positive integer per axis.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.geometry import resize_image
    >>> resize_image(tf.constant([[[[0.0]], [[2.0]], [[4.0]]]]), (5, 1))[0, :, 0, 0].numpy().tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    image = tf.convert_to_tensor(image)
    rank = spatial_rank(image, "image")
    size = list_of(integer(1), rank, rank)("size", tuple(size))
    old, new = _intervals(spatial_shape(image), size, image.dtype)
    halved, factors = image, []
    for axis, side in enumerate(size, start=1):
        halved, factor = _halved(halved, axis, side)
        factors.append(factor)
    # Coarse pixel k lies on pixel `factor` k, whatever is left at the far end.
    resized = _resized(halved, size, old / new / tf.cast(tf.stack(factors), image.dtype))
    resized.set_shape([image.shape[0], *size, image.shape[-1]])
    return resized


def _halved(image, axis, side):
    """Halve an axis while it is at least twice as long as a side; with the factor by which it became shorter."""

    def again(image, factor):
        return halve_axis(image, axis), 2 * factor

    if image.shape[axis] is not None:
        factor = 1
        while image.shape[axis] >= 2 * side:
            image, factor = again(image, factor)
        return image, factor
    return tf.while_loop(
        lambda image, factor: tf.shape(image)[axis] >= 2 * side,
        again,
        (image, tf.constant(1)),
        shape_invariants=(image.shape, tf.TensorShape([])),
    )


def _checked_size(size, rank):
    size = tuple(size)
    known = [1 if tf.is_tensor(side) else side for side in size]
    checked = list_of(integer(1), rank, rank)("size", tuple(known))
    return tuple(side if tf.is_tensor(side) else number for side, number in zip(size, checked))


def _known(side):
    return None if tf.is_tensor(side) else side


def _intervals(old, new, dtype):
    """Return the pixels between the first and the last of an axis, of both grids; 1 for an axis of one pixel."""
    return tuple(tf.cast(tf.maximum(tf.stack(sides) - 1, 1), dtype) for sides in (tf.unstack(old), new))


def _resized(values, size, steps):
    coordinates = identity_grid(size, values.dtype) * steps
    coordinates = tf.tile(coordinates[None], [tf.shape(values)[0]] + [1] * (len(size) + 1))
    return sample_linear(values, coordinates)
