"""Pairs whose fields to predict are those that a teacher found."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import cast

import numpy as np
import tensorflow as tf

from dirv_tf.datasets.pair_batches import FROZEN_EPOCH, PairBatches

# From an epoch and the numbers of pairs (B,) to the fields of a teacher (B, n_1, ..., n_r, r), float32.
FieldReader = Callable[[int, np.ndarray], np.ndarray]


class TaughtPairs(PairBatches):
    """Pairs of another dataset with the fields that somebody found for them, in place of known ones.

    Elements are ``((fixed, moving), flow_field)``, or, where something is drawn on the images,
    ``((fixed, moving), targets)`` with ``"flow_field"`` among the targets.

    Parameters
    ----------
    pairs : PairBatches
    read : FieldReader
        Returns the fields of pairs by their numbers; epoch 0 is that of the tests and of the frozen batch, epoch 1 the
        first one of the training. Make the dataset `repeating`, where it has those of some epochs.

    Attributes
    ----------
    files : tuple or None
        Those of `pairs`.

    Examples
    --------
    >>> import numpy as np
    >>> from dirv_tf.datasets import ChessboardPairs, TaughtPairs
    >>> pairs = TaughtPairs(ChessboardPairs((32, 32), 8, 4), lambda epoch, numbers: np.ones((len(numbers), 32, 32, 2)))
    >>> (fixed, moving), flow_field = pairs.frozen_batch()
    >>> flow_field.shape, float(flow_field[0, 0, 0, 0])
    (TensorShape([4, 32, 32, 2]), 1.0)
    """

    def __init__(self, pairs: PairBatches, read: FieldReader):
        super().__init__(pairs.size, pairs.count, pairs.batch_size, pairs.seed, pairs.frozen_last_batch)
        self.pairs, self._read = pairs, read
        self.files = getattr(pairs, "files", None)
        self.annotations, self.label_values = pairs.annotations, pairs.label_values

    def first(self, count: int) -> TaughtPairs:
        smaller = cast("TaughtPairs", super().first(count))
        smaller.pairs = self.pairs.first(count)
        return smaller

    def drawn_batches(self, epochs: int) -> list[tuple[int, int]]:
        """Return which batches a training of some epochs draws, with `frozen_batch`.

        Parameters
        ----------
        epochs : int
            Of the training; 0 for the test.

        Returns
        -------
        list of pair of int
            Epoch, as `read` gets it, and number of the batch.
        """
        last = self.steps_per_epoch - 1
        if not epochs:
            return [(FROZEN_EPOCH, batch) for batch in range(last + 1)]
        batches = range(last + (not self.frozen_last_batch))
        trained = range(1, min(epochs, self._distinct_epochs or epochs) + 1)
        return [(FROZEN_EPOCH, last), *((epoch, batch) for epoch in trained for batch in batches)]

    def untaught_batch(self, epoch: int, batch: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return a batch as the teacher is to see it.

        Parameters
        ----------
        epoch, batch : int
            Of `drawn_batches`.

        Returns
        -------
        numbers : ndarray of int64, shape (B,)
        fixed, moving : ndarray of float32, shape (B, n_1, ..., n_r, 1)
        """
        number = tf.constant(batch, tf.int64)
        (fixed, moving), *_ = self.pairs._traced_batch(None)(number, tf.constant(epoch, tf.int64))
        return self._indices(number).numpy(), fixed.numpy(), moving.numpy()

    @contextlib.contextmanager
    def _only_share(self, share):
        with self.pairs._only_share(share), super()._only_share(share):
            yield

    @tf.autograph.experimental.do_not_convert
    def _batch(self, batch_index, epoch):
        epoch = tf.cast(epoch, tf.int64)
        images, *targets = self.pairs._batch(batch_index, epoch)
        field = tf.numpy_function(self._fields, [epoch, self._indices(batch_index)], tf.float32)
        field = self._with_known_shape(field, len(self.size))
        if targets and isinstance(targets[0], dict):
            return images, {**targets[0], "flow_field": field}
        return images, field

    def _fields(self, epoch, numbers):
        return np.asarray(self._read(int(epoch), numbers), np.float32)
