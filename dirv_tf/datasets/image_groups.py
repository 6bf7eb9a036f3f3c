"""Gray images from files, kept in memory as long as there is room."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dirv_tf.datasets.intensities import robust_range
from dirv_tf.io.gray import to_gray
from dirv_tf.io.image_files import load_image
from dirv_tf.validation import image_size, number, one_of, optional

_NAMED_PROBLEMS = 20


class ImageGroups:
    """Images that belong together: single ones, or the two of a pair, which have the same shape.

    All files are read once, so that a bad one is found before a training starts. Images stay in the host's memory as
    float32 until the limit is reached; the others are read again, whole, whenever they are drawn from.

    Parameters
    ----------
    groups : sequence of sequence of path
        Files of every group: its images, then its maps. Any format of `dirv_tf.io.load_image`; color is turned into
        gray.
    size : None or sequence of int
        Sides in pixels that every image must at least have; None for images that must all have one shape.
    on_error : {"raise", "skip"}
        What to do about groups that cannot be used.
    memory_gib : float
        Limit of the images and maps kept, GiB.
    maps : sequence of pairs of int and callable
        Of what follows the images of a group, labels and masks: to which of them it belongs, whose shape it must have,
        and how it is read, from a path to an array.
    padded : bool
        Whether images are to be padded to `size`: they may differ in shape, but not be larger.
    read_more : callable, optional
        Called with the number of a group, for what belongs to it beside its images. Its errors are those of the group.

    Attributes
    ----------
    files : tuple of tuple of Path
        Of the groups that can be used.
    more : tuple
        What `read_more` returned for these.
    shape : tuple of int
        Of the first image.

    Raises
    ------
    ValueError
        If files cannot be read, are even, not finite, too small, of another rank or unlike their partner; all are
        named, with the reason. With "skip" only if no group is left.

    Warns
    -----
    UserWarning
        With "skip": names the groups left out.
    """

    def __init__(
        self,
        groups: Sequence[Sequence[str | os.PathLike]],
        size: Sequence[int] | None = None,
        on_error: str = "raise",
        memory_gib: float = 4.0,
        maps: Sequence[tuple[int, Callable[[Path], np.ndarray]]] = (),
        padded: bool = False,
        read_more: Callable[[int], Any] | None = None,
    ):
        one_of("raise", "skip")("on_error", on_error)
        self._free = number(0)("memory_gib", memory_gib) * 2**30
        self._size = optional(image_size(4))("size", size)
        self.shape = None
        self._maps, self._padded = tuple(maps), padded
        self._kept, self._ranges, files, problems = [], [], [], []
        more: list[Any] = []
        for position, group in enumerate(groups):
            paths = tuple(Path(path) for path in group)
            try:
                images = self._checked(self._read(paths))
                found = read_more(position) if read_more else None
            except (OSError, ValueError) as error:
                problems.append(f"{' and '.join(map(str, paths))}: {error}")
                continue
            files.append(paths)
            more.append(found)
            self._ranges.append([robust_range(image) for image in images[: len(images) - len(self._maps)]])
            self._kept.append(self._if_room(images))
        self.files, self.more = tuple(files), tuple(more)
        if problems:
            self._complain(problems, len(groups), on_error)

    def __len__(self) -> int:
        return len(self.files)

    def read(self, number: int) -> list[np.ndarray]:
        """Return the images of a group, float32, in their own intensities, then its maps, as ndarrays."""
        kept = self._kept[number]
        return self._read(self.files[number]) if kept is None else kept

    def ranges(self, number: int) -> list[tuple[float, float]]:
        """Return the `robust_range` of every image of a group, list of pairs of float."""
        return self._ranges[number]

    def _read(self, paths):
        readers = [_gray_image] * (len(paths) - len(self._maps)) + [read for _, read in self._maps]
        return [read(path) for read, path in zip(readers, paths)]

    def _checked(self, images):
        first = images[0].shape
        owners = [*range(len(images) - len(self._maps)), *(owner for owner, _ in self._maps)]
        alike = [images[owner].shape if self._padded else first for owner in owners]
        if any(image.shape != shape for image, shape in zip(images, alike)):
            raise ValueError(f"Expected images of one shape. Received: shapes={[image.shape for image in images]}")
        if self._size is None:
            if self.shape not in (None, first):
                raise ValueError(
                    f"Expected an image of the shape of the first one, {self.shape}; give a `size` to draw patches "
                    f"from images of different shapes. Received: shape={first}"
                )
        elif self._padded:
            if any(len(each) != len(self._size) or np.any(np.subtract(self._size, each) < 0) for each in alike):
                raise ValueError(f"Expected images of at most {self._size} pixels to pad. Received: shapes={alike[:2]}")
        elif len(first) != len(self._size) or any(side < least for side, least in zip(first, self._size)):
            raise ValueError(f"Expected an image of at least {self._size} pixels. Received: shape={first}")
        self.shape = self.shape or first
        return images

    def _if_room(self, images):
        self._free -= sum(image.nbytes for image in images)
        if self._free >= 0:
            return images
        # Smaller images further on are not kept either: which ones are is easy to foresee, and changes the speed alone.
        self._free = -1
        return None

    def _complain(self, problems, total, on_error):
        named = problems[:_NAMED_PROBLEMS] + ["…"] * (len(problems) > _NAMED_PROBLEMS)
        text = f"{len(problems)} of {total} cannot be used: " + "; ".join(named)
        if on_error == "raise" or not self.files:
            raise ValueError(f"Expected image files to train with. Received: {text}")
        warnings.warn(f"Left out, {text}", stacklevel=4)


def _gray_image(path):
    file = load_image(path)
    # Not rounded to the integers of the file.
    pixels = to_gray(file.pixels.astype(np.float32)) if file.is_color else file.pixels
    if pixels.ndim not in (2, 3):
        raise ValueError(f"Expected an image of 2 or 3 axes. Received: shape={pixels.shape}")
    image = pixels.astype(np.float32)
    if not np.isfinite(image).all():
        raise ValueError("Expected finite intensities. Received: NaN or infinite values")
    if image.min() == image.max():
        raise ValueError(f"Expected an image with more than one intensity. Received: an even image of {image.min():g}")
    return image
