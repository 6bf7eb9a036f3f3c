"""Pipelines of image pairs with known deformations, as `tf.data.Dataset` objects.

Every element is ``((fixed, moving), flow_field)``: two images ``(B, n_1, ..., n_r, 1)`` in [0, 1] and the field
``(B, n_1, ..., n_r, r)`` in pixels to be predicted, float32, with ``fixed[p] = moving(p + flow_field[p])``.
"""

from dirv_tf.datasets.chessboard_pairs import ChessboardPairs
from dirv_tf.datasets.image_pairs import ImagePairs
from dirv_tf.datasets.registry import from_config
from dirv_tf.datasets.synthetic_pairs import SyntheticPairs

__all__ = ["ChessboardPairs", "ImagePairs", "SyntheticPairs", "from_config"]
