"""Real pairs of images without known fields."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf.datasets.image_groups import ImageGroups
from dirv_tf.datasets.pair_batches import PairBatches
from dirv_tf.datasets.pair_table import read_pair_table
from dirv_tf.datasets.patch_source import PatchSource
from dirv_tf.datasets.random_patch import LEAST_CONTRAST


class FilePairs(PairBatches):
    """Pairs of image files, to be trained on without known fields, 2D or 3D; made by `from_pairs`.

    Elements are ``((fixed, moving),)``.

    Attributes
    ----------
    files : tuple of pairs of Path
        The pairs that patches are drawn from.
    """

    def __init__(self, patches: PatchSource, count: int, **arguments: Any):
        super().__init__(patches.size, count, **arguments)
        self.files = patches.images.files
        self._patches = patches

    @tf.autograph.experimental.do_not_convert
    def _batch(self, batch_index, epoch):
        fixed, moving = self._patches(self._indices(batch_index), epoch)
        return ((self._with_known_shape(fixed, 1), self._with_known_shape(moving, 1)),)


def from_pairs(
    pairs: str | os.PathLike | Sequence[tuple[str | os.PathLike, str | os.PathLike]],
    size: Sequence[int] | None = None,
    count: int | None = None,
    batch_size: int = 100,
    patches_per_image: int = 4,
    least_contrast: float = LEAST_CONTRAST,
    normalization: str = "joint",
    on_error: str = "raise",
    memory_gib: float = 4.0,
    seed: int = 42,
    frozen_last_batch: bool = True,
) -> FilePairs:
    """Take real pairs of images, whose fields nobody knows: for training by the intensities alone.

    Both images of a pair must have the same shape and be roughly aligned. Patches are cut at the same place of both,
    drawn anew in every epoch, and rejected where one of the two has little contrast.

    Parameters
    ----------
    pairs : str, path or sequence of pairs of path
        A CSV file with the columns "fixed" and "moving" (paths relative to it), or the paths themselves.
    size : None or sequence of int
        Sides of the patches in pixels, 2 or 3 of them. None takes whole images, which then must have one shape.
    count : None or int
        Pairs per epoch; None for `patches_per_image` times the number of image pairs.
    normalization : {"joint", "each"}
        "joint" stretches both patches by their common minimum and maximum, "each" each one by its own 0.5 and 99.5
        percentiles, clipped: for images of different brightness. Register with the same rule.
    batch_size, patches_per_image, least_contrast, on_error, memory_gib, seed
        See `from_folder`.
    frozen_last_batch : bool
        Whether every training epoch ends with `frozen_batch`, see `PairBatches`.

    Returns
    -------
    FilePairs
        Its elements are ``((fixed, moving),)``: train with `losses.IntensityLoss`.

    Raises
    ------
    FileNotFoundError
        If there is no such CSV file.
    ValueError
        If there are no pairs, some cannot be used, no patch has enough contrast, or an argument is out of its range.

    Examples
    --------
    >>> pairs = from_pairs("my_pairs.csv", size=(64, 64), count=200, batch_size=20)  # doctest: +SKIP
    """
    if isinstance(pairs, (str, os.PathLike)):
        pairs = read_pair_table(pairs)
    pairs = [tuple(pair) if isinstance(pair, (tuple, list)) else (pair,) for pair in pairs]  # type: ignore[misc]
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise ValueError(
            "`pairs` must be the path of a CSV file or a sequence of at least one (fixed, moving) pair of paths. "
            f"Received: pairs={pairs!r}"
        )
    images = ImageGroups(pairs, size, on_error=on_error, memory_gib=memory_gib)
    patches_per_image = 1 if size is None else patches_per_image
    patches = PatchSource(
        images,
        size,
        seed,
        patches_per_image=patches_per_image,
        least_contrast=least_contrast,
        normalization=normalization,
    )
    if count is None:
        count = len(images) * patches.patches_per_image
    return FilePairs(patches, count, batch_size=batch_size, seed=seed, frozen_last_batch=frozen_last_batch)
