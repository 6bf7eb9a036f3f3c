"""Batches of several datasets by turns."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import cast

import tensorflow as tf

from dirv_tf.datasets.pair_batches import PairBatches
from dirv_tf.datasets.synthetic_pairs import SyntheticPairs


class MixedPairs(PairBatches):
    """Batches of several datasets of synthetic pairs by turns: batch ``k`` comes from dataset ``k mod n``.

    So that one network learns from chessboards and tissue, say, alike. Elements are ``((fixed, moving), flow_field)``,
    or those of pairs with lesions.

    Parameters
    ----------
    parts : sequence of SyntheticPairs
        At least two, with the same size, count and batch size. Of each, every n-th batch is drawn.
    frozen_last_batch : bool
        Whether every training epoch ends with `frozen_batch`, see `PairBatches`.

    Attributes
    ----------
    files : tuple of Path or None
        Image files of all parts that read any; None where none does.

    Raises
    ------
    TypeError
        If a part is not a dataset of synthetic pairs.
    ValueError
        If there are fewer than two parts, they differ in size, count or batch size, one gives labels, or some have
        lesions and others none.

    Examples
    --------
    >>> from dirv_tf.datasets import ChessboardPairs
    >>> small, large = (ChessboardPairs((32, 32), 40, 10, cell_range=cells) for cells in ((3, 7), (6, 10)))
    >>> MixedPairs([small, large]).steps_per_epoch
    4
    """

    def __init__(self, parts: Sequence[SyntheticPairs], frozen_last_batch: bool = True):
        parts = tuple(parts)
        if len(parts) < 2:
            raise ValueError(f"`parts` must be at least two datasets. Received: {len(parts)}")
        for part in parts:
            if not isinstance(part, SyntheticPairs):
                raise TypeError(f"`parts` must be datasets of synthetic pairs. Received: {type(part).__name__}")
            if "labels" in part.annotations:
                raise ValueError("`parts` must be datasets without labels. Received: parts with label_maps=True")
        alike = {(part.size, part.count, part.batch_size) for part in parts}
        if len(alike) > 1:
            raise ValueError(
                "`parts` must have the same size, count and batch size. "
                f"Received: (size, count, batch_size)={sorted(alike)}"
            )
        if len({part.annotations for part in parts}) > 1:
            raise ValueError(
                "`parts` must be datasets all of which have lesions, or none. Received: lesions in "
                f"{sum(part.lesions is not None for part in parts)} of {len(parts)}"
            )
        first = parts[0]
        super().__init__(
            first.size, first.count, first.batch_size, seed=first.seed, frozen_last_batch=frozen_last_batch
        )
        self.parts, self.annotations = parts, first.annotations
        self.files = tuple(file for part in parts for file in getattr(part, "files", ())) or None

    def first(self, count: int) -> MixedPairs:
        smaller = cast("MixedPairs", super().first(count))
        smaller.parts = tuple(cast("SyntheticPairs", part.first(count)) for part in self.parts)
        return smaller

    @contextlib.contextmanager
    def _only_share(self, share):
        with contextlib.ExitStack() as stack:
            for part in self.parts:
                stack.enter_context(part._only_share(share))
            yield

    @tf.autograph.experimental.do_not_convert
    def _batch(self, batch_index, epoch):
        turn = tf.cast(batch_index % len(self.parts), tf.int32)
        return tf.switch_case(turn, [lambda part=part: part._batch(batch_index, epoch) for part in self.parts])
