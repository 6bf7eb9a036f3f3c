"""The central slice of a volume: all that 3D pictures need beside the 2D code."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from dirv_tf.validation import integer, one_of


def drawn_axes(rank: int, axis: int = 0) -> tuple[int, ...]:
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
    one_of(2, 3)("rank", rank)
    integer(0, rank - 1)("axis", axis)
    cut = (axis,)[: rank - 2]
    return tuple(each for each in range(rank) if each not in cut)


def central_slice(array: ArrayLike, rank: int, axis: int = 0) -> np.ndarray:
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


def in_plane_components(vectors: ArrayLike, rank: int, axis: int = 0) -> np.ndarray:
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
