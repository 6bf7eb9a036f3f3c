from __future__ import annotations

import numpy as np
import pytest

from dirv_tf import metrics
from dirv_tf.io import ImageGeometry
from dirv_tf.registration import RegistrationResult, measure_accuracy


def _result(flow_field, fixed=None, moving=None, registered=None, geometry=None):
    image = np.zeros(flow_field.shape[:-1], np.float32)
    return RegistrationResult(
        registered=image if registered is None else registered,
        flow_field=flow_field,
        displacement_field=flow_field,
        fixed=image if fixed is None else fixed,
        moving=image if moving is None else moving,
        model_name="",
        spacing=(4,) * image.ndim,
        seconds=0.0,
        fixed_geometry=geometry,
    )


@pytest.mark.parametrize("shape", [(8, 9), (8, 9, 10)])
def test_errors_of_constant_fields(shape):
    rank = len(shape)
    true = np.full((*shape, rank), 2.0, np.float32)
    accuracy = measure_accuracy(_result(np.full((*shape, rank), 1.5, np.float32)), true)
    assert accuracy.endpoint_error_before == pytest.approx(2 * np.sqrt(rank))
    assert accuracy.endpoint_error_after == pytest.approx(0.5 * np.sqrt(rank))
    assert accuracy.endpoint_error_reduction == pytest.approx(75)
    assert accuracy.folded_percent == 0


def test_differences():
    zero = np.zeros((8, 8, 2), np.float32)
    image = np.zeros((8, 8), np.float32)
    accuracy = measure_accuracy(_result(zero, fixed=image, moving=image + 0.5, registered=image + 0.1), zero)
    assert accuracy.difference_before == pytest.approx(0.5)
    assert accuracy.difference_after == pytest.approx(0.1)
    assert accuracy.difference_reduction == pytest.approx(80)
    assert accuracy.endpoint_error_reduction == 0, "nothing to reduce"


def test_folding_is_seen():
    field = np.zeros((16, 8, 2), np.float32)
    field[:, :, 0] = -2.0 * np.arange(16)[:, np.newaxis]
    field[8:] = 0.0
    accuracy = measure_accuracy(_result(field), np.zeros_like(field))
    assert 30 < accuracy.folded_percent < 70


def test_shape_of_the_true_field_is_checked():
    with pytest.raises(ValueError, match=r"shape \(8, 9, 2\).*true_flow_field.shape=\(9, 8, 2\)"):
        measure_accuracy(_result(np.zeros((8, 9, 2), np.float32)), np.zeros((9, 8, 2)))


def test_mask_chooses_the_pixels():
    true = np.zeros((8, 8, 2), np.float32)
    true[:4, :, 0] = 3.0
    mask = np.zeros((8, 8), bool)
    mask[:2] = True
    found = np.where(mask[..., np.newaxis], true / 2, 0).astype(np.float32)
    assert measure_accuracy(_result(found), true, mask).endpoint_error_after == pytest.approx(1.5)
    assert measure_accuracy(_result(found), true, ~mask).endpoint_error_after == pytest.approx(1.0)
    assert measure_accuracy(_result(found), true).endpoint_error_after == pytest.approx(1.125)


@pytest.mark.parametrize("mask", [np.zeros((8, 8), bool), np.ones((8, 9), bool)])
def test_mask_is_checked(mask):
    zero = np.zeros((8, 8, 2), np.float32)
    with pytest.raises(ValueError, match=r"mask of shape \(8, 8\).*Received: mask.shape="):
        measure_accuracy(_result(zero), zero, mask)


@pytest.mark.parametrize("shape", [(9, 12), (7, 9, 8)])
def test_metrics_of_a_result(rng, shape):
    fixed, moving, registered = rng.random((3, *shape)).astype(np.float32)
    field, true = rng.normal(scale=0.6, size=(2, *shape, len(shape))).astype(np.float32)
    spacing = (2.0, 0.5, 1.0)[: len(shape)]
    result = _result(field, fixed, moving, registered, ImageGeometry.from_pixel_size(spacing))
    measured = result.metrics(true)
    accuracy = measure_accuracy(result, true)
    for name in ("difference_before", "difference_after", "endpoint_error_before", "endpoint_error_after"):
        assert measured[name] == pytest.approx(getattr(accuracy, name))
    assert measured["l_int_after"] == pytest.approx(255 * np.abs(registered - fixed).mean(), rel=1e-5)
    assert measured["folded_percent"] == pytest.approx(accuracy.folded_percent) and accuracy.folded_percent > 0
    assert measured["sd_log_jacobian"] == pytest.approx(float(metrics.sd_log_jacobian(field[np.newaxis])[0]), rel=1e-4)
    assert measured["displacement_mean_px"] == pytest.approx(np.linalg.norm(field, axis=-1).mean(), rel=1e-5)
    assert measured["displacement_max_mm"] == pytest.approx(np.linalg.norm(field * spacing, axis=-1).max(), rel=1e-5)
    assert all(type(value) is float for value in measured.values())
    assert set(measured) - set(result.metrics()) == {"endpoint_error_before", "endpoint_error_after"}
    mask = rng.random(shape) > 0.5
    masked = result.metrics(mask=mask)
    assert masked["difference_after"] == pytest.approx(np.abs(registered - fixed)[mask].mean(), rel=1e-5)
    assert masked["displacement_max_px"] == pytest.approx(np.linalg.norm(field, axis=-1)[mask].max(), rel=1e-5)
