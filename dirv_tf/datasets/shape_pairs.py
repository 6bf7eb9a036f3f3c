"""Pairs of images of random smooth shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from dirv_tf import synthesis
from dirv_tf.datasets.synthetic_pairs import SyntheticPairs
from dirv_tf.validation import boolean, image_size, increasing_pair, integer


class ShapePairs(SyntheticPairs):
    """Pairs of an image of random smooth shapes and its warped copy, 2D or 3D; see `synthesis.shape_images`.

    Nearer to scans than chessboards are, where there are no images to train on.

    Parameters
    ----------
    size : sequence of int
        Image sides in pixels, 2 or 3 of them.
    shape_size : sequence of int
        Shortest and longest distance of the control points of the shapes in pixels, the former at least 2.
    labels : int
        Number of shapes with an intensity of their own that compete for every pixel, at least 2.
    label_maps : bool
        Whether elements are ``((fixed, moving), targets)`` with the ``"flow_field"`` and the ``"labels"`` of both
        images, see `dirv_tf.losses.targets`: all shapes but the first, warped with the image that is.
    count, batch_size, transform, max_displacement, seed, desensitize, swap, frozen_last_batch
        See `SyntheticPairs`.
    change_appearance, appearance, lesions, affine_range, coarse_points
        See `SyntheticPairs`.

    Attributes
    ----------
    annotations : tuple of str
        "labels" with `label_maps`, "lesion" with `lesions`.
    label_values : tuple of int
        Which shape each channel of the labels is.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> pairs = ShapePairs(size=(32, 32, 32), count=40, batch_size=4)
    >>> (fixed, moving), flow_field = pairs.frozen_batch()
    >>> moving.shape
    TensorShape([4, 32, 32, 32, 1])
    """

    def __init__(
        self,
        size: Sequence[int] = (64, 64),
        count: int = 10000,
        batch_size: int = 100,
        shape_size: Sequence[int] = (6, 16),
        labels: int = 8,
        transform: str = "both",
        max_displacement: float = 6.0,
        seed: int = 42,
        desensitize: bool = True,
        swap: bool = True,
        frozen_last_batch: bool = True,
        change_appearance: bool = False,
        appearance: Mapping[str, Any] | None = None,
        lesions: Mapping[str, Any] | None = None,
        label_maps: bool = False,
        affine_range: str = "small",
        coarse_points: Sequence[int] = synthesis.COARSE_POINTS,
    ):
        size = image_size(4)("size", size)
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
        self.shape_size = increasing_pair(integer(2))("shape_size", shape_size)
        self.labels = integer(2)("labels", labels)
        self.label_maps = boolean()("label_maps", label_maps)
        self.annotations = (*(("labels",) if label_maps else ()), *self.annotations)
        self.label_values = tuple(range(1, labels)) if label_maps else ()

    def _images(self, indices, epoch):
        return synthesis.shape_images(self.size, self.seed, indices, self.shape_size, self.labels)

    @tf.autograph.experimental.do_not_convert
    def _batch(self, batch_index, epoch):
        if not self.label_maps:
            return super()._batch(batch_index, epoch)
        indices = self._indices(batch_index)
        images, labels = synthesis.shape_images_and_labels(
            self.size, self.seed, indices, self.shape_size, self.labels
        )
        # Channels beside the image's, which are warped with it; 0 belongs to none of them.
        channels = tf.one_hot(labels - 1, self.labels - 1)
        images, (first, end) = tf.concat([images, channels], axis=-1), self._limits(batch_index)
        fixed, moving, target = self._deformed(images, indices, batch_index, epoch, first, end - first)
        pair, known = self._element(fixed[..., :1], moving[..., :1], target, indices, epoch)
        known = {"flow_field": known} if self.lesions is None else known
        maps = (self._with_known_shape(each[..., 1:], self.labels - 1) for each in (fixed, moving))
        return pair, {**known, "labels": dict(zip(("fixed", "moving"), maps))}
