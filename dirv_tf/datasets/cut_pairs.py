"""Pairs of patches, cut of images before these are warped or after."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from dirv_tf.datasets.random_patch import PLACE, random_patch
from dirv_tf.datasets.synthetic_pairs import SyntheticPairs
from dirv_tf.validation import boolean, image_size, integer, number


class CutPairs(SyntheticPairs):
    """Base of the datasets whose images may be cut into patches. Subclasses provide images by `_whole_images`.

    Every image gives `patches_per_image` patches in a row, at random places that are new in every epoch: pair ``k``
    shows a part of image ``k // patches_per_image``.

    Parameters
    ----------
    size : sequence of int
        Image sides in pixels.
    patch_size : None or sequence of int
        Sides of the patches in pixels, as many as `size` has; None for whole images.
    patches_per_image : int
        Patches that are cut from an image before the next takes its turn.
    least_contrast : float
        Patches whose standard deviation is smaller are drawn again, up to `random_patch.TRIES` times: then the image
        has no better ones, and the last is taken.
    deform_first : bool
        Whether whole images are warped and the same patches cut of both and of the field then, instead of warping
        patches (thesis Section 9): what a field brings in from outside a patch is then seen, not the patch's own
        border. The patches of an image in a batch share its field.
    arguments
        See `SyntheticPairs`; of patches `count` and `batch_size` count each one.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """

    def __init__(
        self,
        size: Sequence[int],
        patch_size: Sequence[int] | None,
        patches_per_image: int,
        least_contrast: float,
        deform_first: bool,
        **arguments: Any,
    ):
        self.image_size = image_size()("size", size)
        self.patches_per_image = integer(1)("patches_per_image", patches_per_image)
        self.least_contrast = number(0)("least_contrast", least_contrast)
        self.deform_first = boolean()("deform_first", deform_first)
        if deform_first and patch_size is None:
            raise ValueError("`deform_first` needs a `patch_size`. Received: patch_size=None")
        self._whole = patch_size is None
        size = self.image_size if patch_size is None else image_size(4)("patch_size", patch_size)
        super().__init__(size, **arguments)
        if len(size) != len(self.image_size) or any(np.greater(size, self.image_size)):
            raise ValueError(
                f"`patch_size` must fit into the image of size {self.image_size}. Received: patch_size={patch_size!r}"
            )

    @abc.abstractmethod
    def _whole_images(self, numbers, epoch):
        """Return the images (N, m_1, ..., m_r, 1) with the numbers `numbers`, int64 (N,)."""

    def _finished(self, patches):
        """Return patches as they are trained on, arrays: of an image, or of two images and the field between them."""
        return patches

    def _images(self, indices, epoch):
        if self._whole:
            return self._whole_images(indices, epoch)
        numbers, places = self._numbers(indices)
        return self._cut([self._whole_images(numbers, epoch)], places, indices, epoch)[0]

    @tf.autograph.experimental.do_not_convert
    def _batch(self, batch_index, epoch):
        if not self.deform_first:
            return super()._batch(batch_index, epoch)
        indices = self._indices(batch_index)
        numbers, places = self._numbers(indices)
        first, end = self._limits(batch_index)
        first_image, last_image = (limit // self.patches_per_image for limit in (first, end - 1))
        images, count = self._whole_images(numbers, epoch), last_image + 1 - first_image
        fixed, moving, field = self._deformed(images, numbers, batch_index, epoch, first_image, count)
        # The image that was there before decides about contrast, so that the places do not depend on this setting.
        first, second = (moving, fixed) if self.swap else (fixed, moving)
        first, second, field = self._cut([first, second, field], places, indices, epoch)
        fixed, moving = (second, first) if self.swap else (first, second)
        return self._element(fixed, moving, field, indices, epoch)

    def _numbers(self, indices):
        """Return the numbers of the images in a batch, each once, and where in them that of each patch is."""
        numbers = indices // self.patches_per_image
        return tf.range(numbers[0], numbers[-1] + 1), numbers - numbers[0]

    def _cut(self, images, places, indices, epoch):
        """Cut patches at the same places of tensors (N, m_1, ..., m_r, channels); the first decides about contrast."""

        def cut(places, indices, epoch, *images):
            patches = []
            for place, index in zip(places, indices):
                generator = np.random.default_rng([self.seed, PLACE, int(epoch), int(index)])
                own = [image[place] for image in images]
                patches.append(self._finished(random_patch(own, self.size, generator, [self.least_contrast])[0]))
            return [np.stack(each) for each in zip(*patches)]

        patches = tf.numpy_function(cut, [places, indices, epoch, *images], [tf.float32] * len(images))
        # Run eagerly, a single result comes without its list.
        return [
            tf.ensure_shape(each, [None, *self.size, image.shape[-1]])
            for each, image in zip(tf.nest.flatten(patches), images)
        ]
