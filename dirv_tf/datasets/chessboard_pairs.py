"""Pairs of gradient chessboards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from dirv_tf import synthesis
from dirv_tf.datasets.random_patch import LEAST_CONTRAST, PLACE, random_patch
from dirv_tf.datasets.synthetic_pairs import SyntheticPairs
from dirv_tf.validation import boolean, image_size, increasing_pair, integer, number


class ChessboardPairs(SyntheticPairs):
    """Pairs of a gradient chessboard and its warped copy, 2D or 3D (thesis Sections 5.5 and 6.2).

    With a `patch_size` the pairs are patches: every chessboard gives `patches_per_image` of them in a row, cut at
    random places that are new in every epoch, before they are warped (thesis Sections 5.6 and 6.2). Pair ``k`` shows
    a part of chessboard ``k // patches_per_image``.

    Parameters
    ----------
    size : sequence of int
        Chessboard sides in pixels, 2 or 3 of them.
    cell_range : sequence of int
        Cell sides in pixels are the integers ``cell_range[0]`` to ``cell_range[1] - 1``, one per image; no cell may
        be larger than the image.
    count, batch_size, transform, max_displacement, seed, desensitize, swap, frozen_last_batch
        See `SyntheticPairs`; of patches `count` and `batch_size` count each one.
    change_appearance, appearance, lesions, affine_range, coarse_points
        See `SyntheticPairs`.
    patch_size : None or sequence of int
        Sides of the patches in pixels, as many as `size` has; None for whole chessboards.
    patches_per_image : int
        Patches that are cut from a chessboard before the next takes its turn.
    least_contrast : float
        Patches whose standard deviation is smaller are drawn again, up to `random_patch.TRIES` times: then the
        chessboard has no better ones, and the last is taken.
    deform_first : bool
        Whether whole chessboards are warped and the same patches cut of both images and of the field then, instead of
        warping patches (thesis Section 9): what a field brings in from outside a patch is then seen, not the patch's
        own border. The patches of a chessboard in a batch share its field.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> pairs = ChessboardPairs(size=(64, 64), count=200, batch_size=50)
    >>> pairs.steps_per_epoch
    4
    >>> (fixed, moving), flow_field = pairs.frozen_batch()
    >>> flow_field.shape
    TensorShape([50, 64, 64, 2])
    """

    def __init__(
        self,
        size: Sequence[int] = (64, 64),
        count: int = 10000,
        batch_size: int = 100,
        cell_range: Sequence[int] = (6, 10),
        transform: str = "both",
        max_displacement: float = 6.0,
        seed: int = 42,
        desensitize: bool = True,
        swap: bool = True,
        frozen_last_batch: bool = True,
        patch_size: Sequence[int] | None = None,
        patches_per_image: int = 20,
        least_contrast: float = LEAST_CONTRAST,
        deform_first: bool = False,
        change_appearance: bool = False,
        appearance: Mapping[str, Any] | None = None,
        lesions: Mapping[str, Any] | None = None,
        affine_range: str = "small",
        coarse_points: Sequence[int] = synthesis.COARSE_POINTS,
    ):
        self.image_size = image_size(4)("size", size)
        self.patches_per_image = integer(1)("patches_per_image", patches_per_image)
        self.least_contrast = number(0)("least_contrast", least_contrast)
        self.deform_first = boolean()("deform_first", deform_first)
        self._whole = patch_size is None
        size = self.image_size if self._whole else image_size(4)("patch_size", patch_size)
        super().__init__(
            size,
            count,
            batch_size,
            transform=transform,
            max_displacement=max_displacement,
            seed=seed,
            desensitize=desensitize,
            swap=swap,
            frozen_last_batch=frozen_last_batch,
            change_appearance=change_appearance,
            appearance=appearance,
            lesions=lesions,
            affine_range=affine_range,
            coarse_points=coarse_points,
        )
        if len(size) != len(self.image_size) or any(np.greater(size, self.image_size)):
            raise ValueError(
                f"`patch_size` must fit into the image of size {self.image_size}. Received: patch_size={patch_size!r}"
            )
        self.cell_range = increasing_pair(integer(1))("cell_range", cell_range)
        if self.cell_range[1] - 1 > min(self.image_size):
            raise ValueError(
                f"`cell_range` must not allow cells larger than the image of size {self.image_size}. "
                f"Received: cell_range={cell_range!r}"
            )

    def _images(self, indices, epoch):
        if self._whole:
            return self._chessboards(indices)
        numbers, places = self._numbers(indices)
        return self._cut([self._chessboards(numbers)], places, indices, epoch)[0]

    @tf.autograph.experimental.do_not_convert
    def _batch(self, batch_index, epoch):
        if self._whole or not self.deform_first:
            return super()._batch(batch_index, epoch)
        indices = self._indices(batch_index)
        numbers, places = self._numbers(indices)
        first, end = self._limits(batch_index)
        first_board, last_board = (limit // self.patches_per_image for limit in (first, end - 1))
        boards, count = self._chessboards(numbers), last_board + 1 - first_board
        fixed, moving, field = self._deformed(boards, numbers, batch_index, epoch, first_board, count)
        # The image that was there before decides about contrast, so that the places do not depend on this setting.
        first, second = (moving, fixed) if self.swap else (fixed, moving)
        first, second, field = self._cut([first, second, field], places, indices, epoch)
        fixed, moving = (second, first) if self.swap else (first, second)
        return self._element(fixed, moving, field, indices, epoch)

    def _chessboards(self, numbers):
        return synthesis.chessboard_images(self.image_size, self.seed, numbers, self.cell_range)

    def _numbers(self, indices):
        """Return the numbers of the chessboards in a batch, each once, and where in them that of each patch is."""
        numbers = indices // self.patches_per_image
        return tf.range(numbers[0], numbers[-1] + 1), numbers - numbers[0]

    def _cut(self, images, places, indices, epoch):
        """Cut patches at the same places of tensors (N, m_1, ..., m_r, channels); the first decides about contrast."""

        def cut(places, indices, epoch, *images):
            patches = []
            for place, index in zip(places, indices):
                generator = np.random.default_rng([self.seed, PLACE, int(epoch), int(index)])
                own = [image[place] for image in images]
                patches.append(random_patch(own, self.size, generator, [self.least_contrast])[0])
            return [np.stack(each) for each in zip(*patches)]

        patches = tf.numpy_function(cut, [places, indices, epoch, *images], [tf.float32] * len(images))
        # Run eagerly, a single result comes without its list.
        return [
            tf.ensure_shape(each, [None, *self.size, image.shape[-1]])
            for each, image in zip(tf.nest.flatten(patches), images)
        ]
