"""Grids of control points over one image, as arrays: interpolation, its adjoint, fitting, and the bending energy."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
from scipy import sparse


class ControlGrid:
    """B-splines over an image: control point ``k`` at pixel ``spacing * k``, the last beyond the border.

    Parameters
    ----------
    size : sequence of int, length r
        Sides of the image in pixels.
    spacing : sequence of int, length r
        Control-point spacing in pixels.
    degree : {1, 3}
        Of the splines. Cubic ones have one more control point before the image and one behind it: ``k`` is at pixel
        ``spacing * (k - 1)``.

    Attributes
    ----------
    size, spacing : tuple of int
    shape : tuple of int
        Control points per axis.

    Examples
    --------
    >>> grid = ControlGrid((9, 12), (4, 4))
    >>> grid.shape, grid.interpolate(np.ones((2, *grid.shape))).shape
    ((3, 4), (2, 9, 12))
    """

    def __init__(self, size, spacing, degree=1):
        self.size, self.spacing = tuple(size), tuple(spacing)
        self._axes = [(n, s, degree) for n, s in zip(self.size, self.spacing)]
        self._matrices = [_splines(*axis) for axis in self._axes]
        self.shape = tuple(matrix.shape[1] for matrix in self._matrices)

    def interpolate(self, values: np.ndarray) -> np.ndarray:
        """Interpolate values at the control points (C, g_1, ..., g_r) at every pixel (C, n_1, ..., n_r)."""
        return _product(self._matrices, values)

    def gather(self, values: np.ndarray) -> np.ndarray:
        """Apply the adjoint of `interpolate`: sum values at the pixels, weighted by the splines."""
        return _product([matrix.T for matrix in self._matrices], values)

    def matrix(self) -> sparse.csr_matrix:
        """Return `interpolate` of one channel as a sparse matrix, pixels by control points."""
        return functools.reduce(lambda one, two: sparse.kron(one, two, format="csr"), self._matrices)

    def fit(self, values: np.ndarray) -> np.ndarray:
        """Return the control points whose interpolation is nearest to values at the pixels, in the sense of squares."""
        return _product([_fitting(*axis) for axis in self._axes], values)


def _linear(side, spacing):
    count = -(-(side - 1) // spacing) + 1
    distance = np.arange(side)[:, None] / spacing - np.arange(count)
    return np.maximum(1 - np.abs(distance), 0).astype(np.float32)


def _cubic(side, spacing):
    count = -(-(side - 1) // spacing) + 3
    distance = np.abs(np.arange(side)[:, None] / spacing - np.arange(-1, count - 1))
    near, far = 2 / 3 - distance**2 + distance**3 / 2, np.maximum(2 - distance, 0) ** 3 / 6
    return np.where(distance < 1, near, far).astype(np.float32)


# The same few grids are made again and again: for every level, round and check of a pair.
@functools.lru_cache(maxsize=64)
def _splines(side, spacing, degree):
    """Return the splines' values at the pixels of an axis, pixels by control points."""
    return _fixed({1: _linear, 3: _cubic}[degree](side, spacing))


@functools.lru_cache(maxsize=64)
def _fitting(side, spacing, degree):
    """Return the matrix that fits control points to values at the pixels of an axis."""
    matrix = _splines(side, spacing, degree)
    # A last control point beyond the border may have hardly a pixel of its own: the ridge keeps it near its neighbor.
    steps = np.diff(np.eye(matrix.shape[1]), axis=0)
    return _fixed(np.linalg.solve(matrix.T @ matrix + 1e-4 * steps.T @ steps, matrix.T).astype(np.float32))


def _fixed(matrix):
    matrix.flags.writeable = False
    return matrix


def along_axis(matrix: np.ndarray, values: np.ndarray, axis: int) -> np.ndarray:
    """Multiply one axis of an array, not the first, by a matrix; the result is contiguous."""
    # NumPy multiplies strided values, such as every second pixel of a field, without BLAS.
    values = np.ascontiguousarray(values, np.float32)
    if axis == values.ndim - 1:
        return values @ matrix.T
    before, behind = values.shape[:axis], values.shape[axis + 1 :]
    lines = values.reshape(-1, values.shape[axis], math.prod(behind))
    return np.matmul(matrix, lines).reshape(*before, matrix.shape[0], *behind)


def _product(matrices, values):
    """Multiply the axes behind the first by one matrix each."""
    for axis, matrix in enumerate(matrices, start=1):
        values = along_axis(matrix, values, axis)
    return values


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
