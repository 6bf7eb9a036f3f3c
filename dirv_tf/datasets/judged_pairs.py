"""Pairs with a field for each of them that is to be judged."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import cast

import tensorflow as tf

from dirv_tf.datasets.pair_batches import PairBatches
from dirv_tf.losses.targets import true_flow_field
from dirv_tf.synthesis import GIVEN_FIELD_KINDS, given_fields, random_keys
from dirv_tf.validation import integer, optional

# Keys of sources are folded with smaller numbers.
_TURNS = 1000
# From fixed and moving images and a key to flow fields; the number of pairs may be any, also none.
FieldSource = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


class JudgedPairs(PairBatches):
    """Pairs of another dataset, each with a flow field that some source gives, right or wrong.

    Elements are ``((fixed, moving, given), targets)``, for networks whose task is "uncertainty". Pair ``k`` of epoch
    ``e`` has a field of source ``(k + e) mod n``. In training, the pairs of a batch are mirrored, and turned by a right
    angle where the first two sides are equal, by chance, unless something is drawn on them.

    Parameters
    ----------
    pairs : PairBatches
    sources : mapping of str to (FieldSource or None)
        By their name, at least one. None: what `dirv_tf.synthesis.given_fields` draws of that name from the true field;
        "zero" needs none.
    distinct_epochs : int or None
        After so many training epochs the same images and fields come again, mirrored and turned anew; None: never.

    Attributes
    ----------
    files : tuple or None
        Those of `pairs`.

    Raises
    ------
    ValueError
        If there is no source, or nothing is drawn of that name; when a batch is made, if the true field is needed and
        unknown.

    Examples
    --------
    >>> from dirv_tf.datasets import ChessboardPairs, JudgedPairs
    >>> pairs = JudgedPairs(ChessboardPairs((32, 32), 8, 4), {"zero": None, "perturbed": None})
    >>> (fixed, moving, given), flow_field = pairs.frozen_batch()
    >>> given.shape, bool((given.numpy()[0] == 0).all())
    (TensorShape([4, 32, 32, 2]), True)
    """

    def __init__(
        self, pairs: PairBatches, sources: Mapping[str, FieldSource | None], distinct_epochs: int | None = None
    ):
        unknown = [name for name, source in sources.items() if source is None and name not in GIVEN_FIELD_KINDS]
        if not sources or unknown:
            raise ValueError(
                f"`sources` must be at least one, and those without a function among {', '.join(GIVEN_FIELD_KINDS)}. "
                f"Received: {', '.join(unknown) or 'none'}"
            )
        super().__init__(pairs.size, pairs.count, pairs.batch_size, pairs.seed, pairs.frozen_last_batch)
        self.pairs, self.sources = pairs, dict(sources)
        self.distinct_epochs = optional(integer(1))("distinct_epochs", distinct_epochs)
        self.files = getattr(pairs, "files", None)
        self.annotations, self.label_values = pairs.annotations, pairs.label_values

    def first(self, count: int) -> JudgedPairs:
        smaller = cast("JudgedPairs", super().first(count))
        smaller.pairs = self.pairs.first(count)
        return smaller

    @contextlib.contextmanager
    def _only_share(self, share):
        with self.pairs._only_share(share), super()._only_share(share):
            yield

    @tf.autograph.experimental.do_not_convert
    def _batch(self, batch_index, epoch):
        epoch = tf.cast(epoch, tf.int64)
        key = self._key(batch_index, epoch)
        drawn_epoch = epoch
        if self.distinct_epochs is not None:
            # Epoch 0 is that of the tests and of the frozen batch.
            drawn_epoch = tf.where(epoch == 0, epoch, 1 + (epoch - 1) % self.distinct_epochs)
        (fixed, moving), *targets = self.pairs._batch(batch_index, drawn_epoch)
        true = true_flow_field(targets[0]) if targets else None
        turns = (self._indices(batch_index) + drawn_epoch) % len(self.sources)
        given = self._given(fixed, moving, true, turns, self._key(batch_index, drawn_epoch))
        # What is drawn on the images, a dictionary, would not be turned with them.
        if not targets or true is targets[0]:
            draws = tf.where(epoch == 0, 0.0, random_keys.uniform(random_keys.fold(key, _TURNS)[None], 4)[0])
            fixed, moving = (_turned(image, draws, is_field=False) for image in (fixed, moving))
            given, *targets = (_turned(field, draws, is_field=True) for field in (given, *targets))
            targets = [self._with_known_shape(field, len(self.size)) for field in targets]
        given = self._with_known_shape(given, len(self.size))
        return (*(self._with_known_shape(image, 1) for image in (fixed, moving)), given), *targets

    def _key(self, batch_index, epoch):
        return random_keys.fold(random_keys.stream_key(self.seed, random_keys.GIVEN_FIELDS, epoch), batch_index)

    def _given(self, fixed, moving, true, turns, key):
        """Return the field of every pair, of the source whose turn it is."""
        rows, fields = [], []
        for number, (name, source) in enumerate(self.sources.items()):
            own = tf.cast(tf.where(turns == number)[:, 0], tf.int32)
            own_key = random_keys.fold(key, number)
            if source is None:
                given = self._drawn(name, true, fixed, own, own_key)
            else:
                # Not every network takes no pair at all: the first one goes along.
                more = tf.concat([own, [0]], axis=0)
                given = source(tf.gather(fixed, more), tf.gather(moving, more), own_key)[:-1]
            rows.append(own)
            fields.append(given)
        return tf.dynamic_stitch(rows, fields)

    def _drawn(self, name, true, fixed, rows, key):
        if true is None and name != "zero":
            raise ValueError(f"The field {name!r} to judge needs the true one. Received: pairs without it")
        if true is None:
            true = tf.zeros([*tf.unstack(tf.shape(fixed)[:-1]), len(self.size)])
        return given_fields(tf.gather(true, rows), name, key)


def _turned(values, draws, is_field):
    """Mirror images or fields along some axes, and exchange the first two; by numbers of [0, 1), 0 for none of it."""
    rank = values.shape.rank - 2
    for axis in range(rank):
        mirrored = tf.reverse(values, [axis + 1])
        if is_field:
            # The component along the axis changes its sign.
            mirrored *= tf.constant([-1.0 if component == axis else 1.0 for component in range(rank)])
        values = tf.where(draws[axis] >= 0.5, mirrored, values)
    if values.shape[1] != values.shape[2]:
        return values
    exchanged = tf.transpose(values, [0, 2, 1, *range(3, rank + 2)])
    if is_field:
        exchanged = tf.gather(exchanged, [1, 0, *range(2, rank)], axis=-1)
    return tf.where(draws[-1] >= 0.5, exchanged, values)
