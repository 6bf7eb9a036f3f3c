"""Losses of registration networks: pure functions of fields and images, and Keras losses over them.

A Keras loss is called as ``loss(flow_field, outputs)`` on the true flow field, or None, and the outputs of a network, a
dictionary; it takes what it needs of them and names what is missing.
"""

from dirv_tf.losses.combined import CombinedLoss
from dirv_tf.losses.displacement import DisplacementLoss
from dirv_tf.losses.intensity import IntensityLoss
from dirv_tf.losses.root_mean_square import root_mean_square_error
from dirv_tf.losses.similarity import intensity_errors
from dirv_tf.losses.supervised import displacement_errors, displacement_level_weights, true_displacement_fields

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
