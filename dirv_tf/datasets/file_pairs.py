"""Real pairs of images without known fields, and what is drawn on them."""

from __future__ import annotations

import inspect
import operator
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import tensorflow as tf

from dirv_tf import synthesis
from dirv_tf.datasets.augmentation import Augmentation
from dirv_tf.datasets.image_groups import ImageGroups
from dirv_tf.datasets.label_maps import read_label_map, read_mask
from dirv_tf.datasets.other_intensities import appearance_range, one_in_other_intensities
from dirv_tf.datasets.pair_batches import FROZEN_EPOCH, PairBatches
from dirv_tf.datasets.pair_landmarks import LandmarkPair, PairLandmarks
from dirv_tf.datasets.pair_table import PairFiles, pair_files, read_pair_table
from dirv_tf.datasets.pasted_lesions import lesion_range, with_lesions
from dirv_tf.datasets.patch_source import PatchSource
from dirv_tf.datasets.random_patch import LEAST_CONTRAST
from dirv_tf.validation import boolean, integer, list_of

_EXPECTED = "`pairs` must be the path of a CSV file or a sequence of at least one (fixed, moving) pair of paths"

# What is drawn on the images pixel by pixel: on which of them, and how it is read.
_MAPS = {"fixed_labels": (0, read_label_map), "moving_labels": (1, read_label_map), "fixed_mask": (0, read_mask)}


class FilePairs(PairBatches):
    """Pairs of image files, to be trained on without known fields, 2D or 3D; made by `from_pairs`.

    Elements are ``((fixed, moving),)``, or ``((fixed, moving), targets)`` where something is drawn on the images.

    Attributes
    ----------
    files : tuple of tuple of Path
        The pairs that patches are drawn from: both images, and perhaps both images of labels, a mask,
        and both files of landmarks.
    augmentation : Augmentation or None
    change_appearance : bool
    appearance : AppearanceRange or None
    lesions : LesionRange or None
    annotations : tuple of str
        What the targets hold: any of "labels", "landmarks", "mask" and "lesion".
    label_values : tuple of int
        Which label each channel of the labels is.
    """

    def __init__(
        self,
        patches: PatchSource,
        count: int,
        annotations: Sequence[str] = (),
        label_values: Sequence[int] = (),
        landmarks: PairLandmarks | None = None,
        augmentation: Augmentation | None = None,
        change_appearance: bool = False,
        appearance: synthesis.AppearanceRange | None = None,
        lesions: synthesis.LesionRange | None = None,
        frozen_last_batch: bool | None = None,
        **arguments: Any,
    ):
        changed = augmentation is not None or change_appearance
        # The pairs of the frozen batch are never changed: at the end of every epoch, it would keep them from being so.
        frozen = not changed if frozen_last_batch is None else frozen_last_batch
        super().__init__(patches.size, count, frozen_last_batch=frozen, **arguments)
        if changed and self.frozen_last_batch and self.steps_per_epoch == 1:
            raise ValueError(
                "Expected at least two batches in an epoch that ends with the frozen one, or no pair would be changed. "
                f"Received: frozen_last_batch=True, count={self.count}, batch_size={self.batch_size}"
            )
        self.augmentation, self.change_appearance, self.appearance = augmentation, change_appearance, appearance
        self.lesions = lesions
        files = patches.images.files
        self.files = files if landmarks is None else tuple(map(operator.add, files, landmarks.files))
        self.annotations = (*annotations, *(() if lesions is None else ("lesion",)))
        self.label_values = tuple(label_values)
        self._patches, self._landmarks = patches, landmarks

    @tf.autograph.experimental.do_not_convert
    def _batch(self, batch_index, epoch):
        indices, points = self._indices(batch_index), []
        if self._landmarks is None:
            drawn = self._patches(indices, epoch)
        else:
            types = [tf.float32] * 2 + [tf.int32] * (len(self._patches.images.files[0]) - 2)
            drawn = tf.numpy_function(self._with_landmarks, [indices, epoch], types + [tf.float32] * 4)
            drawn, points = drawn[: len(types)], drawn[len(types) :]
        fixed, moving, *maps = (self._with_known_shape(each, 1) for each in drawn)
        targets: dict[str, Any] = {}
        if "labels" in self.annotations:
            values = tf.constant(self.label_values, tf.int32)
            one_hot = [tf.cast(tf.equal(each, values), tf.float32) for each in maps[:2]]
            targets["labels"], maps = dict(zip(("fixed", "moving"), one_hot)), maps[2:]
        if "mask" in self.annotations:
            targets["mask"] = tf.cast(maps[0], tf.float32)
        if self._landmarks is not None:
            count, rank = self._landmarks.count, len(self.size)
            shapes = ([None, count, rank], [None, count, rank], [None, count], [None, rank])
            parts = (tf.ensure_shape(each, shape) for each, shape in zip(points, shapes))
            targets["landmarks"] = dict(zip(("fixed", "moving", "weights", "pixel_size"), parts))
        fixed, moving, targets = self._changed(fixed, moving, targets, indices, epoch)
        if self.lesions is not None:
            # In tests as well, where what the network says of them is measured.
            fixed, moving, mask = with_lesions(fixed, moving, None, self.seed, indices, epoch, self.lesions)
            targets = {**targets, "lesion": mask}
        return ((fixed, moving), targets) if targets else ((fixed, moving),)

    def _changed(self, fixed, moving, targets, indices, epoch):
        """Return pairs as they are to be trained on; those of the evaluation and the frozen batch as they are."""
        if self.augmentation is None and not self.change_appearance:
            return fixed, moving, targets

        def changed():
            images, found = (fixed, moving), targets
            if self.augmentation is not None:
                images, found = self.augmentation(images, targets, indices, epoch)
            if self.change_appearance:
                images = one_in_other_intensities(*images, self.seed, indices, epoch, self.appearance)
            return (*images, found)

        return tf.cond(tf.equal(epoch, FROZEN_EPOCH), lambda: (fixed, moving, targets), changed)

    def _with_landmarks(self, indices, epoch):
        patches, places = self._patches.placed(indices, epoch)
        landmarks = cast("PairLandmarks", self._landmarks)
        points = zip(*(landmarks.within(group, starts, self.size) for group, starts in places))
        return [*patches, *map(np.stack, points)]


