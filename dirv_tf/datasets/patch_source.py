"""Random patches of images in files."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from dirv_tf.datasets.image_groups import ImageGroups
from dirv_tf.datasets.intensities import NORMALIZATIONS, normalize_images
from dirv_tf.datasets.random_patch import PLACE, TRIES, random_patch
from dirv_tf.validation import integer, number, one_of, random_seed

# What a random number is for, beside `random_patch.PLACE` and those of `synthesis.random_keys`.
_ORDER = 10


class PatchSource:
    """Patches at random places, normalized one by one (thesis Sections 5.6 and 6.2).

    Every patch is a function of the seed, the epoch and its number alone. The images take turns in a random order that
    stays the same in every epoch; the places are new in every epoch.

    Parameters
    ----------
    images : ImageGroups
        The images and maps of a group are cut at the same place; maps are not looked at for it.
    size : None or sequence of int
        Sides of the patches in pixels; None for whole images.
    seed : int
        From 0 to 2^64 - 1.
    patches_per_image : int
        Patches drawn from an image before the next takes its turn.
    least_contrast : float
        Patches are rejected whose standard deviation is a smaller share of their image's `robust_range`.
    normalization : {"joint", "each"}
        See `normalize_images`.
    padded : bool
        Whether whole images are taken, and padded with zeros about their middle to `size` after that.

    Raises
    ------
    ValueError
        If an argument is out of its range, or no patch has enough contrast.
    """

    def __init__(
        self,
        images: ImageGroups,
        size: Sequence[int] | None,
        seed: int,
        patches_per_image: int,
        least_contrast: float,
        normalization: str,
        padded: bool = False,
    ):
        self.images = images
        # Groups that keep their sizes have no common shape, and are cut into patches of a given size.
        self.size: tuple[int, ...] = (images.shape or ()) if size is None else tuple(size)
        self.patches_per_image = integer(1)("patches_per_image", patches_per_image)
        self.normalization = one_of(*NORMALIZATIONS)("normalization", normalization)
        self.padded = padded
        # Whole images were chosen by the user.
        self.least_contrast = 0.0 if size is None or padded else number(0)("least_contrast", least_contrast)
        self._seed = random_seed()("seed", seed)
        draws = np.random.default_rng([self._seed, _ORDER]).random(len(images))
        self._order = np.argsort(draws, kind="stable")
        # Images without any patch to use are found before a training starts, not in its midst.
        self._patches(0, 0, images.read)

    def __call__(self, indices: tf.Tensor, epoch: int | tf.Tensor) -> list[tf.Tensor]:
        """Draw patches within a graph.

        Parameters
        ----------
        indices : tf.Tensor, shape (B,), int64
            Numbers of the patches.
        epoch : int or tf.Tensor, shape (), integer
            Number of the epoch.

        Returns
        -------
        list of tf.Tensor, each (B, n_1, ..., n_r, 1)
            One per image of a group, float32 in [0, 1], and one per map, int32.
        """
        images, maps = len(self.images.ranges(0)), len(self.images.files[0]) - len(self.images.ranges(0))
        patches = tf.numpy_function(self.draw, [indices, epoch], [tf.float32] * images + [tf.int32] * maps)
        # Run eagerly, a single result comes without its list.
        return [tf.ensure_shape(each, [None, *self.size, 1]) for each in tf.nest.flatten(patches)]

    def draw(self, indices: np.ndarray, epoch: int) -> list[np.ndarray]:
        """Draw patches, arguments and results of `__call__` as arrays."""
        return self.placed(indices, epoch)[0]

    def placed(self, indices: np.ndarray, epoch: int) -> tuple[list[np.ndarray], list[tuple[int, list]]]:
        """Draw patches as `draw` does, and say of each the number of its group and its first pixel in each image."""
        # Consecutive patches often come from the same image, which may have to be read from its file.
        read = functools.lru_cache(maxsize=1)(self.images.read)
        drawn = [self._patches(int(index), int(epoch), read) for index in indices]
        patches = [np.stack(each)[..., np.newaxis] for each in zip(*(patches for patches, *_ in drawn))]
        return patches, [(group, starts) for _, starts, group in drawn]

    def _patches(self, index, epoch, read):
        """Return the patches of the images and maps of a group, their first pixel in each image, and its number."""
        generator = np.random.default_rng([self._seed, PLACE, epoch, index])
        turn = index // self.patches_per_image
        for later in range(len(self._order)):
            group = self._order[(turn + later) % len(self._order)]
            least = [self.least_contrast * (high - low) for low, high in self.images.ranges(group)]
            if self.padded:
                return *self._whole(read(group), len(least)), group
            (*patches, start), found = random_patch([*read(group), _Coordinates()], self.size, generator, least)
            if found:
                return self._normalized(patches, len(least)), [start] * len(least), group
        raise ValueError(
            f"Expected a patch whose standard deviation is at least {self.least_contrast:g} of its image's range; "
            f"none was found in {TRIES} tries per image. Lower `least_contrast`, or take larger patches. "
            f"Received: least_contrast={self.least_contrast:g}, size={self.size}"
        )

    def _normalized(self, arrays, images):
        maps = [each.astype(np.int32) for each in arrays[images:]]
        return normalize_images(arrays[:images], self.normalization) + maps

    def _whole(self, arrays, images):
        """Return whole images and maps in the middle of arrays of zeros, and where these begin."""
        room = [np.subtract(self.size, each.shape) for each in arrays]
        before = [each // 2 for each in room]
        margins = [list(zip(first, whole - first)) for first, whole in zip(before, room)]
        filled = [np.pad(each, margin) for each, margin in zip(self._normalized(arrays, images), margins)]
        return filled, [-first for first in before[:images]]


class _Coordinates:
    """Stands for an array of the pixels' places: its patch is the place of the first pixel."""

    def __getitem__(self, window):
        return np.array([part.start for part in window])
