"""Losses of registration networks: pure functions of fields and images, and Keras losses over them.

A Keras loss is called as ``loss(targets, outputs)`` on what is known of the pairs and the outputs of a network, a
dictionary; it takes what it needs of them and names what is missing. Targets are the true flow field, None, or a
dictionary with any of ``flow_field``, ``labels``, ``landmarks``, ``mask`` and ``lesion``, see `dirv_tf.losses.targets`.
"""

from dirv_tf.losses.affine_terms import affine_deviation, affine_inverse_consistency
from dirv_tf.losses.bending_energy import bending_energy
from dirv_tf.losses.combined import CombinedLoss
from dirv_tf.losses.correlation import global_correlation
from dirv_tf.losses.counterpart_loss import CounterpartLoss, mask_perimeter, mask_volume
from dirv_tf.losses.displacement import DisplacementLoss
from dirv_tf.losses.field_likelihood import (
    correlated_noise,
    field_likelihood,
    free_standard_deviation,
    gaussian_likelihood,
)
from dirv_tf.losses.first_differences import first_differences
from dirv_tf.losses.intensity import IntensityLoss
from dirv_tf.losses.inverse_consistency import inverse_consistency
from dirv_tf.losses.label_difference import label_boxes, label_difference, label_weights
from dirv_tf.losses.label_loss import LabelLoss
from dirv_tf.losses.label_overlap import soft_dice
from dirv_tf.losses.landmark_loss import LandmarkLoss
from dirv_tf.losses.likelihood_losses import FieldLikelihoodLoss, GaussianLikelihoodLoss
from dirv_tf.losses.local_correlation import local_correlation, multi_kernel_correlation, windows_of_two_sizes
from dirv_tf.losses.masked_loss import MaskedLoss
from dirv_tf.losses.momentum_energy import momentum_energy
from dirv_tf.losses.network_loss import NetworkLoss
from dirv_tf.losses.point_distance import point_distance
from dirv_tf.losses.root_mean_square import root_mean_square_error
from dirv_tf.losses.self_similarity import self_similarity_difference
from dirv_tf.losses.similarity import intensity_errors
from dirv_tf.losses.smoothness import SmoothnessLoss
from dirv_tf.losses.supervised import (
    displacement_errors,
    displacement_level_weights,
    displacement_spreads,
    true_displacement_fields,
)
from dirv_tf.losses.unsupervised import UnsupervisedLoss, image_dissimilarity
from dirv_tf.losses.weighted import WeightedLosses

__all__ = [
    "CombinedLoss",
    "CounterpartLoss",
    "DisplacementLoss",
    "FieldLikelihoodLoss",
    "GaussianLikelihoodLoss",
    "IntensityLoss",
    "LabelLoss",
    "LandmarkLoss",
    "MaskedLoss",
    "NetworkLoss",
    "SmoothnessLoss",
    "UnsupervisedLoss",
    "WeightedLosses",
    "affine_deviation",
    "affine_inverse_consistency",
    "bending_energy",
    "correlated_noise",
    "displacement_errors",
    "displacement_level_weights",
    "displacement_spreads",
    "field_likelihood",
    "first_differences",
    "free_standard_deviation",
    "gaussian_likelihood",
    "global_correlation",
    "image_dissimilarity",
    "intensity_errors",
    "inverse_consistency",
    "label_boxes",
    "label_difference",
    "label_weights",
    "local_correlation",
    "mask_perimeter",
    "mask_volume",
    "momentum_energy",
    "multi_kernel_correlation",
    "point_distance",
    "root_mean_square_error",
    "self_similarity_difference",
    "soft_dice",
    "true_displacement_fields",
    "windows_of_two_sizes",
]
