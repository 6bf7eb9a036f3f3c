"""Gauss-Newton iterations on the control points of a field: squared differences of features plus smoothness."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

import numpy as np
from scipy.ndimage import map_coordinates

from dirv_tf.registration.optimization.control_grid import ControlGrid, roughness_force

# Levenberg-Marquardt damping in units of the mean diagonal of the data term, its factors after a step that raised or
# lowered the energy, and where no smaller step is tried.
_DAMPING, _MORE, _LESS, _MOST = 1e-2, 10.0, 0.5, 1e4
# A step that lowers the energy by a smaller share is the last one.
_TOLERANCE = 1e-4
_CONJUGATE_STEPS, _RESIDUAL = 30, 1e-3
_FLAT = 1e-12


class Problem(NamedTuple):
    """One registration on one grid of control points.

    Attributes
    ----------
    fixed : np.ndarray, shape (C, n_1, ..., n_r)
        Features.
    moving : np.ndarray, shape (C, m_1, ..., m_r)
        Features.
    positions : np.ndarray, shape (r, n_1, ..., n_r)
        Where a pixel of the fixed image lies in `moving` before the control points move it.
    weights : np.ndarray, shape (n_1, ..., n_r)
        Weight of every pixel of the fixed image; their mean is 1.
    grid : ControlGrid
    smoothness : float
        Weight of the squared first derivatives.
    reference : np.ndarray, shape (r, g_1, ..., g_r)
        What is added to the control points before their smoothness is measured.
    matrix : np.ndarray, shape (r, r), optional
        By which control points become steps in `moving`: they count along the axes of the fixed image, as the slopes of
        the warped features do, and the moving image may be turned, mirrored or finer. Default: the identity.
    landmarks : PixelTargets, optional
        Where the control points' field should lead at some pixels.
    """

    fixed: np.ndarray
    moving: np.ndarray
    positions: np.ndarray
    weights: np.ndarray
    grid: ControlGrid
    smoothness: float
    reference: np.ndarray
    matrix: np.ndarray | None = None
    landmarks: Any = None


def minimize(
    problem: Problem, start: np.ndarray, steps: int, progress: Callable[[int], None] | None = None
) -> tuple[np.ndarray, list[float]]:
    """Lower the energy of a field, starting from given control points.

    A step solves the linearized problem; one that raised the energy is taken back and repeated with more damping.

    Parameters
    ----------
    problem : Problem
    start : np.ndarray, shape (r, g_1, ..., g_r)
        Control points, pixels.
    steps : int
        Most evaluations of the energy after that of the start.
    progress : callable, optional
        Called with the number of evaluations.

    Returns
    -------
    control_points : np.ndarray, shape (r, g_1, ..., g_r)
        Those of the smallest energy; `start` itself where no step lowered it.
    energies : list of float
        Of the start and of every step that lowered the energy.
    """
    points, damping, equations = start, _DAMPING, None
    energy, warped = evaluate(problem, points)
    energies = [energy]
    for step in range(1, steps + 1):
        if energies[-1] == 0 or damping > _MOST:
            break
        equations = equations or normal_equations(problem, points, warped)
        candidate = points + _solve(problem, *equations, damping)
        energy, candidate_warped = evaluate(problem, candidate)
        if progress is not None:
            progress(step)
        if not energy < energies[-1]:
            damping *= _MORE
            continue
        points, warped, damping, equations = candidate, candidate_warped, damping * _LESS, None
        energies.append(energy)
        if energy > (1 - _TOLERANCE) * energies[-2]:
            break
    return points, energies


def evaluate(problem: Problem, points: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the energy of control points and the warped features.

    The energy is the mean over the pixels of ``weight sum_c (fixed_c[p] - moving_c(positions[p] + M u[p]))²``, plus
    the smoothness times the mean over the control points of ``sum_a |grad u_a|²``, plus that of the landmarks.
    """
    field = problem.grid.interpolate(points)
    coordinates = problem.positions + turned(problem.matrix, field)
    warped = np.stack([sample(channel, coordinates) for channel in problem.moving])
    squares = np.square(problem.fixed - warped).sum(axis=0)
    total = points + problem.reference
    smoothness = np.vdot(total, roughness_force(total, problem.grid.spacing)) / np.prod(problem.grid.shape)
    energy = float(np.vdot(squares, problem.weights) / squares.size + problem.smoothness * smoothness)
    return energy if problem.landmarks is None else energy + problem.landmarks.energy(field), warped


