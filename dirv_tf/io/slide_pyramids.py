"""The levels of a slide, one image at several resolutions, and how the pixels of one lie on those of another."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dirv_tf.io.decoding import decoding
from dirv_tf.io.file_paths import existing_file
from dirv_tf.io.image_geometry import ImageGeometry
from dirv_tf.io.orientation import is_transposed, swapped_if
from dirv_tf.io.tiff_directories import opened_tiff
from dirv_tf.io.tiff_files import READ_TIFF_SUFFIXES
from dirv_tf.io.tiff_pixel_size import read_pixel_size
from dirv_tf.io.tiff_pixels import pixel_meaning
from dirv_tf.io.tiff_regions import is_read_in_parts
from dirv_tf.io.tiff_warnings import damage_raises

# Pixels of an image without levels, beyond which it is not worth, or not possible, to read it whole.
VERY_LARGE = 2**26
_COARSEST = 1024


@dataclass(frozen=True)
class SlideLevel:
    """A level of a slide, and how its pixels lie on those of full resolution.

    A pixel of a level is the mean of ``step`` pixels of full resolution along each axis, and lies at their center:
    pixel ``p`` is at ``(p + 0.5) * step - 0.5``. Slides count levels from the finest, 0, on.

    Parameters
    ----------
    number : int
    size : pair of int
        Rows and columns of the level, upright.
    full_size : pair of int
        Those of level 0.
    step : pair of float
        Pixels of full resolution per pixel of the level, along each axis.
    is_stored : bool
        Whether the file holds it; else it is made of the finest as it is read.

    Raises
    ------
    ValueError
        If the numbers do not fit each other.

    Examples
    --------
    >>> level = SlideLevel(4, (1250, 1250), (20000, 20000), (16.0, 16.0))
    >>> level.to_full([0.0, 100.0]).tolist()
    [7.5, 1607.5]
    """

    number: int
    size: tuple[int, int]
    full_size: tuple[int, int]
    step: tuple[float, float]
    is_stored: bool = field(default=True, compare=False)

    def __post_init__(self):
        pairs = {"size": int, "full_size": int, "step": float}
        for name, kind in pairs.items():
            object.__setattr__(self, name, tuple(kind(value) for value in getattr(self, name)))
        object.__setattr__(self, "number", int(self.number))
        sides = list(zip(self.size, self.full_size, self.step))
        fits = all(
            side >= 1 and math.isfinite(step) and step >= 1 and abs(side * step - full) <= step
            for side, full, step in sides
        )
        if not fits or not all(len(getattr(self, name)) == 2 for name in pairs) or self.number < 0:
            raise ValueError(f"Expected a level whose size times its step is the full size. Received: {self!r}")

    def to_full(self, points: Any) -> np.ndarray:
        """Return where points of the level lie at full resolution: shape (..., 2), pixels, array-axis order."""
        return (np.asarray(points, np.float64) + 0.5) * self.step - 0.5

    def from_full(self, points: Any) -> np.ndarray:
        """Return where points of full resolution lie on the level; the inverse of `to_full`."""
        return (np.asarray(points, np.float64) + 0.5) / self.step - 0.5

    def geometry(self, full: ImageGeometry) -> ImageGeometry:
        """Return where the pixels of the level lie in the world, from where those of full resolution do.

        Parameters
        ----------
        full : ImageGeometry

        Returns
        -------
        ImageGeometry
            That of pixels `step` times as large, the first of which lies at the center of those that it is made of.
        """
        return ImageGeometry(tuple(full.to_world(self.to_full((0.0, 0.0)))), _scaled(full.axes, self.step))

    def full_geometry(self, geometry: ImageGeometry) -> ImageGeometry:
        """Return where the pixels of full resolution lie in the world; the inverse of `geometry`."""
        step = np.divide(1.0, self.step)
        return ImageGeometry(tuple(geometry.to_world(self.from_full((0.0, 0.0)))), _scaled(geometry.axes, step))


def slide_levels(path: Any) -> tuple[SlideLevel, ...]:
    """Return the levels of a slide, from the finest on; nothing but the headers is read.

    Parameters
    ----------
    path : str or Path
        A TIFF whose pages or SubIFDs hold one image at several resolutions, as SVS, OME-TIFF and others. Other images
        have no levels but their own; of a very large one (`VERY_LARGE`) that can be read in parts there are some that
        are made as they are read. A level larger than the finest, as in a damaged file, and all behind it are left out.

    Returns
    -------
    tuple of SlideLevel
        Empty for a volume, and for other formats.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UnreadableFileError
        If it is damaged.
    """
    path = Path(path)
    if not path.name.lower().endswith(READ_TIFF_SUFFIXES):
        return ()
    existing_file(path, "an image file")
    with decoding(path), damage_raises(), opened_tiff(path) as tiff:
        series = tiff.series[0]
        depth = [side for letter, side in zip(series.axes, series.shape) if letter not in "TCSYX"]
        if math.prod(depth) > 1 or 0 in series.shape:
            return ()
        meaning = pixel_meaning(path, series.keyframe, tiff.is_imagej)
        pages = [level.keyframe for level in series.levels]
        sizes = [swapped_if(is_transposed(meaning.orientation), (page.imagelength, page.imagewidth)) for page in pages]
        can_be_reduced = math.prod(sizes[0]) > VERY_LARGE and is_read_in_parts(series, meaning)
    levels: list[SlideLevel] = []
    for number, size in enumerate(sizes):
        # What a damaged file calls a level; those before it can be read all the same.
        if not all(1 <= side <= full for side, full in zip(size, sizes[0])):
            break
        levels.append(SlideLevel(number, size, sizes[0], level_step(sizes[0], size)))
    can_be_reduced = can_be_reduced and len(levels) == 1
    while can_be_reduced and max(levels[-1].size) > _COARSEST:
        step = 2 ** len(levels)
        size = -(-sizes[0][0] // step), -(-sizes[0][1] // step)
        levels.append(SlideLevel(len(levels), size, sizes[0], (step, step), is_stored=False))
    return tuple(levels)


def slide_geometry(path: Any) -> ImageGeometry:
    """Return where the pixels of a TIFF of two axes lie at full resolution; nothing but the headers is read.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    ImageGeometry
        Of the pixel size alone, upright; `ImageGeometry.unit` where the file states none.

    Raises
    ------
    FileNotFoundError, UnreadableFileError
        As `slide_levels`.
    """
    path = existing_file(path, "an image file")
    with decoding(path), damage_raises(), opened_tiff(path) as tiff:
        pixel_size = read_pixel_size(tiff)
        orientation = pixel_meaning(path, tiff.series[0].keyframe, tiff.is_imagej).orientation
    if pixel_size is None:
        return ImageGeometry.unit(2)
    return ImageGeometry.from_pixel_size(swapped_if(is_transposed(orientation), pixel_size[-2:]))


def full_geometry(geometry: ImageGeometry, level: SlideLevel | None) -> ImageGeometry:
    """Return where pixels of full resolution lie, from where those of a level do; a unit geometry stays what it is."""
    is_known = not geometry.is_close(ImageGeometry.unit(geometry.rank))
    return level.full_geometry(geometry) if level is not None and is_known else geometry


def level_step(full_size: tuple[int, int], size: tuple[int, int]) -> tuple[float, float]:
    """Return how many pixels of full resolution are a pixel of a level, along each axis.

    A writer that halves an odd side drops the last row or adds half of one; the step is 2 for both. Only sizes of which
    none is a whole part of the other, but for that, have steps of their own.

    Parameters
    ----------
    full_size, size : pair of int

    Returns
    -------
    pair of float

    Examples
    --------
    >>> level_step((20001, 15000), (1250, 938))
    (16.0, 16.0)
    >>> level_step((1000, 900), (400, 360))
    (2.5, 2.5)
    """
    longest = int(np.argmax(full_size))
    factor = max(1, round(full_size[longest] / size[longest]))
    if all(full // factor <= side <= -(-full // factor) for full, side in zip(full_size, size)):
        return float(factor), float(factor)
    return full_size[0] / size[0], full_size[1] / size[1]


def _scaled(axes, step):
    return tuple(map(tuple, (np.asarray(axes) * step).tolist()))
