import numpy as np
import pytest

from dirv_tf import metrics

FIXED = [[0.0, 0.0], [10.0, 10.0], [20.0, 5.0]]


def test_errors_are_distances_and_shares_of_the_diagonal():
    warped = [[3.0, 4.0], [10.0, 11.0], [20.0, 5.0]]
    errors = metrics.landmark_errors(FIXED, warped, size=(30, 40))
    # Errors of 0, 1 and 5 pixels: the 90th percentile lies at four fifths of the way from the second to the third.
    expected = {"mean": 2, "median": 1, "p90": 4.2, "max": 5}
    assert errors == pytest.approx(
        {f"{name}_{key}": value / by for name, by in (("tre", 1), ("rtre", 50)) for key, value in expected.items()}
    )


def test_pixel_size_turns_pixels_into_millimeters_but_not_the_share():
    errors = metrics.landmark_errors([[1, 2, 3]], [[2, 4, 5]], size=(10, 20, 20), pixel_size=(4, 1.5, 1.0))
    assert errors["tre_max"] == pytest.approx(np.sqrt(16 + 9 + 4))
    assert errors["rtre_max"] == pytest.approx(3 / 30)


def test_robustness_is_the_share_of_landmarks_that_came_closer():
    moving = [[5.0, 0.0], [10.0, 12.0], [20.0, 6.0]]
    warped = [[1.0, 0.0], [10.0, 15.0], [20.0, 4.0]]
    errors = metrics.landmark_errors(FIXED, warped, (30, 40), moving_points=moving)
    assert errors["robustness"] == pytest.approx(1 / 3)
    assert errors["tre_mean_before"] == pytest.approx(8 / 3) and errors["tre_mean"] == pytest.approx(7 / 3)
    assert errors["rtre_max_before"] == pytest.approx(0.1)


def test_impossible_arguments_are_refused():
    with pytest.raises(ValueError, match="warped_points of the shape of fixed_points"):
        metrics.landmark_errors(FIXED, FIXED[:2], (30, 40))
    with pytest.raises(ValueError, match="finite coordinates in moving_points.*1 pairs"):
        metrics.landmark_errors(FIXED, FIXED, (30, 40), moving_points=[[np.nan, 0], *FIXED[1:]])
    with pytest.raises(ValueError, match="one or more landmarks"):
        metrics.landmark_errors(np.zeros((0, 2)), np.zeros((0, 2)), (30, 40))
    with pytest.raises(ValueError, match="2 positive numbers. Received: size="):
        metrics.landmark_errors(FIXED, FIXED, (30, 40, 50))
    with pytest.raises(ValueError, match="2 positive numbers. Received: pixel_size="):
        metrics.landmark_errors(FIXED, FIXED, (30, 40), pixel_size=(1, 0))