def from_pairs(
    pairs: str | os.PathLike | Sequence[tuple[str | os.PathLike, str | os.PathLike] | Mapping[str, str | os.PathLike]],
    size: Sequence[int] | None = None,
    count: int | None = None,
    batch_size: int = 100,
    patches_per_image: int = 4,
    least_contrast: float = LEAST_CONTRAST,
    normalization: str = "joint",
    on_error: str = "raise",
    memory_gib: float = 4.0,
    seed: int = 42,
    frozen_last_batch: bool | None = None,
    labels: Sequence[int] | None = None,
    pad: bool = False,
    augmentation: Mapping[str, Any] | None = None,
    change_appearance: bool = False,
    appearance: Mapping[str, Any] | None = None,
    lesions: Mapping[str, Any] | None = None,
) -> FilePairs:
    """Take real pairs of images, whose fields nobody knows: for training by intensities, labels, landmarks and masks.

    Both images of a pair must have the same shape and be roughly aligned. Patches are cut at the same place of both and
    of all that is drawn on them, anew in every epoch, and rejected where one of the two has little contrast. Landmarks
    that do not lie in the patch in both images are left out, the others filled up to one number with the weight 0.

    Parameters
    ----------
    pairs : str, path, or sequence of pairs of path or of mappings
        A CSV file with the columns "fixed" and "moving" and perhaps "fixed_labels" and "moving_labels",
        "fixed_landmarks" and "moving_landmarks", and "fixed_mask" (paths relative to it; all pairs have what one has),
        pairs of paths, or mappings of these names to paths. Labels are images of integers, 0 the background.
    size : None or sequence of int
        Sides of the patches in pixels, 2 or 3 of them. None takes whole images, which then must have one shape.
    count : None or int
        Pairs per epoch; None for `patches_per_image` times the number of image pairs.
    normalization : {"joint", "each"}
        "joint" stretches both patches by their common minimum and maximum, "each" each one by its own 0.5 and 99.5
        percentiles, clipped: for images of different brightness. Register with the same rule.
    batch_size, patches_per_image, least_contrast, on_error, memory_gib, seed
        See `from_folder`.
    frozen_last_batch : bool, optional
        Whether every training epoch ends with `frozen_batch`, see `PairBatches`, whose pairs are never changed. By
        default, where there is neither `augmentation` nor `change_appearance`.
    labels : sequence of int, optional
        Those that count, each a channel. Default: all that are found.
    pad : bool
        Whether images are taken whole, and padded with zeros about their middle to `size`. Those of a pair may then
        differ in shape, as volumes of two people do.
    augmentation : mapping, optional
        Arguments of `Augmentation`, such as ``{"rotation": 20, "flips": [0]}``: in training epochs, each image of a
        pair gets a random pose of its own, and what is drawn on it with it. Default: none; ``{}`` takes its defaults.
    change_appearance : bool
        Whether one image of each pair, by chance, gets other intensities in training epochs, as another stain or
        scanner would give it; see `synthesis.change_appearance`.
    appearance : mapping, optional
        How far and how often: arguments of `synthesis.AppearanceRange`. Only with `change_appearance`.
    lesions : mapping, optional
        Arguments of `synthesis.LesionRange`: a region of some fixed images, in tests as well, shows what the moving one
        does not. Default: none; ``{}`` takes its defaults.

    Returns
    -------
    FilePairs
        Its elements are ``((fixed, moving),)``: train with `losses.IntensityLoss`, or
        ``((fixed, moving), targets)`` with a dictionary of what is drawn, see `dirv_tf.losses.targets`: train with
        `losses.LabelLoss`, `losses.LandmarkLoss` or `losses.MaskedLoss` as well, added up by `losses.WeightedLosses`.

    Raises
    ------
    FileNotFoundError
        If there is no such CSV file.
    ValueError
        If there are no pairs, some cannot be used, no patch has enough contrast, an argument is out of its range, or a
        frozen batch is asked for that is the only one of an epoch whose pairs are to be changed.

    Examples
    --------
    >>> pairs = from_pairs("my_pairs.csv", size=(64, 64), count=200, batch_size=20)  # doctest: +SKIP
    """
    rows = read_pair_table(pairs) if isinstance(pairs, (str, os.PathLike)) else [_given(pair, pairs) for pair in pairs]
    if not rows:
        raise ValueError(f"{_EXPECTED}. Received: pairs={pairs!r}")
    annotations = rows[0].annotations
    if any(row.annotations != annotations for row in rows):
        raise ValueError(f"Expected the same annotations of all pairs. Received: {[row.annotations for row in rows]}")
    if labels is not None and "labels" not in annotations:
        raise ValueError(f"Expected pairs with fixed_labels and moving_labels for `labels`. Received: labels={labels}")
    maps = [column for column in _MAPS if getattr(rows[0], column)]
    if boolean()("pad", pad) and size is None:
        raise ValueError(f"Expected a `size` to pad the images to. Received: size=None, pad={pad}")
    images = ImageGroups(
        [(row.fixed, row.moving, *(getattr(row, column) for column in maps)) for row in rows],
        size,
        on_error=on_error,
        memory_gib=memory_gib,
        maps=[_MAPS[column] for column in maps],
        padded=pad,
        read_more=(lambda number: LandmarkPair.read(rows[number])) if "landmarks" in annotations else None,
    )
    patches_per_image = 1 if size is None or pad else patches_per_image
    patches = PatchSource(
        images,
        size,
        seed,
        patches_per_image=patches_per_image,
        least_contrast=least_contrast,
        normalization=normalization,
        padded=pad,
    )
    if count is None:
        count = len(images) * patches.patches_per_image
    return FilePairs(
        patches,
        count,
        annotations,
        _label_values(images, labels) if "labels" in annotations else (),
        PairLandmarks(cast("tuple[LandmarkPair, ...]", images.more)) if "landmarks" in annotations else None,
        None if augmentation is None else _augmentation(patches.size, seed, augmentation),
        boolean()("change_appearance", change_appearance),
        appearance_range(appearance, change_appearance),
        lesion_range(lesions, known_fields=False),
        batch_size=batch_size,
        seed=seed,
        frozen_last_batch=frozen_last_batch,
    )


