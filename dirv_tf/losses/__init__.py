"""Losses on what a `DIRVNet` returns: supervised, unsupervised, and their weighted sum."""

from dirv_tf.losses.bending_energy import bending_energy
from dirv_tf.losses.combined import CombinedLoss
from dirv_tf.losses.correlation import global_correlation
from dirv_tf.losses.displacement import DisplacementLoss
from dirv_tf.losses.first_differences import first_differences
from dirv_tf.losses.intensity import IntensityLoss
from dirv_tf.losses.inverse_consistency import inverse_consistency
from dirv_tf.losses.level_errors import (
    displacement_errors,
    displacement_level_weights,
    intensity_errors,
    root_mean_square_error,
    true_displacement_fields,
)
from dirv_tf.losses.local_correlation import local_correlation, multi_kernel_correlation
from dirv_tf.losses.self_similarity import self_similarity_difference

__all__ = [
    "CombinedLoss",
    "DisplacementLoss",
    "IntensityLoss",
    "bending_energy",
    "displacement_errors",
    "displacement_level_weights",
    "first_differences",
    "global_correlation",
    "intensity_errors",
    "inverse_consistency",
    "local_correlation",
    "multi_kernel_correlation",
    "root_mean_square_error",
    "self_similarity_difference",
    "true_displacement_fields",
]
