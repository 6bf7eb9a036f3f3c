"""Losses on what a `DIRVNet` returns: supervised, unsupervised, and their weighted sum."""

from dirv_tf.losses.combined import CombinedLoss
from dirv_tf.losses.displacement import DisplacementLoss
from dirv_tf.losses.intensity import IntensityLoss
from dirv_tf.losses.level_errors import (
    displacement_errors,
    displacement_level_weights,
    intensity_errors,
    root_mean_square_error,
    true_displacement_fields,
)

__all__ = [
    "CombinedLoss",
    "DisplacementLoss",
    "IntensityLoss",
    "displacement_errors",
    "displacement_level_weights",
    "intensity_errors",
    "root_mean_square_error",
    "true_displacement_fields",
]
