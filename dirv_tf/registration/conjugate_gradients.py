"""Conjugate gradients, preconditioned by a diagonal."""

from __future__ import annotations

from typing import Callable

import numpy as np


def conjugate_gradients(
    apply: Callable[[np.ndarray], np.ndarray], right: np.ndarray, inverse: np.ndarray, steps: int, residual: float
) -> np.ndarray:
    """Solve a symmetric positive definite system of equations, starting from zero.

    Parameters
    ----------
    apply : callable
        The matrix, from an array of the shape of `right` to one.
    right : np.ndarray, float32
        Right-hand side.
    inverse : np.ndarray
        Of the diagonal of the matrix, or nearly.
    steps : int
        At most.
    residual : float
        Share of the right-hand side's length, measured by `inverse`, that may be left.

    Returns
    -------
    np.ndarray, float32

    References
    ----------
    Nocedal and Wright, "Numerical Optimization", 2nd edition, 2006, algorithm 5.3.

    Examples
    --------
    >>> diagonal = np.array([2.0, 4.0], np.float32)
    >>> conjugate_gradients(lambda x: diagonal * x, np.ones(2, np.float32), 1 / diagonal, 5, 1e-3).tolist()
    [0.5, 0.25]
    """
    solution, left = np.zeros_like(right), right
    direction = preconditioned = inverse * left
    product = first = float(np.vdot(left, preconditioned))
    for _ in range(steps):
        if product <= residual**2 * first or product == 0:
            break
        applied = apply(direction)
        length = np.float32(product / float(np.vdot(direction, applied)))
        solution = solution + length * direction
        left = left - length * applied
        preconditioned = inverse * left
        previous, product = product, float(np.vdot(left, preconditioned))
        direction = preconditioned + np.float32(product / previous) * direction
    return solution
