"""Image pairs made by warping one image with a random flow field."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from dirv_tf import geometry, synthesis
from dirv_tf.datasets.other_intensities import appearance_range, one_in_other_intensities
from dirv_tf.datasets.pair_batches import PairBatches
from dirv_tf.datasets.pasted_lesions import lesion_range, with_lesions
from dirv_tf.validation import boolean, increasing_pair, integer, number, one_of


class SyntheticPairs(PairBatches):
    """Base of the datasets whose pairs are an image and the same image warped by a random field.

    Elements are ``((fixed, moving), flow_field)``, or with `lesions` ``((fixed, moving), targets)``, a dictionary of
    the ``"flow_field"`` and the ``"lesion"``, see `dirv_tf.losses.targets`. Subclasses provide the images by `_images`.
    Pair ``k`` of a batch is a function of the seed, the epoch and the pair's number alone; only the non-rigid part of a
    field belongs to its batch. The fields are new in every epoch.

    Parameters
    ----------
    size : tuple of int
        Image sides in pixels.
    count : int
        Number of pairs, at least 1.
    batch_size : int
        Pairs per batch, see `PairBatches`.
    transform : {"both", "affine", "nonrigid"}
        Kind of the random fields, see `synthesis.random_fields`.
    max_displacement : float
        Upper limit of the non-rigid displacement components, pixels, at least 0.1.
    seed : int
        Of all random numbers; 0 to 2^64 - 1. The thesis trains with 42 and tests with 77.
    desensitize : bool
        Whether to apply the noise desensitization of thesis Section 5.7.
    swap : bool
        Whether the generated image is the fixed one and the original the moving one, so that the random field is
        exactly the field to predict (thesis Section 5.5). Otherwise the original is fixed, the generated image
        moving, and the field to predict is the numerical inverse: an ablation.
    frozen_last_batch : bool
        Whether every training epoch ends with `frozen_batch`, see `PairBatches`.
    change_appearance : bool
        Whether one image of each pair, the fixed or the moving one by chance, gets other intensities, as another stain
        or scanner would give it; see `synthesis.change_appearance`.
    appearance : mapping, optional
        How far and how often: arguments of `synthesis.AppearanceRange`. Default: its own. Only with
        `change_appearance`.
    lesions : mapping, optional
        Arguments of `synthesis.LesionRange`: some pairs get a region without counterpart. Default: none; ``{}`` takes
        its defaults.
    affine_range : {"small", "large"}
        How far affine transformations go, see `synthesis.random_fields`.
    coarse_points : sequence of int, length 2
        Fewest and most points of the grid that non-rigid fields are drawn on, at least 2; few of them let displacements
        be long.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """

    def __init__(
        self,
        size: Sequence[int],
        count: int,
        batch_size: int,
        transform: str,
        max_displacement: float,
        seed: int,
        desensitize: bool,
        swap: bool,
        frozen_last_batch: bool,
        change_appearance: bool = False,
        appearance: Mapping[str, Any] | None = None,
        lesions: Mapping[str, Any] | None = None,
        affine_range: str = "small",
        coarse_points: Sequence[int] = synthesis.COARSE_POINTS,
    ):
        super().__init__(size, count, batch_size, seed=seed, frozen_last_batch=frozen_last_batch)
        self.transform = one_of(*synthesis.FIELD_KINDS)("transform", transform)
        self.max_displacement = number(0.1)("max_displacement", max_displacement)
        self.desensitize = boolean()("desensitize", desensitize)
        self.swap = boolean()("swap", swap)
        self.change_appearance = boolean()("change_appearance", change_appearance)
        self.appearance = appearance_range(appearance, change_appearance)
        self.lesions = lesion_range(lesions)
        self.affine_range = one_of(*synthesis.AFFINE_RANGES)("affine_range", affine_range)
        self.coarse_points = increasing_pair(integer(2))("coarse_points", coarse_points)
        self.annotations = ("lesion",) if self.lesions is not None and self.lesions.image != "both" else ()

    @abc.abstractmethod
    def _images(self, indices, epoch):
        """Return the images (B, n_1, ..., n_r, 1) of the pairs with the numbers `indices`, int64 (B,)."""

    # AutoGraph would rewrite all functions below in search of Python loops over tensors, for seconds; there are none.
    @tf.autograph.experimental.do_not_convert
    def _batch(self, batch_index, epoch):
        indices = self._indices(batch_index)
        originals = self._images(indices, epoch)
        first, end = self._limits(batch_index)
        fixed, moving, target = self._deformed(originals, indices, batch_index, epoch, first, end - first)
        return self._element(fixed, moving, target, indices, epoch)

    def _deformed(self, originals, indices, batch_index, epoch, first, count):
        """Return fixed and moving images and the fields to predict, of images with the numbers `indices`.

        The whole batch has `count` images from the number `first` on.
        """
        size = tuple(originals.shape[1:-1])
        share = None if self._share is None else (indices[0] - first, count)
        warping = target = synthesis.random_fields(
            size,
            self.seed,
            indices,
            batch_index,
            epoch,
            self.transform,
            self.max_displacement,
            share,
            self.affine_range,
            self.coarse_points,
        )
        if self.desensitize:
            warping, target = synthesis.desensitize(warping, self.seed, indices, epoch)
        generated = geometry.warp_image(originals, warping)
        if self.swap:
            return generated, originals, target
        return originals, generated, geometry.invert(target)

    def _element(self, fixed, moving, target, indices, epoch):
        """Return the pairs as they are to be registered: in other intensities or with lesions, where that is asked."""
        if self.change_appearance:
            fixed, moving = one_in_other_intensities(fixed, moving, self.seed, indices, epoch, self.appearance)
        field = self._with_known_shape(target, len(self.size))
        if self.lesions is None:
            return self._pair(fixed, moving), field
        fixed, moving, mask = with_lesions(fixed, moving, target, self.seed, indices, epoch, self.lesions)
        if "lesion" not in self.annotations:
            return self._pair(fixed, moving), field
        return self._pair(fixed, moving), {"flow_field": field, "lesion": self._with_known_shape(mask, 1)}

    def _pair(self, *images):
        return tuple(self._with_known_shape(image, 1) for image in images)
