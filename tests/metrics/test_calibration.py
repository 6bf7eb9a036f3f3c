"""Calibration of standard deviations: known answers, and the Keras metric beside the pure functions."""

import math

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import metrics


def drawn(rng, shape=(3, 16, 16, 2), factor=1.0):
    deviation = rng.uniform(0.2, 2.0, shape)
    return factor * deviation * rng.normal(size=shape), deviation


def test_a_calibrated_prediction(rng):
    errors, deviation = drawn(rng, (40, 32, 32, 2))
    bins = metrics.calibration_bins(errors, deviation)
    assert bins.counts.sum() == errors.size and len(bins.counts) == 15
    np.testing.assert_allclose(bins.found, bins.predicted, rtol=0.06)
    assert bins.expected_calibration_error < 0.03
    assert metrics.coverage(errors, deviation) == pytest.approx(90, abs=0.5)
    expected = -0.5 - np.log(deviation).mean() - 0.5 * math.log(2 * math.pi)
    assert metrics.mean_log_density(errors, deviation) == pytest.approx(expected, abs=0.02)


def test_errors_twice_as_large_as_predicted(rng):
    errors, deviation = drawn(rng, (40, 32, 32, 2), factor=2.0)
    gap = metrics.calibration_bins(errors, deviation).expected_calibration_error
    assert gap == pytest.approx(deviation.mean(), rel=0.03)
    # 0.82 standard deviations to both sides.
    assert metrics.coverage(errors, deviation) == pytest.approx(58.9, abs=1)


def test_the_least_probable_do_not_count_where_that_is_asked():
    errors, deviation = np.zeros(100), np.ones(100)
    errors[0] = 100.0
    assert metrics.mean_log_density(errors, deviation, drop=0.01) == pytest.approx(-0.5 * math.log(2 * math.pi))
    assert metrics.mean_log_density(errors, deviation) < -50


def test_rank_correlation(rng):
    errors, deviation = drawn(rng)
    assert metrics.rank_correlation(deviation**3, deviation) == 1.0
    assert metrics.rank_correlation(1 / deviation, deviation) == -1.0
    assert 0.2 < metrics.rank_correlation(errors, deviation) < 0.8
    assert math.isnan(metrics.rank_correlation(errors, np.ones_like(errors)))


def test_one_value_alone_is_one_bin():
    bins = metrics.calibration_bins([1.0, -3.0], [2.0, 2.0])
    assert bins.counts.tolist() == [2] + [0] * 14
    assert bins.expected_calibration_error == pytest.approx(abs(math.sqrt(5) - 2))


@pytest.mark.parametrize(
    ("errors", "deviation"),
    [([1.0], [1.0, 2.0]), ([], []), ([np.nan], [1.0]), ([1.0], [0.0]), ([1.0], [np.inf])],
)
def test_others_raise(errors, deviation):
    for function in (
        metrics.calibration_bins, metrics.coverage, metrics.mean_log_density, metrics.rank_correlation
    ):
        with pytest.raises(ValueError, match="must .*Received: "):
            function(errors, deviation)
    with pytest.raises(ValueError, match="bins=0"):
        metrics.calibration_bins([1.0], [1.0], bins=0)
    with pytest.raises(ValueError, match="drop=1.0"):
        metrics.mean_log_density([1.0], [1.0], drop=1.0)


@pytest.mark.parametrize("rank", [2, 3])
def test_the_keras_metric_adds_up_batches(rng, rank):
    errors, deviation = drawn(rng, (6, *(16, 12, 8)[:rank], rank), factor=1.5)
    field = rng.normal(size=errors.shape)
    metric = metrics.CalibrationScores()
    for part in (slice(0, 2), slice(2, 6)):
        outputs = {"flow_field": field[part], "standard_deviation": deviation[part]}
        metric.update_state(tf.constant((field - errors)[part]), tf.nest.map_structure(tf.constant, outputs))
    found = {key: float(value) for key, value in metric.result().items()}
    assert found["calibration_error"] == pytest.approx(
        metrics.calibration_bins(errors, deviation).expected_calibration_error, abs=0.02
    )
    assert found["coverage_90"] == pytest.approx(metrics.coverage(errors, deviation), abs=0.05)
    assert found["log_density"] == pytest.approx(metrics.mean_log_density(errors, deviation), abs=1e-3)
    assert found["standard_deviation"] == pytest.approx(math.sqrt((deviation**2).mean()), rel=1e-4)
    assert set(found) <= set(metrics.METRIC_NAMES)
    metric.reset_state()
    assert not any(float(value) for value in metric.result().values())
    again = type(metric).from_config({**metric.get_config(), "bins": 5})
    assert again.bins == 5


def test_the_keras_metric_names_what_is_missing():
    field = tf.zeros([1, 8, 8, 2])
    metric = metrics.CalibrationScores()
    with pytest.raises(ValueError, match="needs 'standard_deviation'"):
        metric.update_state(field, {"flow_field": field})
    with pytest.raises(ValueError, match="needs the true flow field in the targets. Received: none"):
        metric.update_state(None, {"flow_field": field, "standard_deviation": field + 1})
    with pytest.raises(ValueError, match="bins=True"):
        metrics.CalibrationScores(bins=True)
