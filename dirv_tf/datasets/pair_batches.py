"""Batches of pairs by number and epoch: what all datasets have in common."""

from __future__ import annotations

import abc
import contextlib
import copy
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import tensorflow as tf

from dirv_tf.validation import boolean, image_size, integer, random_seed

# Draws of this epoch number belong to the evaluation and to the frozen batch; training epoch `e` draws `e + 1`.
FROZEN_EPOCH = 0


class Shares(NamedTuple):
    """Which parts of every batch a worker makes, where several replicas train on one batch.

    Share ``k`` of a batch of B pairs among N replicas are its pairs from ``k B // N`` to ``(k + 1) B // N``.

    Attributes
    ----------
    replicas : int
        Of all workers together: N.
    first, here : int
        The replicas of this worker: `here` of them from `first` on.
    """

    replicas: int
    first: int
    here: int


class PairBatches(abc.ABC):
    """Base of all datasets: a batch is a function of its number and the epoch alone, never of what came before.

    Subclasses make the batches by `_batch`, of the pairs whose numbers `_indices` returns: all of a batch, or the share
    of one replica.

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

    # What is drawn on the images, besides true fields, and which label each channel of the labels is.
    annotations: tuple[str, ...] = ()
    label_values: tuple[int, ...] = ()
    # After so many training epochs the same pairs come again, see `repeating`; None: never.
    _distinct_epochs: int | None = None

    def __init__(
        self, size: Sequence[int], count: int, batch_size: int, seed: int, frozen_last_batch: bool
    ):
        self.size = image_size(4)("size", size)
        self.count = integer(1)("count", count)
        self.batch_size = min(integer(1)("batch_size", batch_size), self.count)
        self.seed = random_seed()("seed", seed)
        self.frozen_last_batch = boolean()("frozen_last_batch", frozen_last_batch)
        # What `_batch` is to make at present, see `_only_share`, and whether it has asked.
        self._share: tuple | None = None
        self._asked_for_share = False
        self._forget_traces()

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches of one pass over all pairs."""
        return -(-self.count // self.batch_size)

    def first(self, count: int) -> PairBatches:
        """Return the dataset of the first `count` pairs, or of all if there are fewer; it shares the images."""
        smaller = copy.copy(self)
        smaller.count = min(integer(1)("count", count), self.count)
        smaller.batch_size = min(self.batch_size, smaller.count)
        smaller._forget_traces()
        return smaller

    def repeating(self, distinct_epochs: int) -> PairBatches:
        """Return the dataset whose training epochs are the first ones, again and again; it shares the images.

        Parameters
        ----------
        distinct_epochs : int
            How many there are.
        """
        repeating = copy.copy(self)
        repeating._distinct_epochs = integer(1)("distinct_epochs", distinct_epochs)
        repeating._forget_traces()
        return repeating

    def training(
        self,
        epochs: int,
        first_epoch: int = 0,
        parallel_calls: int = tf.data.AUTOTUNE,
        shares: Shares | None = None,
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
        shares : Shares, optional
            Makes these parts of every batch, each an element of its own; default: whole batches.

        Returns
        -------
        tf.data.Dataset
            ``epochs * steps_per_epoch`` elements, or ``shares.here`` times as many: those of one batch behind each
            other.
        """
        epochs = integer(1)("epochs", epochs)
        first_epoch = integer(0)("first_epoch", first_epoch)
        steps = self.steps_per_epoch

        def numbers(step):
            epoch, batch_index = step // steps, step % steps
            epoch = 1 + (epoch if self._distinct_epochs is None else epoch % self._distinct_epochs)
            if self.frozen_last_batch:
                epoch = tf.where(batch_index == steps - 1, tf.constant(FROZEN_EPOCH, tf.int64), epoch)
            return batch_index, epoch

        wanted = range(first_epoch * steps, (first_epoch + epochs) * steps)
        return self._pipeline(wanted, numbers, parallel_calls, shares)

    def evaluation(self, parallel_calls: int = tf.data.AUTOTUNE, shares: Shares | None = None) -> tf.data.Dataset:
        """Return the batches of one pass over all pairs, with random draws that no training epoch uses.

        Parameters
        ----------
        parallel_calls : int
            Batches made at the same time.
        shares : Shares, optional
            See `training`.

        Returns
        -------
        tf.data.Dataset
            ``steps_per_epoch`` elements, the same in every iteration. The last one is `frozen_batch`. With `shares`,
            ``shares.here`` times as many.
        """

        def numbers(batch_index):
            return batch_index, tf.constant(FROZEN_EPOCH, tf.int64)

        return self._pipeline(range(self.steps_per_epoch), numbers, parallel_calls, shares)

    def frozen_batch(self) -> tuple:
        """Return the batch, one element, that ends the evaluation, and training epochs with `frozen_last_batch`."""
        return self._batch(tf.constant(self.steps_per_epoch - 1, tf.int64), FROZEN_EPOCH)

    @abc.abstractmethod
    def _batch(self, batch_index, epoch):
        """Return the element with the number `batch_index`, int64 (), of the epoch `epoch`."""

    def _pipeline(self, steps, numbers, parallel_calls, shares):
        """Return the elements of some steps, of which `numbers` tells batch and epoch."""
        count = 1 if shares is None else shares.here

        @tf.autograph.experimental.do_not_convert
        def element(number):
            if shares is None:
                return self._traced_batch(None)(*numbers(number))
            return self._traced_batch(shares.replicas)(*numbers(number // count), shares.first + number % count)

        elements = tf.data.Dataset.range(steps.start * count, steps.stop * count)
        elements = elements.map(element, num_parallel_calls=parallel_calls, deterministic=True)
        return elements.prefetch(tf.data.AUTOTUNE)

    def _forget_traces(self):
        # By the number of replicas, None for whole batches.
        self._traced: dict[int | None, Callable] = {}

    def _traced_batch(self, replicas):
        """Return `_batch`, traced once for all pipelines of this dataset: a run makes several, a second each."""
        if replicas not in self._traced:

            def batch(batch_index, epoch, share=None):
                with self._only_share(None if replicas is None else (share, replicas)):
                    return self._batch(batch_index, epoch)

            signature = [tf.TensorSpec((), tf.int64)] * (2 if replicas is None else 3)
            self._traced[replicas] = tf.function(batch, input_signature=signature, autograph=False)
        return self._traced[replicas]

    @contextlib.contextmanager
    def _only_share(self, share: tuple | None) -> Iterator[None]:
        """Let `_batch` make a part of its pairs, (number of the share, number of shares), within the block."""
        self._share, self._asked_for_share = share, False
        try:
            yield
            # Several replicas would each train on the whole batch.
            if share is not None and not self._asked_for_share:
                raise TypeError(
                    "`_batch` must take the numbers of its pairs from `_indices`, so that several replicas can share a "
                    f"batch. Received: a {type(self).__name__} that does not"
                )
        finally:
            self._share = None

    def _limits(self, batch_index):
        """Return the number of a batch's first pair, and of the first one behind it, int64 ()."""
        first = batch_index * self.batch_size
        return first, tf.minimum(first + self.batch_size, self.count)

    def _indices(self, batch_index):
        """Return the numbers of the pairs to make of a batch, int64 (B,): all, or those of the share."""
        self._asked_for_share = True
        first, end = self._limits(batch_index)
        if self._share is None:
            return tf.range(first, end)
        share, shares = self._share
        pairs = end - first
        return tf.range(first + share * pairs // shares, first + (share + 1) * pairs // shares)

    def _with_known_shape(self, tensor, channels):
        """Return a batch of images or fields with its shape set, its length too if all batches are of one length."""
        shares = 1 if self._share is None else self._share[1]
        is_known = self.count % self.batch_size == 0 and self.batch_size % shares == 0
        return tf.ensure_shape(tensor, [self.batch_size // shares if is_known else None, *self.size, channels])
