import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from dirv_tf.registration.optimization.control_grid import ControlGrid
from dirv_tf.registration.optimization.gauss_newton import Problem, _solve, evaluate, minimize, normal_equations
from dirv_tf.registration.optimization.warped_pair import positions

SIZES = {2: (24, 21), 3: (13, 12, 14)}


def problem(rank, rng, smoothness=0.02, channels=2):
    size = SIZES[rank]
    larger = [gaussian_filter(rng.normal(size=[n + 1 for n in size]), 2.5) for _ in range(channels)]
    larger = (np.stack(larger) / np.std(larger)).astype("float32")
    everywhere = (slice(None), *(slice(n) for n in size))
    fixed, moving = larger[:, 1:][everywhere], larger[everywhere]
    grid = ControlGrid(size, (4,) * rank)
    weights = rng.uniform(0.5, 1.5, size).astype("float32")
    reference = rng.normal(0, 0.1, (rank, *grid.shape)).astype("float32")
    return Problem(fixed, moving, positions(size), weights / weights.mean(), grid, smoothness, reference)


@pytest.mark.parametrize("rank", [2, 3])
def test_the_energy_agrees_with_its_formula(rank, rng):
    given = problem(rank, rng)
    points = np.zeros_like(given.reference)
    energy, warped = evaluate(given, points)
    np.testing.assert_allclose(warped, given.moving, atol=1e-6)
    data = np.mean(given.weights * ((given.fixed - given.moving) ** 2).sum(axis=0))
    squares = sum((np.diff(given.reference, axis=axis) ** 2).sum() for axis in range(1, rank + 1)) / 4**2
    assert energy == pytest.approx(data + given.smoothness * squares / np.prod(given.grid.shape), rel=1e-5)


@pytest.mark.parametrize("rank", [2, 3])
def test_the_force_is_minus_half_the_gradient(rank, rng):
    # Smoothness alone: the data term has equal slopes in both images where these are equal.
    given = problem(rank, rng)
    given = given._replace(moving=given.fixed)
    points = np.zeros_like(given.reference)
    direction = rng.normal(size=points.shape).astype("float32")
    force, _ = normal_equations(given, points, evaluate(given, points)[1])
    step = 0.05
    ahead, behind = (_smoothness_only(given, points + sign * step * direction) for sign in (1, -1))
    pixels = np.prod(given.grid.size)
    assert pixels * (ahead - behind) / (2 * step) == pytest.approx(-2 * float(np.vdot(force, direction)), rel=1e-3)


def _smoothness_only(given, points):
    flat = np.zeros_like(given.fixed)
    return evaluate(given._replace(fixed=flat, moving=flat), points)[0]


@pytest.mark.parametrize("rank", [2, 3])
def test_the_data_force_points_down_hill(rank, rng):
    given = problem(rank, rng, smoothness=0.0)
    points = np.zeros_like(given.reference)
    energy, warped = evaluate(given, points)
    force, matrices = normal_equations(given, points, warped)
    step = 1e-2 * force / np.abs(force).max()
    slope = -2 * float(np.vdot(force, step)) / np.prod(given.grid.size)
    assert evaluate(given, points + step)[0] - energy == pytest.approx(slope, rel=0.3)
    assert all(np.all(matrices[i] >= 0) for i in ((0, 2) if rank == 2 else (0, 3, 5)))


@pytest.mark.parametrize("rank", [2, 3])
def test_a_step_solves_the_linear_system(rank, rng):
    given = problem(rank, rng, smoothness=0.5)
    points = np.zeros_like(given.reference)
    force, matrices = normal_equations(given, points, evaluate(given, points)[1])
    step = _solve(given, force, matrices, 0.1)
    # Applied by the definition, with the smoothness as differences.
    pairs = [(row, column) for row in range(rank) for column in range(row, rank)]
    entry = {pair: matrix for pair, matrix in zip(pairs, matrices)}
    data = [sum(entry[min(i, j), max(i, j)] * step[j] for j in range(rank)) for i in range(rank)]
    damping = 0.1 * np.mean([entry[i, i].mean() for i in range(rank)])
    weight = given.smoothness * np.prod(given.grid.size) / np.prod(given.grid.shape) / 4**2
    roughness = np.zeros_like(step)
    for axis in range(1, rank + 1):
        difference, into = np.moveaxis(np.diff(step, axis=axis), axis, 0), np.moveaxis(roughness, axis, 0)
        into[1:] += difference
        into[:-1] -= difference
    applied = np.stack(data) + damping * step + weight * roughness
    assert np.linalg.norm(applied - force) < 0.02 * np.linalg.norm(force)


@pytest.mark.parametrize("rank", [2, 3])
def test_the_energy_never_rises_and_a_shift_is_found(rank, rng):
    given = problem(rank, rng)._replace(reference=np.zeros((rank, *problem(rank, rng).grid.shape), np.float32))
    seen = []
    points, energies = minimize(given, np.zeros_like(given.reference), 20, seen.append)
    assert energies == sorted(energies, reverse=True) and energies[-1] < 0.2 * energies[0]
    assert evaluate(given, points)[0] == pytest.approx(energies[-1])
    assert seen == list(range(1, len(seen) + 1)) and len(seen) <= 20
    inside = (slice(None), *(slice(1, -1),) * rank)
    assert np.median(points[inside][0]) == pytest.approx(1, abs=0.1)


def test_without_steps_the_start_comes_back(rng):
    given = problem(2, rng)
    start = rng.normal(size=given.reference.shape).astype("float32")
    points, energies = minimize(given, start, 0)
    assert points is start and len(energies) == 1
