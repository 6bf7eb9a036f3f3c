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
        The images of a group are cut at the same place.
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
    ):
        self.images = images
        # Groups that keep their sizes have no common shape, and are cut into patches of a given size.
        self.size: tuple[int, ...] = (images.shape or ()) if size is None else tuple(size)
        self.patches_per_image = integer(1)("patches_per_image", patches_per_image)
        self.normalization = one_of(*NORMALIZATIONS)("normalization", normalization)
        # Whole images were chosen by the user.
        self.least_contrast = 0.0 if size is None else number(0)("least_contrast", least_contrast)
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
        list of tf.Tensor, each (B, n_1, ..., n_r, 1), float32 in [0, 1]
            One per image of a group.
        """
        images_per_group = len(self.images.files[0])
        patches = tf.numpy_function(self.draw, [indices, epoch], [tf.float32] * images_per_group)
        # Run eagerly, a single result comes without its list.
        return [tf.ensure_shape(each, [None, *self.size, 1]) for each in tf.nest.flatten(patches)]

    def draw(self, indices: np.ndarray, epoch: int) -> list[np.ndarray]:
        """Draw patches, arguments and results of `__call__` as arrays."""
        # Consecutive patches often come from the same image, which may have to be read from its file.
        read = functools.lru_cache(maxsize=1)(self.images.read)
        patches = [self._patches(int(index), int(epoch), read) for index in indices]
        return [np.stack(each)[..., np.newaxis] for each in zip(*patches)]

    def _patches(self, index, epoch, read):
        generator = np.random.default_rng([self._seed, PLACE, epoch, index])
        turn = index // self.patches_per_image
        for later in range(len(self._order)):
            group = self._order[(turn + later) % len(self._order)]
            least = [self.least_contrast * (high - low) for low, high in self.images.ranges(group)]
            patches, found = random_patch(read(group), self.size, generator, least)
            if found:
                return normalize_images(patches, self.normalization)
        raise ValueError(
            f"Expected a patch whose standard deviation is at least {self.least_contrast:g} of its image's range; "
            f"none was found in {TRIES} tries per image. Lower `least_contrast`, or take larger patches. "
            f"Received: least_contrast={self.least_contrast:g}, size={self.size}"
        )
