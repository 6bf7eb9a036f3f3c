"""Image pairs made by warping one image with a random flow field."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import geometry, synthesis
from dirv_tf.datasets import argument_checks as checks

# Fields of this epoch number belong to the evaluation and to the frozen batch; training epoch `e` draws `e + 1`.
_FROZEN_EPOCH = 0


class SyntheticPairs:
    """Base of the datasets whose pairs are an image and the same image warped by a random field.

    Subclasses provide the images by `_images`. Element ``k`` of a batch is a function of the seed, the epoch and the
    image's number alone; only the non-rigid part of a field belongs to its batch. Image ``i`` is the same in every
    epoch, the fields are new in every epoch.

    Parameters
    ----------
    size : tuple of int
        Image sides in pixels.
    count : int
        Number of images, at least 1.
    batch_size : int
        Pairs per batch, at least 1. The last batch of an epoch is smaller if `count` is not a multiple.
    transform : {"both", "affine", "nonrigid"}
        Kind of the random fields, see `synthesis.random_fields`.
    max_displacement : float
        Upper limit of the non-rigid displacement components, pixels, at least 0.1.
    seed : int
        Of all random numbers; 0 to 2^64 - 1. The thesis trains with 42 and tests with 77.
    desensitise : bool
        Whether to apply the noise desensitisation of thesis Section 5.7.
    swap : bool
        Whether the generated image is the fixed one and the original the moving one, so that the random field is
        exactly the field to predict (thesis Section 5.5). Otherwise the original is fixed, the generated image
        moving, and the field to predict is the numerical inverse: an ablation.
    frozen_last_batch : bool
        Whether the last batch of every training epoch is `frozen_batch`, so that pictures of it can be compared
        between epochs and runs (thesis Section 6.3).

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """

    def __init__(
        self, size, count, batch_size, transform, max_displacement, seed, desensitise, swap, frozen_last_batch
    ):
        self.size = checks.check_size("size", size, 4)
        self.count = checks.check_integer("count", count, 1)
        self.batch_size = checks.check_integer("batch_size", batch_size, 1)
        self.transform = checks.check_choice("transform", transform, synthesis.FIELD_KINDS)
        self.max_displacement = checks.check_number("max_displacement", max_displacement, 0.1)
        self.seed = checks.check_integer("seed", seed, 0, 2**64 - 1)
        self.desensitise = checks.check_boolean("desensitise", desensitise)
        self.swap = checks.check_boolean("swap", swap)
        self.frozen_last_batch = checks.check_boolean("frozen_last_batch", frozen_last_batch)

    @property
    def steps_per_epoch(self):
        """Number of batches of one pass over all images."""
        return -(-self.count // self.batch_size)

    def training(self, epochs, first_epoch=0, parallel_calls=tf.data.AUTOTUNE):
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
            ``epochs * steps_per_epoch`` elements ``((fixed, moving), flow_field)``.
        """
        epochs = checks.check_integer("epochs", epochs, 1)
        first_epoch = checks.check_integer("first_epoch", first_epoch, 0)
        steps = self.steps_per_epoch

        def element(step):
            epoch, batch_index = step // steps + 1, step % steps
            if self.frozen_last_batch:
                epoch = tf.where(batch_index == steps - 1, tf.constant(_FROZEN_EPOCH, tf.int64), epoch)
            return self._batch(batch_index, epoch)

        batches = tf.data.Dataset.range(first_epoch * steps, (first_epoch + epochs) * steps)
        return _pipeline(batches, element, parallel_calls)

    def evaluation(self, parallel_calls=tf.data.AUTOTUNE):
        """Return the batches of one pass over all images, with fields that no training epoch uses.

        Parameters
        ----------
        parallel_calls : int
            Batches made at the same time.

        Returns
        -------
        tf.data.Dataset
            ``steps_per_epoch`` elements ``((fixed, moving), flow_field)``, the same in every iteration. The last
            one is `frozen_batch`.
        """
        batches = tf.data.Dataset.range(self.steps_per_epoch)
        return _pipeline(batches, lambda batch_index: self._batch(batch_index, _FROZEN_EPOCH), parallel_calls)

    def frozen_batch(self):
        """Return the batch ``((fixed, moving), flow_field)`` that ends every training epoch and the evaluation."""
        return self._batch(tf.constant(self.steps_per_epoch - 1, tf.int64), _FROZEN_EPOCH)

    def _images(self, indices):
        """Return the images (B, n_1, ..., n_r, 1) with the numbers `indices`, int64 (B,)."""
        raise NotImplementedError(f"{type(self).__name__} must implement `_images`")

    def _batch(self, batch_index, epoch):
        first = batch_index * self.batch_size
        indices = tf.range(first, tf.minimum(first + self.batch_size, self.count))
        originals = self._images(indices)
        warping = target = synthesis.random_fields(
            self.size, self.seed, indices, batch_index, epoch, self.transform, self.max_displacement
        )
        if self.desensitise:
            warping, target = synthesis.desensitise(warping, self.seed, indices, epoch)
        generated = geometry.warp_image(originals, warping)
        if self.swap:
            fixed, moving = generated, originals
        else:
            fixed, moving, target = originals, generated, geometry.invert(target)
        batch = self.batch_size if self.count % self.batch_size == 0 else None
        fixed, moving = (tf.ensure_shape(image, [batch, *self.size, 1]) for image in (fixed, moving))
        return (fixed, moving), tf.ensure_shape(target, [batch, *self.size, len(self.size)])


def _pipeline(batch_numbers, element, parallel_calls):
    dataset = batch_numbers.map(element, num_parallel_calls=parallel_calls, deterministic=True)
    return dataset.prefetch(tf.data.AUTOTUNE)
