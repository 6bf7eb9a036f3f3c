"""Random flow fields of a named kind."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf.synthesis.affine import LARGE_RANGE, SMALL_RANGE, affine_fields
from dirv_tf.synthesis.nonrigid import COARSE_POINTS, nonrigid_fields
from dirv_tf.validation import one_of

FIELD_KINDS = ("affine", "nonrigid", "both")
AFFINE_RANGES = {"small": SMALL_RANGE, "large": LARGE_RANGE}


def random_fields(
    size: Sequence[int],
    seed: int,
    indices: tf.Tensor,
    batch_index: int | tf.Tensor,
    epoch: int | tf.Tensor = 0,
    kind: str = "both",
    max_displacement: float = 6.0,
    share: tuple[int | tf.Tensor, int | tf.Tensor] | None = None,
    affine_range: str = "small",
    coarse_points: Sequence[int] = COARSE_POINTS,
) -> tf.Tensor:
    """Draw random flow fields (thesis Section 5.4).

    Parameters
    ----------
    size : sequence of int, length r
        Image sides in pixels.
    seed : int
        From 0 to 2^64 - 1.
    indices : tf.Tensor, shape (B,), integer
        Numbers of the images.
    batch_index : int or tf.Tensor, shape (), integer
        Number of the batch, to which the non-rigid part belongs: see `nonrigid_fields`.
    epoch : int or tf.Tensor, shape (), integer
        Number of the epoch.
    kind : {"both", "affine", "nonrigid"}
        ``"both"`` is the sum.
    max_displacement : float
        Upper limit of the non-rigid components in pixels.
    share : tuple of two integers or tf.Tensor, shape (), optional
        Where the images are a part of their batch: the place of the first one in it, and the length of the batch.
    affine_range : {"small", "large"}
        How far affine transformations go: as in the thesis, or with angles to 20 degrees, scales 0.8 to 1.25, shears
        of 0.1 and translations to 8 pixels.
    coarse_points : sequence of int, length 2
        Of the non-rigid part: see `nonrigid_fields`. Few points make displacements of many pixels possible without
        folds.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, r), float32
        Flow fields in pixels.

    Raises
    ------
    ValueError
        If `kind` or `affine_range` is unknown.
    """
    one_of(*FIELD_KINDS)("kind", kind)
    limits = AFFINE_RANGES[one_of(*AFFINE_RANGES)("affine_range", affine_range)]
    parts = []
    if kind != "nonrigid":
        parts.append(affine_fields(size, seed, indices, epoch, limits))
    if kind != "affine":
        batch_size = tf.size(indices)
        first, whole = (0, batch_size) if share is None else (tf.cast(each, tf.int32) for each in share)
        # All fields of a batch are scaled by the largest of them, so that all are drawn.
        fields = nonrigid_fields(size, seed, batch_index, whole, epoch, max_displacement, coarse_points)
        parts.append(fields if share is None else fields[first : first + batch_size])
    return tf.add_n(parts)
