"""The pair of chessboards on which the shipped networks are shown."""

from __future__ import annotations

from dirv_tf.datasets import ChessboardPairs


def example_pair(size):
    """Return the fixed and the moving image, square ones with so many pixels on a side, as a batch of one pair."""
    (fixed, moving), _ = ChessboardPairs(size=(size, size), count=2, batch_size=2, seed=77).frozen_batch()
    return fixed[:1], moving[:1]
