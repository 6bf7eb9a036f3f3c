"""Linear maps of images: matrices, their flow fields, normalized and pixel coordinates."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf


def rotation_matrices(angles: tf.Tensor, rank: int) -> tf.Tensor:
    """Return the products of one rotation per coordinate plane.

    The planes come in the order (0, 1), (0, 2), (1, 2), each multiplied from the left. That of plane (i, j) holds
    ``[[cos, -sin], [sin, cos]]`` in rows and columns i and j.

    Parameters
    ----------
    angles : tf.Tensor, shape (B, r (r - 1) / 2)
        Radians.
    rank : int
        Number of axes r.

    Returns
    -------
    tf.Tensor, shape (B, r, r)
        Of the dtype of `angles`.

    Raises
    ------
    ValueError
        If there is not one angle per plane.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.geometry import rotation_matrices
    >>> rotation_matrices(tf.zeros((1, 3)), 3).numpy().tolist()
    [[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]]
    """
    angles = tf.convert_to_tensor(angles)
    planes = rank * (rank - 1) // 2
    if angles.shape.rank != 2 or angles.shape[1] not in (None, planes):
        raise ValueError(f"`angles` must have shape (B, {planes}). Received: angles.shape={angles.shape}")
    identity = tf.eye(rank, dtype=angles.dtype)
    matrices = identity
    for plane, (i, j) in enumerate(itertools.combinations(range(rank), 2)):
        generator = np.zeros((rank, rank), angles.dtype.as_numpy_dtype)
        generator[i, j], generator[j, i] = -1.0, 1.0
        angle = angles[:, plane, None, None]
        rotation = identity + tf.sin(angle) * generator + (1.0 - tf.cos(angle)) * (generator @ generator)
        matrices = tf.matmul(rotation, matrices)
    return matrices


def affine_matrix(angles: tf.Tensor, scales: tf.Tensor, shears: tf.Tensor) -> tf.Tensor:
    """Return the matrices ``scaling @ shear @ rotation`` of affine maps.

    Parameters
    ----------
    angles : tf.Tensor, shape (B, r (r - 1) / 2)
        Radians, see `rotation_matrices`.
    scales : tf.Tensor, shape (B, r)
        One per axis; their product is the determinant.
    shears : tf.Tensor, shape (B, r (r - 1) / 2)
        Entries above the diagonal of a matrix whose diagonal is 1, row by row.

    Returns
    -------
    tf.Tensor, shape (B, r, r)

    Raises
    ------
    ValueError
        If the numbers of parameters do not fit each other.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.geometry import affine_matrix
    >>> affine_matrix(tf.zeros((1, 1)), tf.constant([[2.0, 3.0]]), tf.constant([[0.5]])).numpy().tolist()
    [[[2.0, 1.0], [0.0, 3.0]]]
    """
    scales, shears = tf.convert_to_tensor(scales), tf.convert_to_tensor(shears)
    rank = scales.shape[-1]
    planes = rank * (rank - 1) // 2
    if scales.shape.rank != 2 or shears.shape.rank != 2 or shears.shape[1] != planes:
        raise ValueError(
            "`scales` must have shape (B, r) and `shears` (B, r (r - 1) / 2). "
            f"Received: scales.shape={scales.shape}, shears.shape={shears.shape}"
        )
    above = np.zeros((planes, rank * rank), scales.dtype.as_numpy_dtype)
    above[range(planes), np.flatnonzero(np.triu(np.ones((rank, rank)), 1))] = 1.0
    shear = tf.eye(rank, dtype=scales.dtype) + tf.reshape(tf.matmul(shears, above), [-1, rank, rank])
    return scales[:, :, None] * tf.matmul(shear, rotation_matrices(angles, rank))


def affine_flow_field(matrix: tf.Tensor, translation: tf.Tensor, size: Sequence[int | tf.Tensor]) -> tf.Tensor:
    """Return the flow field of affine maps about the center of the image.

    ``u[p] = (matrix - 1)(p - c) + translation`` with ``c = (n - 1) / 2``.

    Parameters
    ----------
    matrix : tf.Tensor, shape (B, r, r)
    translation : tf.Tensor, shape (B, r)
        Pixels.
    size : sequence of int or int32 scalars, length r
        Image sides in pixels.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, r)
        Pixels.

    Raises
    ------
    ValueError
        If the arguments do not fit each other.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.geometry import affine_flow_field
    >>> field = affine_flow_field(tf.constant([[[2.0, 0.0], [0.0, 1.0]]]), tf.zeros((1, 2)), (3, 1))
    >>> field[0, :, 0, 0].numpy().tolist()
    [-1.0, 0.0, 1.0]
    """
    matrix, translation = tf.convert_to_tensor(matrix), tf.convert_to_tensor(translation)
    rank = len(size)
    if matrix.shape.rank != 3 or matrix.shape[1:] != (rank, rank):
        raise ValueError(f"`matrix` must have shape (B, {rank}, {rank}). Received: matrix.shape={matrix.shape}")
    if translation.shape.rank != 2 or translation.shape[1] != rank:
        raise ValueError(f"`translation` must have shape (B, {rank}). Received: translation.shape={translation.shape}")
    gradient = matrix - tf.eye(rank, dtype=matrix.dtype)
    # A linear function is a sum over the axes: no product with every pixel needed.
    field = tf.reshape(translation, [-1] + [1] * rank + [rank])
    for axis, side in enumerate(size):
        positions = tf.cast(tf.range(side), matrix.dtype) - tf.cast(side - 1, matrix.dtype) / 2
        terms = positions[:, None] * gradient[:, None, :, axis]
        field += tf.reshape(terms, [-1] + [1] * axis + [side] + [1] * (rank - 1 - axis) + [rank])
    return field


def compose_affine(
    first: tuple[tf.Tensor, tf.Tensor], second: tuple[tf.Tensor, tf.Tensor]
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the affine map that equals warping an image by the map `first` and the result by `second`.

    ``x -> first(second(x))``, as of `compose` for fields.

    Parameters
    ----------
    first, second : pair of tf.Tensor, shapes (B, r, r) and (B, r)
        Matrix and translation.

    Returns
    -------
    matrix : tf.Tensor, shape (B, r, r)
    translation : tf.Tensor, shape (B, r)

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.geometry import compose_affine
    >>> double, shift = (2 * tf.eye(2)[None], tf.zeros([1, 2])), (tf.eye(2)[None], tf.ones([1, 2]))
    >>> compose_affine(double, shift)[1].numpy().tolist()
    [[2.0, 2.0]]
    """
    (outer, outer_translation), (inner, inner_translation) = first, second
    return tf.matmul(outer, inner), tf.linalg.matvec(outer, inner_translation) + outer_translation


