"""At which level of a slide a pair is registered: as fine as registration makes use of, and alike for both images."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from dirv_tf.io import ImageGeometry, SlideLevel, slide_geometry, slide_levels

# The last step of a registration optimizes the field of images up to this size on their own pixels (that of intensities
# by cubic splines, beyond 2**18 pixels, on those of the images halved); of larger ones only down to a limited size.
MOST_PIXELS = 2**21


def choose_levels(images: Sequence[Any], wanted: Sequence[int | None]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return at which levels a pair is registered, and why.

    Parameters
    ----------
    images : pair of (array_like, str or path)
        The fixed and the moving image; only files of slides have levels.
    wanted : pair of (int or None)
        The levels that the user chose. None: of a slide the finest of at most `MOST_PIXELS` pixels (the coarsest, where
        none is), or a coarser one where the other image is registered with larger pixels.

    Returns
    -------
    tuple of (pair of int, pair of str)
        The levels, 0 being the finest; for each image the reason in a few words.
    """
    levels = [slide_levels(image) if isinstance(image, (str, os.PathLike)) else () for image in images]
    chosen, reasons = zip(*map(_alone, levels, wanted))
    widths = _pixel_widths(images, levels)
    # A level that is not there is an error of who reads the image.
    are_there = all(
        isinstance(number, (int, np.integer)) and 0 <= number < len(each) for number, each in zip(chosen, levels)
    )
    # Two small images stay as they are, however wide their pixels.
    if widths is None or not are_there or not any(chosen):
        return chosen, reasons
    target = max(width * each[number].step[0] for width, each, number in zip(widths, levels, chosen))
    matched = list(zip(chosen, reasons))
    for index, (each, width) in enumerate(zip(levels, widths)):
        if wanted[index] is None:
            nearest = min(each, key=lambda level: abs(math.log(width * level.step[0] / target))).number
            if nearest > chosen[index]:
                other = ("moving", "fixed")[index]
                matched[index] = nearest, f"the one whose pixels are nearest in size to those of the {other} image"
    chosen, reasons = zip(*matched)
    return chosen, reasons


def level_note(level: SlideLevel, geometry: ImageGeometry, reason: str) -> str:
    """Return what is said of a level that was taken.

    Parameters
    ----------
    level : SlideLevel
    geometry : ImageGeometry
        Of the level; a unit one where no pixel size is known.
    reason : str
        Of `choose_levels`.

    Returns
    -------
    str
    """
    size, full = (" x ".join(map(str, sides)) for sides in (level.size, level.full_size))
    steps = sorted({f"{step:.6g}" for step in level.step})
    known = not geometry.is_close(ImageGeometry.unit(geometry.rank))
    widths = dict.fromkeys(f"{side:.4g}" for side in geometry.pixel_size)
    width = f", {' x '.join(widths)} mm wide" if known else ""
    kind = "of the slide" if level.is_stored else "of the large image, made of means of its pixels,"
    return (
        f"level {level.number} {kind} was taken, {reason}: {size} of {full} pixels{width}, each as wide as "
        f"{' and '.join(steps)} of full resolution"
    )


def _alone(levels, wanted):
    """Return the level for an image, whatever the other one is, and why."""
    if wanted is not None:
        return wanted, "as asked for"
    if len(levels) < 2 or math.prod(levels[0].size) <= MOST_PIXELS:
        return 0, ""
    fitting = [level.number for level in levels if math.prod(level.size) <= MOST_PIXELS]
    if fitting:
        return fitting[0], f"the finest of at most {MOST_PIXELS:,} pixels"
    return levels[-1].number, "the coarsest there is"


def _pixel_widths(images, levels):
    """Return how wide pixels of full resolution are, in one unit for both images; None where nobody knows."""
    if not all(levels):
        return None
    unit = ImageGeometry.unit(2)
    geometries = [slide_geometry(image) for image in images]
    unknown = [geometry.is_close(unit) for geometry in geometries]
    if not any(unknown):
        return [geometry.pixel_size[0] for geometry in geometries]
    # Of two slides that do not say, one scanner is more likely than two.
    return [1.0, 1.0] if all(unknown) and all(len(each) > 1 for each in levels) else None
