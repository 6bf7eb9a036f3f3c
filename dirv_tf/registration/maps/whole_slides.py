"""Apply the field of a level to a whole slide at full resolution, region by region."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dirv_tf.io import FlowFieldFile, SlideLevel, read_flow_field
from dirv_tf.io.file_paths import existing_file, known_suffix
from dirv_tf.io.slide_blocks import SlideLayout
from dirv_tf.io.slide_files import WrittenSlide, write_slide
from dirv_tf.io.slide_pyramids import full_geometry
from dirv_tf.io.tiff_files import READ_TIFF_SUFFIXES
from dirv_tf.io.tiff_regions import RegionReader
from dirv_tf.registration.maps.apply_field import sample_linear

# Of the moving slide at a time; blocks that need more are made in halves.
MOST_PIXELS_AT_ONCE = 2**24


@dataclass(frozen=True, eq=False)
class SlideMap:
    """Where pixels of the fixed slide lie in the moving slide, both at full resolution.

    A pixel of full resolution is taken to its place on the fixed level, from there by the field to the moving level,
    and from there to full resolution. The field is linear between its pixels; beyond the outermost ones it stays.

    Parameters
    ----------
    flow_field : ndarray of float32, shape (n_1, n_2, 2)
        Of the levels: pixels of the level, array-axis order, backward.
    fixed, moving : SlideLevel
        Of an image without levels its own pixels, with a step of 1.

    Examples
    --------
    >>> level = SlideLevel(1, (2, 2), (8, 8), (4.0, 4.0))
    >>> slide_map = SlideMap(np.full((2, 2, 2), 0.5, np.float32), level, level)
    >>> slide_map.places((4, 0), (1, 2)).tolist()  # half a pixel of the level is two of full resolution
    [[[6.0, 6.0]], [[2.0, 3.0]]]
    """

    flow_field: np.ndarray
    fixed: SlideLevel
    moving: SlideLevel

    @classmethod
    def of(cls, field: FlowFieldFile) -> SlideMap:
        """Return the map of a field file, of two axes."""
        size = field.flow_field.shape[:-1]
        if len(size) != 2:
            raise ValueError(f"Expected a field of two axes for a slide. Received: a field of shape {size}")
        sizes = size, size if field.moving_size is None else field.moving_size
        levels = (
            SlideLevel(0, own, own, (1.0, 1.0)) if level is None else level for level, own in zip(field.levels, sizes)
        )
        return cls(field.flow_field, *levels)

    def places(self, start: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
        """Return where the pixels of a region of the fixed slide lie in the moving slide.

        Parameters
        ----------
        start, size : pair of int
            First row and column of the region, and numbers of rows and columns, at full resolution.

        Returns
        -------
        ndarray of float64, shape (2, rows, columns), pixels
            At full resolution, array-axis order; they may lie outside.
        """
        axes = [
            (first + np.arange(side) + 0.5) / step - 0.5 for first, side, step in zip(start, size, self.fixed.step)
        ]
        places = np.empty((2, *size))
        for axis, (along, step) in enumerate(zip(axes, self.moving.step)):
            places[axis] = self._between(self.flow_field[..., axis], axes)
            places[axis] += along[:, np.newaxis] if axis == 0 else along
            places[axis] += 0.5
            places[axis] *= step
            places[axis] -= 0.5
        return places

    @staticmethod
    def _between(values, axes):
        """Values at the crossings of rows and columns: linear along one axis after the other, clamped to the border."""
        for axis, along in enumerate(axes):
            last = values.shape[axis] - 1
            inside = np.clip(along, 0, last)
            below = np.minimum(inside.astype(int), max(last - 1, 0))
            above = np.minimum(below + 1, last)
            share = (inside - below).reshape((-1, 1) if axis == 0 else (1, -1))
            lower, upper = (np.take(values, index, axis).astype(np.float64) for index in (below, above))
            values = lower + share * (upper - lower)
        return values


def apply_to_slide(
    slide: Any,
    field: FlowFieldFile | str | os.PathLike[str],
    output: Any,
    *,
    channel: int | str | None = None,
    labels: bool = False,
    compression: str = "deflate",
    tile: int = 512,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> WrittenSlide:
    """Warp a slide at full resolution onto the fixed slide, and write it as a tiled pyramid.

    Of the moving slide and of the result no more than a few regions are held in memory. What is finished is kept in a
    folder beside the output until all is: the same call goes on there after an interruption.

    Parameters
    ----------
    slide : str or Path
        A TIFF of the moving slide's size at full resolution, gray or in color, best in tiles.
    field : FlowFieldFile, str or Path
        Of `register`: the flow field of the levels that were registered, ``flow_field.npz``.
    output : str or Path
        ``.ome.tif``, ``.ome.tiff``: an OME-TIFF with its levels in SubIFDs; ``.tif``, ``.tiff``: a BigTIFF with its
        levels as reduced pages. Both keep the fixed slide's pixel size.
    channel : int or str, optional
        Of a slide with several channels or colors: the number (from 0) or name of the one to warp. Default: the only
        one, or all colors.
    labels : bool
        Whether the slide is a label map: then nearest neighbor, else linear interpolation.
    compression : {"deflate", "jpeg"}
        JPEG (8 bits, quality 90) changes the pixels, and takes much less space.
    tile : int
        Side of the tiles in pixels, a multiple of 16.
    overwrite : bool
        Whether an older file may be replaced.
    progress : callable, optional
        Called with the number of blocks done and of all blocks that this call makes: before each one, and at the end.

    Returns
    -------
    WrittenSlide

    Raises
    ------
    FileNotFoundError, UnreadableFileError
        For a slide or field that is not there or cannot be read.
    FileExistsError
        If there is an output and `overwrite` is False.
    ValueError
        If the slide does not have the moving slide's size, is a volume or holds several channels of which none is
        chosen, or the output cannot hold its pixels.
    OSError
        When the output cannot be written, or another process is writing it.

    Examples
    --------
    >>> import dirv_tf
    >>> dirv_tf.register("he.svs", "ki67.svs").save("result")  # doctest: +SKIP
    >>> apply_to_slide("ki67.svs", "result/flow_field.npz", "moved.ome.tif")  # doctest: +SKIP
    """
    if not isinstance(field, FlowFieldFile):
        field = read_flow_field(field)
    slide_map = SlideMap.of(field)
    path = existing_file(slide, "an image file")
    known_suffix(path, READ_TIFF_SUFFIXES)
    with RegionReader(path, channel) as reader:
        if reader.size != slide_map.moving.full_size:
            raise ValueError(
                f"Expected a slide of the moving slide's size, {_sides(slide_map.moving.full_size)}. "
                f"Received: slide={path} of {_sides(reader.size)} pixels"
            )
        if labels and (reader.channels or reader.dtype.kind not in "bui"):
            raise ValueError(
                "Expected a label map of integers without channels. "
                f"Received: slide={path} with dtype={reader.dtype}, channels={reader.channels}"
            )
        dtype = np.dtype(np.uint8) if reader.dtype == bool else reader.dtype
        layout = SlideLayout(slide_map.fixed.full_size, dtype, reader.channels, compression, tile)
        written = write_slide(
            output,
            layout,
            lambda start, size: _warped(reader, slide_map, start, size, labels),
            {**_settings(path, slide_map), "channel": reader.notes},
            full_geometry(field.fixed_geometry, field.levels[0]),
            labels,
            overwrite,
            progress,
        )
        return dataclasses.replace(written, notes=reader.notes)


def _warped(reader, slide_map, start, size, labels):
    """Return a region of the warped slide, from no more than the region of the moving slide that it shows."""
    places = slide_map.places(start, size)
    first, last = [], []
    for along, side in zip(places, reader.size):
        # As at the border of a whole image.
        np.clip(along, 0, side - 1, out=along)
        first.append(int(along.min()))
        last.append(min(int(along.max()) + 1, side - 1))
    sides = tuple(end - begin + 1 for begin, end in zip(first, last))
    if sides[0] * sides[1] > MOST_PIXELS_AT_ONCE and max(size) > 1:
        del places
        return _in_halves(reader, slide_map, start, size, labels)
    region = reader.read(tuple(first), sides)
    if region.dtype == bool:
        # Between black and white lies gray; labels are numbers.
        region = region.astype(np.uint8) * np.uint8(1 if labels else 255)
    places -= np.reshape(first, (2, 1, 1))
    if labels:
        # Half-way between two, the higher one, as `dirv_tf.geometry.warp_labels`.
        nearest = (np.minimum(np.floor(along + 0.5), side - 1).astype(int) for along, side in zip(places, sides))
        return region[tuple(nearest)]
    if region.ndim == 2:
        return sample_linear(region, places)
    warped = np.empty((*size, region.shape[-1]), region.dtype)
    for channel in range(region.shape[-1]):
        warped[..., channel] = sample_linear(np.ascontiguousarray(region[..., channel]), places)
    return warped


def _in_halves(reader, slide_map, start, size, labels):
    axis = int(size[1] > size[0])
    half = size[axis] // 2
    parts = []
    for offset, side in ((0, half), (half, size[axis] - half)):
        begin, part = list(start), list(size)
        begin[axis], part[axis] = begin[axis] + offset, side
        parts.append(_warped(reader, slide_map, tuple(begin), tuple(part), labels))
    return np.concatenate(parts, axis)


def _settings(path, slide_map):
    """Return what the pixels depend on."""
    digest = hashlib.sha256(np.ascontiguousarray(slide_map.flow_field).tobytes())
    digest.update(repr((slide_map.fixed, slide_map.moving)).encode())
    stat = Path(path).stat()
    return {
        "slide": os.path.abspath(path),
        "bytes": stat.st_size,
        "changed": stat.st_mtime_ns,
        "map": digest.hexdigest(),
    }


def _sides(size):
    return " x ".join(map(str, size))
