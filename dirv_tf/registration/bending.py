"""Bending energy of control points: what a field costs beyond an affine map."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from scipy import sparse

from dirv_tf.registration.control_grid import along_axis


def bending_force(points: np.ndarray, spacing: Sequence[int]) -> np.ndarray:
    """Return half the gradient of the bending energy, the sum over the control points of squared second differences.

    The energy is ``sum_a sum_ij (d_i d_j u_a)²`` per control point, with differences per pixel; ``vdot(points, force)``
    is its sum. It is zero for affine maps, which therefore go on beyond what the images tell.

    Parameters
    ----------
    points : np.ndarray, shape (r, g_1, ..., g_r)
        Pixels.
    spacing : sequence of int, length r
        Of the control points, pixels.

    Returns
    -------
    np.ndarray, shape (r, g_1, ..., g_r), float32

    References
    ----------
    Rueckert et al., "Nonrigid registration using free-form deformations: application to breast MR images", IEEE
    Transactions on Medical Imaging 18 (8), 1999, eq. 5.

    Examples
    --------
    >>> places = np.stack(np.meshgrid(np.arange(5.0), np.arange(6.0), indexing="ij"))
    >>> float(np.abs(bending_force(2 * places + 1, (4, 4))).max())
    0.0
    """
    first, second = zip(*(_difference_matrices(side, step) for side, step in zip(points.shape[1:], spacing)))
    force = np.zeros(points.shape, np.float32)
    for axis in range(len(second)):
        force += along_axis(second[axis], points, axis + 1)
        for other in range(axis):
            force += 2 * along_axis(first[other], along_axis(first[axis], points, axis + 1), other + 1)
    return force


def roughness_force(points: np.ndarray, spacing: Sequence[int]) -> np.ndarray:
    """Return half the gradient, by the control points (r, g_1, ..., g_r), of the summed squared first differences."""
    force = np.zeros(points.shape, np.float32)
    for axis, step in enumerate(spacing, start=1):
        force += along_axis(_difference_matrices(points.shape[axis], step)[0], points, axis)
    return force


def bending_diagonal(spacing: Sequence[int]) -> float:
    """Return the diagonal of the matrix of `bending_force`, inside of the grid."""
    pairs = [(one, two) for number, one in enumerate(spacing) for two in spacing[:number]]
    return sum(6 / step**4 for step in spacing) + sum(8 / (one * two) ** 2 for one, two in pairs)


def bending_matrix(shape: Sequence[int]) -> sparse.spmatrix:
    """Return the matrix of `bending_force` for one component and a spacing of one, control points by control points."""
    total = 0
    for axis, side in enumerate(shape):
        second = sparse.diags([1.0, -2.0, 1.0], [0, 1, 2], (max(side - 2, 0), side))
        along = _on_grid({axis: second}, shape)
        total = total + along.T @ along
        for other in range(axis):
            first = {each: sparse.diags([-1.0, 1.0], [0, 1], (shape[each] - 1, shape[each])) for each in (axis, other)}
            mixed = _on_grid(first, shape)
            total = total + 2 * mixed.T @ mixed
    return total


@functools.lru_cache(maxsize=64)
def _difference_matrices(side, spacing):
    """Return the matrices of the squared first and second differences per pixel, points by points.

    A grid has few points along an axis: products with these matrices are far faster than differences of padded arrays.
    """
    points = np.eye(side)
    first, second = (np.diff(points, n=order, axis=0) for order in (1, 2))
    return np.float32(first.T @ first / spacing**2), np.float32(second.T @ second / spacing**4)


def _on_grid(matrices, shape):
    """Return the Kronecker product of one matrix per axis, the identity by default."""
    result = sparse.identity(1)
    for axis, side in enumerate(shape):
        result = sparse.kron(result, matrices.get(axis, sparse.identity(side)), format="csr")
    return result
