"""Grids of control points over one image, as arrays: interpolation, its adjoint and least-squares fitting."""

from __future__ import annotations

import functools
import math

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
