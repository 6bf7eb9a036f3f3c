"""Conjugate gradients."""

import numpy as np

from dirv_tf.registration.optimization.gauss_newton import conjugate_gradients


def test_the_solution_is_that_of_a_direct_solver(rng):
    factor = rng.normal(size=(12, 12)).astype(np.float32)
    matrix, right = factor @ factor.T + 5 * np.eye(12, dtype=np.float32), rng.normal(size=12).astype(np.float32)
    found = conjugate_gradients(lambda x: matrix @ x, right, 1 / np.diag(matrix), 50, 1e-6)
    np.testing.assert_allclose(found, np.linalg.solve(matrix, right), atol=1e-4)


def test_it_stops_after_the_steps_and_where_little_is_left(rng):
    matrix, calls = np.diag(np.arange(1.0, 31.0)).astype(np.float32), []

    def apply(values):
        calls.append(1)
        return matrix @ values

    right = np.ones(30, np.float32)
    conjugate_gradients(apply, right, np.ones(30, np.float32), 4, 0.0)
    assert len(calls) == 4
    exact = 1 / np.diag(matrix)
    conjugate_gradients(apply, right, exact, 50, 1e-3)
    assert len(calls) == 5


def test_nothing_to_do_is_nothing_done():
    zero = np.zeros(3, np.float32)
    assert not conjugate_gradients(lambda x: 1 / 0, zero, np.ones(3, np.float32), 10, 1e-3).any()
