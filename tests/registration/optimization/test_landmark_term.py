"""Landmarks as a term of the energy."""

import numpy as np
import pytest
from scipy import ndimage

from dirv_tf.registration.optimization.control_grid import ControlGrid
from dirv_tf.registration.optimization.cubic_optimization import optimize_cubic
from dirv_tf.registration.optimization.gauss_newton import Problem, evaluate, normal_equations
from dirv_tf.registration.optimization.instance_optimization import optimize_field
from dirv_tf.registration.optimization.landmark_term import PixelTargets, checked_landmarks, steps_after
from dirv_tf.registration.optimization.warped_pair import positions

POINTS = np.array([[9.0, 9], [9, 30], [30, 9], [30, 30]])


def at_points(field, points=POINTS):
    return np.stack([ndimage.map_coordinates(each, points.T, order=1) for each in np.moveaxis(field, -1, 0)], -1)


def test_the_energy_is_the_mean_squared_distance_and_the_force_its_slope(rng):
    targets = PixelTargets.of(POINTS, rng.normal(size=(4, 2)), (40, 40), weight=2.0)
    field = rng.normal(size=(2, 40, 40)).astype(np.float32)
    there = field[(slice(None), *POINTS.astype(int).T)] - targets.targets[(slice(None), *POINTS.astype(int).T)]
    assert targets.energy(field) == pytest.approx(2 * np.mean(np.sum(there**2, axis=0)), rel=1e-5)
    step = 1e-2 * rng.normal(size=field.shape).astype(np.float32)
    slope = (targets.energy(field + step) - targets.energy(field - step)) / 2
    assert slope == pytest.approx(-2 * np.vdot(targets.force(field), step) / 1600, rel=1e-3)
    # Two landmarks at one pixel count twice, and pull to their mean.
    double = PixelTargets.of(np.array([[5.0, 5], [5.2, 5]]), np.array([[1.0, 0], [3, 0]]), (8, 8), 1.0)
    assert double.weights[5, 5] == 64 and double.targets[:, 5, 5].tolist() == [2, 0]


def test_the_force_on_control_points_is_half_the_negative_slope_of_the_energy(rng):
    grid, flat = ControlGrid((40, 40), (4, 4)), np.zeros((1, 40, 40), np.float32)
    targets = PixelTargets.of(POINTS, rng.normal(size=(4, 2)), (40, 40), weight=0.5)
    points = rng.normal(size=(2, *grid.shape)).astype(np.float32)
    weights = np.ones((40, 40), np.float32)
    problem = Problem(flat, flat, positions((40, 40)), weights, grid, 0.01, 0 * points, None, targets)
    energy, warped = evaluate(problem, points)
    assert energy > evaluate(problem._replace(landmarks=None), points)[0]
    force, _ = normal_equations(problem, points, warped)
    step = 1e-2 * rng.normal(size=points.shape).astype(np.float32)
    slope = (evaluate(problem, points + step)[0] - evaluate(problem, points - step)[0]) / 2
    assert slope == pytest.approx(-2 * np.vdot(force, step) / 1600, rel=1e-2)


def test_what_a_field_leaves_to_be_done_leads_to_the_partners(rng):
    field = np.stack(np.broadcast_arrays(*(np.sin(each / 9) * 3 for each in positions((40, 40)))), axis=-1)
    partners = POINTS + rng.normal(size=(4, 2))
    added = steps_after(field, None, POINTS, partners, added=True)
    np.testing.assert_allclose(POINTS + at_points(field) + added, partners, atol=1e-4)
    reached = POINTS + steps_after(field, None, POINTS, partners, added=False)
    np.testing.assert_allclose(reached + at_points(field, reached), partners, atol=1e-3)


@pytest.mark.parametrize("similarity", ["mse", "mind"])
def test_even_images_are_registered_by_their_landmarks_alone(similarity):
    image = np.full((40, 40), 0.5, np.float32)
    image[18:22, 18:22] = 0.6
    moving = POINTS + [2.0, -3.0]
    start, smooth = np.zeros((40, 40, 2), np.float32), {"mse": 1e-4, "mind": 1e-3}[similarity]
    plain = optimize_field(image, image, start, similarity=similarity, smoothness=smooth)
    assert np.abs(plain.flow_field).max() < 0.1
    pulled = optimize_field(image, image, start, 40, similarity, smooth, landmarks=(POINTS, moving), landmark_weight=10)
    np.testing.assert_allclose(at_points(pulled.flow_field), [[2, -3]] * 4, atol=0.3)
    assert pulled.final_energy < 0.05 * pulled.initial_energy


def test_cubic_splines_keep_landmarks_where_intensities_repeat_themselves():
    rows, columns = np.mgrid[:48, :48]
    fixed, moving = (0.5 + 0.5 * np.sin((rows + shift) / 2) * np.cos(columns / 3) for shift in (0, 4 * np.pi - 1))
    points = np.array([[12.0, 12], [12, 36], [30, 24]])
    # One period away, and half a pixel beside it: the landmarks decide which, the images where exactly.
    start = np.zeros((48, 48, 2), np.float32) + np.float32([-4 * np.pi + 1.5, 0])
    pair = (points, points + [1.0 - 4 * np.pi, 0])
    found = optimize_cubic(fixed, moving, start, landmarks=pair)
    np.testing.assert_allclose(at_points(found.flow_field, np.array([[30.0, 24], [24, 12]]))[:, 0], 1 - 4 * np.pi, atol=0.1)
    elsewhere = optimize_cubic(fixed, moving, start, landmarks=(points, points + [-9, 0.0]), landmark_weight=10)
    assert np.abs(at_points(elsewhere.flow_field, points)[:, 0] + 9).max() < 0.3, "the landmarks weigh more"


def test_landmarks_that_do_not_fit_are_named():
    for landmarks in ((POINTS,), (POINTS, POINTS[:3]), (POINTS[:0], POINTS[:0]), (POINTS, np.nan * POINTS)):
        with pytest.raises(ValueError, match=r"`landmarks` must be those of .* shape \(n, 2\).*Received: shapes"):
            checked_landmarks(landmarks, 2)
    image = np.random.default_rng(0).random((16, 16))
    with pytest.raises(ValueError, match="`landmark_weight` must not be negative. Received: landmark_weight=-1"):
        optimize_field(image, image, np.zeros((16, 16, 2)), landmark_weight=-1)
