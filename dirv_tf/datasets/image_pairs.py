"""Pairs made from given images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from dirv_tf.datasets.synthetic_pairs import SyntheticPairs
from dirv_tf.synthesis import COARSE_POINTS


class ImagePairs(SyntheticPairs):
    """Pairs of a given image and its warped copy, 2D or 3D.

    Parameters
    ----------
    images : array_like, shape (N, n_1, ..., n_r, 1)
        The images, intensities in [0, 1]. Kept in the host's memory as float32.
    batch_size, transform, max_displacement, seed, desensitize, swap, frozen_last_batch
        See `SyntheticPairs`.
    change_appearance, appearance, lesions, affine_range, coarse_points
        See `SyntheticPairs`.

    Raises
    ------
    ValueError
        If the images do not have that shape, are none, or leave [0, 1]; or if an argument is out of its range.
    """

    def __init__(
        self,
        images: ArrayLike,
        batch_size: int = 100,
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
    ):
        images = np.asarray(images, np.float32)
        if images.ndim not in (4, 5) or images.shape[-1] != 1:
            raise ValueError(
                "`images` must have shape (N, n_1, n_2, 1) or (N, n_1, n_2, n_3, 1). "
                f"Received: images.shape={images.shape}"
            )
        if len(images) == 0:
            raise ValueError(f"`images` must hold at least one image. Received: images.shape={images.shape}")
        super().__init__(
            images.shape[1:-1],
            len(images),
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
        low, high = images.min(), images.max()
        if not (low >= 0 and high <= 1):
            raise ValueError(f"`images` must have intensities in [0, 1]. Received: minimum={low}, maximum={high}")
        # Pipelines run on the CPU: a copy on an accelerator would travel back for every batch.
        with tf.device("CPU:0"):
            self._all_images = tf.constant(images)

    def _images(self, indices, epoch):
        return tf.gather(self._all_images, indices)