def turned(matrix: np.ndarray | None, field: np.ndarray) -> np.ndarray:
    """Apply a matrix (r, r), None for the identity, to the vectors of a field (r, ...)."""
    return field if matrix is None else np.tensordot(matrix.astype(field.dtype), field, 1)


def sample(values: np.ndarray, coordinates: np.ndarray) -> np.ndarray:
    """Sample an array linearly at coordinates (r, ...), clamped to the border."""
    return map_coordinates(values, coordinates, np.float32, order=1, mode="nearest", prefilter=False)


def normal_equations(problem: Problem, points: np.ndarray, warped: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return what a Gauss-Newton step needs: the force on the control points, and the matrices of the data term.

    The force is minus half the gradient of the energy where the warped features have the slopes of the fixed ones.

    Returns
    -------
    force : np.ndarray, shape (r, g_1, ..., g_r)
        Times the number of pixels.
    matrices : list of np.ndarray, shape (g_1, ..., g_r)
        The entries ``(0, 0), (0, 1), ..., (r - 1, r - 1)`` on and above the diagonal of one matrix per control point:
        with the splines' products in place of their pairwise ones, which bounds the true matrix from above.
    """
    rank = len(problem.grid.size)
    force, matrices = [0.0] * rank, [0.0] * (rank * (rank + 1) // 2)
    for fixed, moved in zip(problem.fixed, warped):
        # The mean of both images' slopes: where they are not yet aligned, a better guess than those of either one.
        slopes = [0.5 * (one + two) for one, two in zip(_slopes(fixed), _slopes(moved))]
        difference = problem.weights * (fixed - moved)
        for axis, slope in enumerate(slopes):
            force[axis] = force[axis] + difference * slope
        for entry, (row, column) in enumerate(_entries(rank)):
            matrices[entry] = matrices[entry] + problem.weights * slopes[row] * slopes[column]
    if problem.landmarks is not None:
        for axis, pull in enumerate(problem.landmarks.force(problem.grid.interpolate(points))):
            force[axis] = force[axis] + pull
        for entry, (row, column) in enumerate(_entries(rank)):
            if row == column:
                matrices[entry] = matrices[entry] + problem.landmarks.weights
    gathered = problem.grid.gather(np.stack([*force, *matrices]))
    weight = _smoothness_weight(problem)
    force = gathered[:rank] - weight * roughness_force(points + problem.reference, problem.grid.spacing)
    return force, list(gathered[rank:])


def _entries(rank):
    return [(row, column) for row in range(rank) for column in range(row, rank)]


def _slopes(values):
    """Central differences per axis, one-sided at the border."""
    slopes = []
    for axis in range(values.ndim):
        lines, slope = np.moveaxis(values, axis, 0), np.empty_like(values)
        into = np.moveaxis(slope, axis, 0)
        np.subtract(lines[2:], lines[:-2], out=into[1:-1])
        into[1:-1] *= 0.5
        into[0], into[-1] = lines[1] - lines[0], lines[-1] - lines[-2]
        slopes.append(slope)
    return slopes


def _smoothness_weight(problem):
    """Pixels per control point times the smoothness."""
    return problem.smoothness * float(np.prod(problem.grid.size) / np.prod(problem.grid.shape))


def _solve(problem, force, matrices, damping):
    """Solve for the step by conjugate gradients, preconditioned by the diagonal."""
    rank, weight = len(force), np.float32(_smoothness_weight(problem))
    entry = {pair: matrix for pair, matrix in zip(_entries(rank), matrices)}
    diagonals = np.stack([entry[axis, axis] for axis in range(rank)])
    damping = np.float32(damping * float(diagonals.mean()) + _FLAT)
    stiffness = 2 * weight * np.float32(sum(1 / step**2 for step in problem.grid.spacing))
    inverse = 1 / (diagonals + damping + stiffness)

    def apply(step):
        result = (diagonals + damping) * step + weight * roughness_force(step, problem.grid.spacing)
        for (row, column), matrix in entry.items():
            if row != column:
                result[row] += matrix * step[column]
                result[column] += matrix * step[row]
        return result

    return conjugate_gradients(apply, force, inverse, _CONJUGATE_STEPS, _RESIDUAL)


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
