"""The central slice of a volume: all that 3D pictures need beside the 2D code."""

from __future__ import annotations

import numpy as np


def drawn_axes(rank, axis=0):
    """Return the array axes that lie in the drawn plane.

    Parameters
    ----------
    rank : int
        Number of spatial axes, 2 or 3.
    axis : int
        The axis across which a volume is cut; nothing is cut in 2D.

    Returns
    -------
    tuple of two int
        The axis drawn downwards and the axis drawn to the right.

    Raises
    ------
    ValueError
        If the rank is neither 2 nor 3, or a volume has no such axis.
    """
    if rank not in (2, 3):
        raise ValueError(f"Expected 2 or 3 spatial axes. Received: rank={rank}")
    if not 0 <= axis < rank:
        raise ValueError(f"Expected a cutting axis from 0 to {rank - 1}. Received: axis={axis}")
    cut = (axis,)[: rank - 2]
    return tuple(each for each in range(rank) if each not in cut)


def central_slice(array, rank, axis=0):
    """Cut an array down to the plane that is drawn.

    Parameters
    ----------
    array : array, shape (n_1, ..., n_r, ...)
        `rank` spatial axes first, anything after them.
    rank : int
        Number of spatial axes, 2 or 3.
    axis : int
        The axis across which a volume is cut at its center.

    Returns
    -------
    np.ndarray, shape (n_a, n_b, ...)
        The central slice; a 2D array as it is.
    """
    array = np.asarray(array)
    kept = drawn_axes(rank, axis)
    return array[tuple(slice(None) if each in kept else array.shape[each] // 2 for each in range(rank))]


def in_plane_components(vectors, rank, axis=0):
    """Cut a vector field to the drawn plane and keep the components that lie in it.

    Parameters
    ----------
    vectors : array, shape (n_1, ..., n_r, r)
        Component i along array axis i.
    rank : int
        Number of spatial axes, 2 or 3.
    axis : int
        The axis across which a volume is cut at its center.

    Returns
    -------
    np.ndarray, shape (n_a, n_b, 2)
        Component 0 along the axis drawn downwards, component 1 along the one drawn to the right.
    """
    return central_slice(vectors, rank, axis)[..., list(drawn_axes(rank, axis))]
