"""Flow fields in pixels and ITK's displacement fields in world coordinates, one from the other."""

from __future__ import annotations

import numpy as np


def to_world_displacements(flow_field, fixed_geometry, moving_geometry):
    """Return the displacements in the world that ITK expects on the fixed image's grid.

    ITK maps the world position ``x`` of fixed pixel ``p`` to ``x + d``, the world position of the moving image's pixel
    ``p + u``: ``d(p) = [o_m + A_m (p + u)] - [o_f + A_f p]``.

    Parameters
    ----------
    flow_field : ndarray, shape (n_1, ..., n_r, r)
        Displacements ``u`` in pixels, array-axis order.
    fixed_geometry, moving_geometry : ImageGeometry

    Returns
    -------
    ndarray of float64, shape (n_1, ..., n_r, r)
        In mm, components in world order (x, y[, z]).
    """
    fixed, moving = np.asarray(fixed_geometry.axes), np.asarray(moving_geometry.axes)
    offset = np.subtract(moving_geometry.origin, fixed_geometry.origin)
    displacements = flow_field.astype(np.float64) @ moving.T
    return _add_affine(displacements, moving - fixed, offset)


def to_flow_field(displacements, fixed_geometry, moving_geometry):
    """Return the flow field in pixels of displacements in the world; the inverse of `to_world_displacements`.

    Parameters
    ----------
    displacements : ndarray, shape (n_1, ..., n_r, r)
        In mm, world order, on the fixed image's grid.
    fixed_geometry, moving_geometry : ImageGeometry

    Returns
    -------
    ndarray of float64, shape (n_1, ..., n_r, r)
        In pixels, array-axis order.
    """
    to_pixels = np.linalg.inv(moving_geometry.axes)
    offset = to_pixels @ np.subtract(fixed_geometry.origin, moving_geometry.origin)
    flow_field = displacements.astype(np.float64) @ to_pixels.T
    return _add_affine(flow_field, to_pixels @ fixed_geometry.axes - np.eye(fixed_geometry.rank), offset)


def _add_affine(field, matrix, offset):
    """Add ``matrix @ p + offset`` at every pixel ``p``, in place."""
    rank = len(offset)
    field += offset
    for axis, column in enumerate(matrix.T):
        positions = np.arange(field.shape[axis]).reshape([-1] + [1] * (rank - axis))
        field += positions * column
    return field
