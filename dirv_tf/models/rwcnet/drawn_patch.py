"""The patches of a batch of pairs that a training step looks at."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.models.rwcnet.level_rules import PARTS


class DrawnPatch:
    """One patch of every image of a batch, drawn by a seed.

    Parameters
    ----------
    batch : int or tf.Tensor
        Number of images.
    rank : {2, 3}
    seed : tf.Tensor, shape (2,)
    """

    def __init__(self, batch: int | tf.Tensor, rank: int, seed: tf.Tensor):
        self.count = PARTS**rank
        self.numbers = tf.random.stateless_uniform([batch], seed, maxval=self.count, dtype=tf.int32)

    def of(self, values: tf.Tensor) -> tf.Tensor:
        """Cut the patches out of whole images."""
        patches = geometry.split_patches(values, PARTS)
        together = tf.reshape(patches, [-1, self.count, *_sides(patches)])
        return tf.gather(together, self.numbers, axis=1, batch_dims=1)

    def placed(self, patch: tf.Tensor) -> tf.Tensor:
        """Return whole images with zeros outside of the patches."""
        which = tf.one_hot(self.numbers, self.count, dtype=patch.dtype)
        together = tf.reshape(which, [-1, self.count, *[1] * (patch.shape.rank - 1)]) * patch[:, None]
        return geometry.join_patches(tf.reshape(together, [-1, *_sides(patch)]), PARTS)


def _sides(values):
    found = tf.shape(values)
    return [found[axis] if side is None else side for axis, side in enumerate(values.shape)][1:]
