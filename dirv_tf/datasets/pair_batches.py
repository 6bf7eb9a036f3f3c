"""Batches of pairs by number and epoch: what all datasets have in common."""

from __future__ import annotations

import abc
import copy
from collections.abc import Callable, Sequence

import tensorflow as tf

from dirv_tf.validation import boolean, image_size, integer, random_seed

# Draws of this epoch number belong to the evaluation and to the frozen batch; training epoch `e` draws `e + 1`.
_FROZEN_EPOCH = 0


class PairBatches(abc.ABC):
    """Base of all datasets: a batch is a function of its number and the epoch alone, never of what came before.

    Subclasses make the batches by `_batch`.

    Parameters
    ----------
    size : tuple of int
        Image sides in pixels.
    count : int
        Pairs per epoch, at least 1.
    batch_size : int
        Pairs per batch, at least 1; lowered to `count` if that is smaller. The last batch of an epoch is smaller if
        `count` is not a multiple.
    seed : int
        Of all random numbers; 0 to 2^64 - 1. The thesis trains with 42 and tests with 77.
    frozen_last_batch : bool
        Whether the last batch of every training epoch is `frozen_batch`, so that pictures of it can be compared
        between epochs and runs (thesis Section 6.3).

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """

    def __init__(
        self, size: Sequence[int], count: int, batch_size: int, seed: int, frozen_last_batch: bool
    ):
        self.size = image_size(4)("size", size)
        self.count = integer(1)("count", count)
        self.batch_size = min(integer(1)("batch_size", batch_size), self.count)
        self.seed = random_seed()("seed", seed)
        self.frozen_last_batch = boolean()("frozen_last_batch", frozen_last_batch)
        self._traced: Callable | None = None

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches of one pass over all pairs."""
        return -(-self.count // self.batch_size)

    def first(self, count: int) -> PairBatches:
        """Return the dataset of the first `count` pairs, or of all if there are fewer; it shares the images."""
        smaller = copy.copy(self)
        smaller.count = min(integer(1)("count", count), self.count)
        smaller.batch_size = min(self.batch_size, smaller.count)
        smaller._traced = None
        return smaller

    def training(
        self, epochs: int, first_epoch: int = 0, parallel_calls: int = tf.data.AUTOTUNE
    ) -> tf.data.Dataset:
        """Return the batches of consecutive training epochs.

        Parameters
        ----------
        epochs : int
            Number of epochs, at least 1.
        first_epoch : int
            Number of the first epoch. ``training(2)`` followed by ``training(3, first_epoch=2)`` is ``training(5)``:
            a resumed run sees the batches that it would have seen.
        parallel_calls : int
            Batches made at the same time. Changes the speed, never the batches or their order.

        Returns
        -------
        tf.data.Dataset
            ``epochs * steps_per_epoch`` elements.
        """
        epochs = integer(1)("epochs", epochs)
        first_epoch = integer(0)("first_epoch", first_epoch)
        steps = self.steps_per_epoch

        @tf.autograph.experimental.do_not_convert
        def element(step):
            epoch, batch_index = step // steps + 1, step % steps
            if self.frozen_last_batch:
                epoch = tf.where(batch_index == steps - 1, tf.constant(_FROZEN_EPOCH, tf.int64), epoch)
            return self._traced_batch(batch_index, epoch)

        batches = tf.data.Dataset.range(first_epoch * steps, (first_epoch + epochs) * steps)
        return _pipeline(batches, element, parallel_calls)

    def evaluation(self, parallel_calls: int = tf.data.AUTOTUNE) -> tf.data.Dataset:
        """Return the batches of one pass over all pairs, with random draws that no training epoch uses.

        Parameters
        ----------
        parallel_calls : int
            Batches made at the same time.

        Returns
        -------
        tf.data.Dataset
            ``steps_per_epoch`` elements, the same in every iteration. The last one is `frozen_batch`.
        """

        @tf.autograph.experimental.do_not_convert
        def element(batch_index):
            return self._traced_batch(batch_index, tf.constant(_FROZEN_EPOCH, tf.int64))

        return _pipeline(tf.data.Dataset.range(self.steps_per_epoch), element, parallel_calls)

    def frozen_batch(self) -> tuple:
        """Return the batch, one element, that ends every training epoch and the evaluation."""
        return self._batch(tf.constant(self.steps_per_epoch - 1, tf.int64), _FROZEN_EPOCH)

    @abc.abstractmethod
    def _batch(self, batch_index, epoch):
        """Return the element with the number `batch_index`, int64 (), of the epoch `epoch`."""

    def _traced_batch(self, batch_index, epoch):
        """Return `_batch`, traced once for all pipelines of this dataset: a run makes several, a second each."""
        if self._traced is None:
            number = tf.TensorSpec((), tf.int64)
            self._traced = tf.function(self._batch, input_signature=(number, number), autograph=False)
        return self._traced(batch_index, epoch)

    def _indices(self, batch_index):
        """Return the numbers of a batch's pairs, int64 (B,)."""
        first = batch_index * self.batch_size
        return tf.range(first, tf.minimum(first + self.batch_size, self.count))

    def _with_known_shape(self, tensor, channels):
        """Return a batch of images or fields with its shape set, its length too if all batches are of one length."""
        batch = self.batch_size if self.count % self.batch_size == 0 else None
        return tf.ensure_shape(tensor, [batch, *self.size, channels])


def _pipeline(batch_numbers, element, parallel_calls):
    dataset = batch_numbers.map(element, num_parallel_calls=parallel_calls, deterministic=True)
    return dataset.prefetch(tf.data.AUTOTUNE)
