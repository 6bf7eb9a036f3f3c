"""Random flow fields of a named kind."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf.synthesis.affine import affine_fields
from dirv_tf.synthesis.nonrigid import nonrigid_fields
from dirv_tf.validation import one_of

FIELD_KINDS = ("affine", "nonrigid", "both")


def random_fields(
    size: Sequence[int],
    seed: int,
    indices: tf.Tensor,
    batch_index: int | tf.Tensor,
    epoch: int | tf.Tensor = 0,
    kind: str = "both",
    max_displacement: float = 6.0,
    share: tuple[int | tf.Tensor, int | tf.Tensor] | None = None,
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

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, r), float32
        Flow fields in pixels.

    Raises
    ------
    ValueError
        If `kind` is unknown.
    """
    one_of(*FIELD_KINDS)("kind", kind)
    parts = []
    if kind != "nonrigid":
        parts.append(affine_fields(size, seed, indices, epoch))
    if kind != "affine":
        batch_size = tf.size(indices)
        first, whole = (0, batch_size) if share is None else (tf.cast(each, tf.int32) for each in share)
        # All fields of a batch are scaled by the largest of them, so that all are drawn.
        fields = nonrigid_fields(size, seed, batch_index, whole, epoch, max_displacement)
        parts.append(fields if share is None else fields[first : first + batch_size])
    return tf.add_n(parts)
