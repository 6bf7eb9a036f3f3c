"""Synthetic pairs from the images in a folder."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from dirv_tf.datasets.cut_pairs import CutPairs
from dirv_tf.datasets.folder_files import image_files, split_files
from dirv_tf.datasets.image_groups import ImageGroups
from dirv_tf.datasets.intensities import normalize_images
from dirv_tf.datasets.patch_source import PatchSource
from dirv_tf.datasets.random_patch import LEAST_CONTRAST
from dirv_tf.synthesis import COARSE_POINTS


class FolderPairs(CutPairs):
    """Pairs of an image patch and its warped copy, from image files, 2D or 3D; made by `from_folder`.

    Attributes
    ----------
    files : tuple of Path
        The images that patches are drawn from.
    """

    def __init__(
        self,
        patches: PatchSource,
        count: int,
        patch_size: Sequence[int] | None = None,
        patches_per_image: int = 1,
        least_contrast: float = LEAST_CONTRAST,
        **arguments: Any,
    ):
        # The patches of the source are the whole images here, of which parts may be cut once they are deformed.
        cut = patch_size is not None
        super().__init__(patches.size, patch_size, patches_per_image, least_contrast, cut, count=count, **arguments)
        self.files = tuple(path for (path,) in patches.images.files)
        self._patches = patches

    def _whole_images(self, numbers, epoch):
        return self._patches(numbers, epoch)[0]

    def _finished(self, patches):
        *pair, field = patches
        try:
            return [*normalize_images(pair, self._patches.normalization), field]
        except ValueError:
            # A part of one intensity, which is taken where an image has no better ones.
            return patches


def from_folder(
    folder: str | os.PathLike,
    size: Sequence[int] | None = None,
    count: int | None = None,
    batch_size: int = 100,
    part: str | None = None,
    test_share: float = 0.2,
    split_seed: int = 0,
    patches_per_image: int = 4,
    least_contrast: float = LEAST_CONTRAST,
    normalization: str = "joint",
    on_error: str = "raise",
    memory_gib: float = 4.0,
    transform: str = "both",
    max_displacement: float = 6.0,
    seed: int = 42,
    desensitize: bool = True,
    swap: bool = True,
    frozen_last_batch: bool = True,
    change_appearance: bool = False,
    appearance: Mapping[str, Any] | None = None,
    lesions: Mapping[str, Any] | None = None,
    affine_range: str = "small",
    coarse_points: Sequence[int] = COARSE_POINTS,
    patch_size: Sequence[int] | None = None,
    deform_first: bool = False,
) -> FolderPairs:
    """Make pairs with known fields of the images in a folder: random patches and their warped copies.

    Patches are drawn anew in every epoch, by seed, epoch and number alone. Patches with little contrast are rejected,
    the others stretched to [0, 1] one by one, as in thesis Section 6.2.

    Parameters
    ----------
    folder : str or path
        Its images and those in the folders below: every format of `dirv_tf.io.load_image`, of any number type. Color
        is turned into gray.
    size : None or sequence of int
        Sides of the patches in pixels, 2 or 3 of them. None takes whole images, which then must have one shape.
    count : None or int
        Pairs per epoch; None for `patches_per_image` times the number of images.
    batch_size : int
        Pairs per batch.
    part : {None, "train", "test"}
        None takes all files, "train" and "test" one part of them: a file never gives patches to both.
    test_share : float
        Share of the files that belong to the test.
    split_seed : int
        Of the split, which depends on nothing else but the names of the files.
    patches_per_image : int
        Patches that are drawn from an image before the next takes its turn; 1 if whole images are taken.
    least_contrast : float
        Least standard deviation of a patch, as a share of its image's range from the 0.5 to the 99.5 percentile. The
        thesis takes 10 of 255. Even patches are rejected always.
    normalization : {"joint", "each"}
        "joint" stretches a patch by its minimum and maximum (as the thesis), "each" by its 0.5 and 99.5 percentiles,
        clipped. Register with the same rule.
    on_error : {"raise", "skip"}
        Whether images that cannot be used are an error or are left out with a warning; both name them.
    memory_gib : float
        Images are kept in the host's memory as float32 up to this limit; the others are read again, whole, for
        every turn.
    transform, max_displacement, seed, desensitize, swap, frozen_last_batch
        See `SyntheticPairs`.
    change_appearance, appearance, lesions, affine_range, coarse_points
        See `SyntheticPairs`.
    patch_size : None or sequence of int
        Sides of the patches in place of `size`; `size` is then that of what is deformed, if `deform_first`.
    deform_first : bool
        Whether random parts of `size` are deformed, and patches of `patch_size` then cut of both images, see
        `CutPairs`, and stretched together. Otherwise patches are cut, stretched and then deformed (the thesis).

    Returns
    -------
    FolderPairs
        With the attribute `files`.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If there are no images, some cannot be used, no patch has enough contrast, or an argument is out of its range.

    Examples
    --------
    >>> pairs = from_folder("data/tissue", size=(64, 64), count=200, batch_size=20, part="train")  # doctest: +SKIP
    >>> model.fit(pairs.training(epochs=5), epochs=5, steps_per_epoch=pairs.steps_per_epoch)  # doctest: +SKIP
    """
    files = image_files(folder)
    if part is not None:
        files = split_files(files, folder, part, test_share, split_seed)
    if deform_first and patch_size is None:
        raise ValueError("`deform_first` needs a `patch_size`. Received: patch_size=None")
    size = size if deform_first or patch_size is None else patch_size
    images = ImageGroups([(path,) for path in files], size, on_error=on_error, memory_gib=memory_gib)
    patches_per_image = 1 if size is None and patch_size is None else patches_per_image
    patches = PatchSource(
        images,
        size,
        seed,
        patches_per_image=1 if deform_first else patches_per_image,
        least_contrast=least_contrast,
        normalization=normalization,
    )
    if count is None:
        count = len(images) * patches_per_image
    return FolderPairs(
        patches,
        count,
        patch_size=patch_size if deform_first else None,
        patches_per_image=patches_per_image,
        least_contrast=least_contrast,
        batch_size=batch_size,
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
