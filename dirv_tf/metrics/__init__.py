"""Metrics of a registration."""

from dirv_tf.metrics.field_quality import endpoint_error, folded_share, reduction, sd_log_jacobian
from dirv_tf.metrics.intensity_errors import IntensityErrors
from dirv_tf.metrics.label_overlap import label_overlap
from dirv_tf.metrics.landmark_errors import landmark_errors
from dirv_tf.metrics.registration_errors import RegistrationErrors

__all__ = [
    "IntensityErrors",
    "RegistrationErrors",
    "endpoint_error",
    "folded_share",
    "label_overlap",
    "landmark_errors",
    "reduction",
    "sd_log_jacobian",
]
