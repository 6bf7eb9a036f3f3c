"""The metrics of a flow field."""

import numpy as np
import pytest

from dirv_tf.io import Landmarks
from dirv_tf.registration import evaluate_field

SHIFT = np.broadcast_to(np.float32([2.0, -1.0]), (20, 30, 2))


def test_a_shift_is_smooth_and_has_its_length():
    (measured,) = evaluate_field(SHIFT).values()
    assert measured["folded_percent"] == 0 and measured["sd_log_jacobian"] == pytest.approx(0, abs=1e-6)
    assert measured["displacement_mean_px"] == measured["displacement_max_px"] == pytest.approx(np.sqrt(5))
    assert "displacement_mean_mm" not in measured


def test_millimeters_are_counted_per_axis():
    measured = evaluate_field(SHIFT, pixel_size=(0.5, 3.0))["field"]
    assert measured["displacement_mean_mm"] == pytest.approx(np.hypot(1.0, 3.0))


def test_landmarks_that_the_field_brings_together():
    fixed = Landmarks(("1", "2", "lonely"), np.array([[5.0, 5.0], [10.0, 20.0], [1.0, 1.0]]))
    moving = Landmarks(("2", "1"), np.array([[12.0, 19.0], [7.0, 4.0]]))
    measured = evaluate_field(SHIFT, landmarks=(fixed, moving))["landmarks"]
    assert measured["count"] == 2 and measured["tre_mean"] == pytest.approx(0, abs=1e-3)
    before = evaluate_field(0 * SHIFT, landmarks=(fixed, moving))["landmarks"]
    assert before["tre_mean"] == pytest.approx(np.sqrt(5), abs=1e-5)
    assert before["rtre_mean"] == pytest.approx(np.sqrt(5) / np.hypot(20, 30), abs=1e-5)


def test_labels_that_the_field_brings_together():
    fixed = np.zeros((20, 30), np.uint8)
    fixed[5:10, 8:15] = 3
    moving = np.roll(fixed, (2, -1), axis=(0, 1))
    measured = evaluate_field(SHIFT, labels=(fixed, moving))["labels"]
    assert measured["after"]["dice_mean"] == 1.0 > measured["before"]["dice_mean"]


def test_the_true_field():
    measured = evaluate_field(SHIFT, true_flow_field=0.5 * SHIFT)["endpoint_error"]
    assert measured["before_px"] == measured["after_px"] == pytest.approx(np.sqrt(5) / 2)
    assert measured["removed_percent"] == pytest.approx(0, abs=1e-4)
    with pytest.raises(ValueError, match=r"true flow field of shape \(20, 30, 2\)"):
        evaluate_field(SHIFT, true_flow_field=SHIFT[1:])


def test_landmarks_outside_the_fixed_image():
    outside, inside = (Landmarks(("1",), np.array([point])) for point in ([50.0, 5.0], [5.0, 5.0]))
    with pytest.raises(ValueError, match="inside the image of 20 x 30"):
        evaluate_field(SHIFT, landmarks=(outside, inside))
