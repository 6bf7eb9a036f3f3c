"""Pairs of gradient chessboards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dirv_tf import synthesis
from dirv_tf.datasets.cut_pairs import CutPairs
from dirv_tf.datasets.random_patch import LEAST_CONTRAST
from dirv_tf.validation import image_size, increasing_pair, integer


class ChessboardPairs(CutPairs):
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
    patch_size, patches_per_image, least_contrast, deform_first
        See `CutPairs`.

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
        super().__init__(
            image_size(4)("size", size),
            patch_size,
            patches_per_image,
            least_contrast,
            deform_first,
            count=count,
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
        self.cell_range = increasing_pair(integer(1))("cell_range", cell_range)
        if self.cell_range[1] - 1 > min(self.image_size):
            raise ValueError(
                f"`cell_range` must not allow cells larger than the image of size {self.image_size}. "
                f"Received: cell_range={cell_range!r}"
            )

    def _whole_images(self, numbers, epoch):
        return synthesis.chessboard_images(self.image_size, self.seed, numbers, self.cell_range)
