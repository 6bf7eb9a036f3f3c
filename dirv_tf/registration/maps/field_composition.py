"""Composition of maps: from a first image to a second, and on to a third, as one flow field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import ndimage

from dirv_tf.registration.maps.linear_map import LinearMap

# Coordinates and samples of a block in double precision: some 50 MB.
_BLOCK_PIXELS = 2**19


def compose_fields(first: Any, second: Any, second_linear: LinearMap | None = None) -> np.ndarray:
    """Return the map of two registrations one after the other, so that an image is interpolated once.

    Parameters
    ----------
    first : array_like, shape (n_1, ..., n_r, r), pixels
        Backward flow field of the first registration: pixel ``p`` of image A lies at ``q = p + first(p)`` in image B.
    second : array_like, shape (m_1, ..., m_r, r), pixels
        Of the second registration, on the pixels of image B: ``q`` lies at ``q + second(q)`` in image C.
    second_linear : LinearMap, optional
        The linear part of the second map, by which it goes on beyond the border of image B. Default: the affine map
        nearest to the field.

    Returns
    -------
    ndarray of float32, shape (n_1, ..., n_r, r), pixels
        On the pixels of image A: ``p`` lies at ``p + composed(p)`` in image C. The second field is taken linearly
        between its pixels; a linear map is composed exactly.

    Raises
    ------
    ValueError
        When an argument is no finite flow field, or the two have another number of axes.

    Examples
    --------
    >>> import numpy as np
    >>> from dirv_tf.registration import compose_fields
    >>> first, second = np.full((8, 8, 2), 2.0), np.full((9, 7, 2), -0.5)
    >>> compose_fields(first, second)[0, 0].tolist()
    [1.5, 1.5]
    """
    first, second = checked_field(first, "first"), checked_field(second, "second")
    if first.shape[-1] != second.shape[-1]:
        raise ValueError(
            f"Expected two fields of one rank. Received: first.shape={first.shape}, second.shape={second.shape}"
        )
    linear = LinearMap.nearest(second) if second_linear is None else second_linear
    composed = np.empty(first.shape, np.float32)
    for rows, places in blocks_of_pixels(first.shape[:-1]):
        composed[rows] = mapped(places + first[rows], second, linear) - places
    return composed


def mapped(points: np.ndarray, flow_field: np.ndarray, linear: LinearMap) -> np.ndarray:
    """Map points of the fixed image to the moving one, beyond the border by the linear part.

    Parameters
    ----------
    points : ndarray, shape (..., r)
        Coordinates in pixels.
    flow_field : ndarray, shape (n_1, ..., n_r, r), pixels
    linear : LinearMap
        The linear part of the field's map.

    Returns
    -------
    ndarray of float64, shape (..., r)
    """
    within = np.clip(points, 0, np.array(flow_field.shape[:-1]) - 1)
    steps = (points - within) @ linear.matrix.T
    coordinates = np.moveaxis(within, -1, 0)
    for axis in range(points.shape[-1]):
        along = ndimage.map_coordinates(flow_field[..., axis], coordinates, np.float64, order=1, mode="nearest")
        steps[..., axis] += along
    return within + steps


def blocks_of_pixels(size: tuple[int, ...]) -> Iterator[tuple[slice, np.ndarray]]:
    """Go through the pixels of an image, so many rows at a time that a block takes little memory.

    Parameters
    ----------
    size : tuple of int, length r

    Yields
    ------
    tuple of (slice, ndarray of float64, shape (rows, n_2, ..., n_r, r))
        Of the first axis; the coordinates of the pixels in it.
    """
    rows = max(1, _BLOCK_PIXELS // max(1, int(np.prod(size[1:]))))
    for first in range(0, size[0], rows):
        block = slice(first, min(first + rows, size[0]))
        places = np.moveaxis(np.indices((block.stop - first, *size[1:]), np.float64), 0, -1)
        places[..., 0] += first
        yield block, places


def checked_field(field: Any, name: str) -> np.ndarray:
    """Return a flow field as an array of float32, or raise a ValueError that names the argument.

    Parameters
    ----------
    field : array_like, shape (n_1, ..., n_r, r)
    name : str

    Returns
    -------
    ndarray of float32, shape (n_1, ..., n_r, r)
    """
    array = np.asarray(field)
    if array.ndim not in (3, 4) or array.shape[-1] != array.ndim - 1 or array.dtype.kind not in "iuf" or not array.size:
        raise ValueError(
            "Expected a flow field of shape (n_1, n_2, 2) or (n_1, n_2, n_3, 3), in pixels. "
            f"Received: {name} of shape {array.shape} and dtype {array.dtype}"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"Expected finite displacements. Received: {name} with NaN or infinite components")
    return array.astype(np.float32, copy=False)