def normalized_to_pixels(
    matrix: tf.Tensor, translation: tf.Tensor, size: Sequence[int | tf.Tensor]
) -> tuple[tf.Tensor, tf.Tensor]:
    """Turn an affine map of coordinates in [-1, 1] into one in pixels about the center of the image.

    -1 and 1 are the centers of the first and the last pixel: ``matrix -> D matrix D^-1``, ``translation -> D
    translation`` with ``D = diag((n - 1) / 2)``.

    Parameters
    ----------
    matrix : tf.Tensor, shape (B, r, r)
    translation : tf.Tensor, shape (B, r)
    size : sequence of int or int32 scalars, length r
        Image sides, at least 2 pixels.

    Returns
    -------
    matrix : tf.Tensor, shape (B, r, r)
    translation : tf.Tensor, shape (B, r)
        Pixels, as `affine_flow_field` takes them.

    Raises
    ------
    ValueError
        For a side of one pixel, which has no first and last.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.geometry import normalized_to_pixels
    >>> normalized_to_pixels(tf.eye(2)[None], tf.constant([[1.0, 0.5]]), (101, 41))[1].numpy().tolist()
    [[50.0, 10.0]]
    """
    half = _half_sides(size, matrix)
    return matrix * half[:, None] / half, translation * half


def pixels_to_normalized(
    matrix: tf.Tensor, translation: tf.Tensor, size: Sequence[int | tf.Tensor]
) -> tuple[tf.Tensor, tf.Tensor]:
    """Turn an affine map in pixels about the center of the image into one of coordinates in [-1, 1].

    The inverse of `normalized_to_pixels`.

    Parameters
    ----------
    matrix : tf.Tensor, shape (B, r, r)
    translation : tf.Tensor, shape (B, r)
        Pixels.
    size : sequence of int or int32 scalars, length r
        Image sides, at least 2 pixels.

    Returns
    -------
    matrix : tf.Tensor, shape (B, r, r)
    translation : tf.Tensor, shape (B, r)

    Raises
    ------
    ValueError
        For a side of one pixel, which has no first and last.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.geometry import pixels_to_normalized
    >>> pixels_to_normalized(tf.eye(2)[None], tf.constant([[50.0, 10.0]]), (101, 41))[1].numpy().tolist()
    [[1.0, 0.5]]
    """
    half = _half_sides(size, matrix)
    return matrix * half / half[:, None], translation / half


def _half_sides(size, matrix):
    if any(side < 2 for side in size if not tf.is_tensor(side)):
        raise ValueError(f"`size` must have sides of at least 2 pixels. Received: size={tuple(size)}")
    return (tf.cast(tf.stack(list(size)), tf.convert_to_tensor(matrix).dtype) - 1) / 2
