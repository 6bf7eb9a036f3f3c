"""Synthetic images and random deformations: seed and index in, tensor out.

Every function is stateless: its numbers depend on ``(seed, epoch, index)`` alone, never on the batch that an image
travels in, on the order of calls or on how many threads a pipeline uses. The one exception is the non-rigid field,
which is drawn and rescaled per batch and therefore keyed by the batch index.

Flow fields are in pixels, component ``i`` along array axis ``i``, and belong to backward warping. Two and three
dimensions share one code path.
"""

from dirv_tf.appearance_range import AppearanceRange
from dirv_tf.lesion_range import LesionRange
from dirv_tf.synthesis.affine import LARGE_RANGE, AffineRange, affine_fields
from dirv_tf.synthesis.appearance import change_appearance
from dirv_tf.synthesis.chessboard import chessboard_images
from dirv_tf.synthesis.given_fields import GIVEN_FIELD_KINDS, given_fields
from dirv_tf.synthesis.lesions import paste_lesions
from dirv_tf.synthesis.noise import desensitize
from dirv_tf.synthesis.nonrigid import COARSE_POINTS, nonrigid_fields
from dirv_tf.synthesis.random_fields import AFFINE_RANGES, FIELD_KINDS, random_fields
from dirv_tf.synthesis.shapes import shape_images, shape_images_and_labels

__all__ = [
    "AFFINE_RANGES",
    "COARSE_POINTS",
    "FIELD_KINDS",
    "GIVEN_FIELD_KINDS",
    "LARGE_RANGE",
    "AffineRange",
    "AppearanceRange",
    "LesionRange",
    "affine_fields",
    "change_appearance",
    "chessboard_images",
    "desensitize",
    "given_fields",
    "nonrigid_fields",
    "paste_lesions",
    "random_fields",
    "shape_images",
    "shape_images_and_labels",
]
