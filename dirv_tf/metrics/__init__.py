"""Metrics of a registration: pure functions of fields, images, landmarks and labels; Keras metrics; their names."""

from dirv_tf.metrics.calibration import (
    CalibrationBins,
    calibration_bins,
    coverage,
    mean_log_density,
    rank_correlation,
)
from dirv_tf.metrics.calibration_scores import CalibrationScores
from dirv_tf.metrics.field import displacement_lengths, endpoint_error, field_metrics
from dirv_tf.metrics.folding import folded_percent, sd_log_jacobian
from dirv_tf.metrics.image import intensity_difference
from dirv_tf.metrics.label_scores import LabelScores
from dirv_tf.metrics.labels import label_overlap
from dirv_tf.metrics.landmark_scores import LandmarkScores
from dirv_tf.metrics.landmarks import landmark_errors
from dirv_tf.metrics.names import (
    METRIC_NAMES,
    MetricName,
    label_suffixes,
    level_suffixes,
    metric_name,
    needs_true_field,
)
from dirv_tf.metrics.reduction import reduction
from dirv_tf.metrics.registration_errors import RegistrationErrors

__all__ = [
    "METRIC_NAMES",
    "CalibrationBins",
    "CalibrationScores",
    "LabelScores",
    "LandmarkScores",
    "MetricName",
    "RegistrationErrors",
    "calibration_bins",
    "coverage",
    "displacement_lengths",
    "endpoint_error",
    "field_metrics",
    "folded_percent",
    "intensity_difference",
    "label_overlap",
    "label_suffixes",
    "landmark_errors",
    "level_suffixes",
    "mean_log_density",
    "metric_name",
    "needs_true_field",
    "rank_correlation",
    "reduction",
    "sd_log_jacobian",
]
