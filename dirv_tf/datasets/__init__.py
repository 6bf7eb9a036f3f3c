"""Pipelines of image pairs, as `tf.data.Dataset` objects.

Elements are ``((fixed, moving), flow_field)`` where the deformation is known: two images ``(B, n_1, ..., n_r, 1)`` in
[0, 1] and the field ``(B, n_1, ..., n_r, r)`` in pixels to be predicted, float32, with
``fixed[p] = moving(p + flow_field[p])``. Real pairs, whose field nobody knows, are ``((fixed, moving),)``. Where
something is drawn on the images, elements are ``((fixed, moving), targets)`` with a dictionary, see
`dirv_tf.losses.targets`. `JudgedPairs` have a third input, a field to judge: ``((fixed, moving, given), targets)``.
"""

from dirv_tf.datasets.augmentation import Augmentation
from dirv_tf.datasets.chessboard_pairs import ChessboardPairs
from dirv_tf.datasets.cut_pairs import CutPairs
from dirv_tf.datasets.file_pairs import FilePairs, from_pairs
from dirv_tf.datasets.folder_pairs import FolderPairs, from_folder
from dirv_tf.datasets.image_pairs import ImagePairs
from dirv_tf.datasets.judged_pairs import JudgedPairs
from dirv_tf.datasets.mixed_pairs import MixedPairs
from dirv_tf.datasets.pair_batches import PairBatches
from dirv_tf.datasets.registry import from_config
from dirv_tf.datasets.shape_pairs import ShapePairs
from dirv_tf.datasets.synthetic_pairs import SyntheticPairs
from dirv_tf.datasets.taught_pairs import TaughtPairs

__all__ = [
    "Augmentation",
    "ChessboardPairs",
    "CutPairs",
    "FilePairs",
    "FolderPairs",
    "ImagePairs",
    "JudgedPairs",
    "MixedPairs",
    "PairBatches",
    "ShapePairs",
    "SyntheticPairs",
    "TaughtPairs",
    "from_config",
    "from_folder",
    "from_pairs",
]