def _given(pair, pairs):
    if isinstance(pair, Mapping):
        return pair_files(pair, "`pairs`")
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError(f"{_EXPECTED}. Received: pairs={pairs!r}")
    return PairFiles(Path(pair[0]), Path(pair[1]))


def _augmentation(size, seed, arguments):
    legal = list(inspect.signature(Augmentation).parameters)[2:]
    if not isinstance(arguments, Mapping) or not set(arguments) <= set(legal):
        raise ValueError(f"`augmentation` must be a mapping of any of {', '.join(legal)}. Received: {arguments!r}")
    return Augmentation(size, seed, **arguments)


def _label_values(images, wanted):
    """Return the labels that count, those that were found or asked for."""
    found = sorted({int(label) for number in range(len(images)) for each in images.read(number)[2:4]
                    for label in np.unique(each)} - {0})
    if not found:
        raise ValueError("Expected labels other than 0. Received: images of labels that are all 0")
    if wanted is None:
        return found
    wanted = list_of(integer(1))("labels", wanted)
    # Some images may lack a label that others have, such as those of the test.
    if not set(wanted) & set(found) or len(set(wanted)) < len(wanted):
        raise ValueError(
            f"Expected different labels, some of them among those of the images, {', '.join(map(str, found))}. "
            f"Received: labels={list(wanted)}"
        )
    return wanted
