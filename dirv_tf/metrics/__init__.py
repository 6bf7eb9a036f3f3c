"""Metrics of a registration."""

from dirv_tf.metrics.field_quality import endpoint_error, folded_share, reduction
from dirv_tf.metrics.registration_errors import RegistrationErrors

__all__ = ["RegistrationErrors", "endpoint_error", "folded_share", "reduction"]
