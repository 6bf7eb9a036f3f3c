"""The network: one subclassed Model per pyramid level, joined coarse to fine; its recurrence; weight files and weights."""

from dirv_tf.models.dirv_net import DIRVNet
from dirv_tf.models.pretrained import load_pretrained, pretrained_names
from dirv_tf.models.pyramid_level import PyramidLevel
from dirv_tf.models.recurrent_refinement import RecurrentRefinement
from dirv_tf.models.weight_files import load_weights_file, read_card, save_weights_file

__all__ = [
    "DIRVNet",
    "PyramidLevel",
    "RecurrentRefinement",
    "load_pretrained",
    "load_weights_file",
    "pretrained_names",
    "read_card",
    "save_weights_file",
]
