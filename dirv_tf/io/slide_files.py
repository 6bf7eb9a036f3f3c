"""Slides written by blocks: a pyramid of tiles in little memory, gone on with where a process was killed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dirv_tf.io.atomic_write import atomic_path
from dirv_tf.io.file_paths import known_suffix
from dirv_tf.io.folder_lock import folder_lock
from dirv_tf.io.image_geometry import ImageGeometry
from dirv_tf.io.output_paths import check_output_file
from dirv_tf.io.slide_blocks import COMPRESSIONS, SlideBlocks, SlideLayout
from dirv_tf.io.tiff_files import OME_DTYPES, TIFF_SUFFIXES
from dirv_tf.io.tiff_pixel_size import ome_pixel_size
from dirv_tf.validation import one_of

_CENTIMETER = 10.0  # mm


@dataclass(frozen=True)
class WrittenSlide:
    """What was written.

    Attributes
    ----------
    path : Path
    sizes : tuple of (int, int)
        Rows and columns of the levels, from the finest on.
    blocks : int
        Of which the levels were made.
    kept : int
        Of them, those that an earlier process had finished.
    notes : tuple of str
        What was changed and chosen on the way.
    """

    path: Path
    sizes: tuple[tuple[int, int], ...]
    blocks: int
    kept: int
    notes: tuple[str, ...] = ()


def write_slide(
    path: Any,
    layout: SlideLayout,
    make: Callable[[tuple[int, int], tuple[int, int]], np.ndarray],
    settings: dict[str, Any],
    geometry: ImageGeometry | None = None,
    labels: bool = False,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> WrittenSlide:
    """Write a slide, whole or not at all: a pyramid of tiles, of which no more than a few blocks are held in memory.

    Blocks of 4 x 4 tiles are kept in a folder beside the output, ``.<name>-unfinished``, until all are there and become
    one file. A call with the same arguments goes on with those that a killed process left.

    Parameters
    ----------
    path : str or Path
        ``.ome.tif`` or ``.ome.tiff``: OME-TIFF with the coarser levels in SubIFDs. ``.tif`` or ``.tiff``: BigTIFF with
        the levels as reduced pages one after the other.
    layout : SlideLayout
    make : callable
        Takes the first row and column and the numbers of rows and columns of a block, and returns its pixels.
    settings : dict
        All that the pixels depend on, for JSON.
    geometry : ImageGeometry, optional
        Of full resolution; its pixel size is kept. Default: unknown.
    labels : bool
        Whether the pixels are labels: coarser levels then take every second one, else the mean of four.
    overwrite : bool
        Whether an older file may be replaced.
    progress : callable, optional
        Called with the number of blocks done and of all blocks, of those that were not there yet: before each one, and
        at the end.

    Returns
    -------
    WrittenSlide

    Raises
    ------
    FileExistsError
        If there is a file and `overwrite` is False.
    BlockingIOError
        If another process is writing the same file.
    ValueError
        If the suffix is no TIFF's, or the format cannot hold the pixels.
    OSError
        When the disk is full or cannot be written; the blocks that are finished stay.
    """
    path = Path(os.path.abspath(path))
    known_suffix(path, TIFF_SUFFIXES)
    _check(layout, path)
    check_output_file(path)
    places = [(level, place) for level in range(len(layout.level_sizes)) for place in layout.blocks(level)]
    with _at_work(path) as folder:
        blocks = SlideBlocks(folder, layout, {**settings, "labels": labels})
        if blocks.is_written(path):
            blocks.remove()
            return WrittenSlide(path, layout.level_sizes, len(places), len(places))
        if path.is_dir() or (path.exists() and not overwrite):
            if not any(folder.iterdir()):
                folder.rmdir()
            raise FileExistsError(f"Expected a new file; overwrite=True replaces it. Received: output={path}")
        blocks.prepare()
        missing = [each for each in places if not blocks.has(*each)]
        for done, (level, place) in enumerate(missing):
            if progress is not None:
                progress(done, len(missing))
            if level == 0:
                start = place[0] * layout.block, place[1] * layout.block
                pixels = make(start, layout.block_sides(0, place))
            else:
                pixels = _halved(blocks, level, place, labels)
            blocks.write(level, place, pixels)
        if progress is not None and missing:
            progress(len(missing), len(missing))
        with atomic_path(folder / path.name) as temporary:
            _assemble(temporary, path, blocks, geometry)
        blocks.finish(folder / path.name, path)
    return WrittenSlide(path, layout.level_sizes, len(places), len(places) - len(missing))


def unfinished_folder(path: Path) -> Path:
    """Return the folder of the blocks of a slide that is being written, or whose process was killed."""
    return path.with_name(f".{path.name}-unfinished")


@contextlib.contextmanager
def _at_work(path):
    """Lock the folder of the blocks, and name the output where another process has it."""
    folder = unfinished_folder(path)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(folder_lock(folder))
        except BlockingIOError as error:
            raise BlockingIOError(
                f"Expected a file that no other process is writing; wait for it. Received: output={path}"
            ) from error
        yield folder


def _check(layout, path):
    one_of(*COMPRESSIONS)("compression", layout.compression)
    if layout.compression == "jpeg" and (layout.dtype != np.uint8 or layout.channels == 4):
        raise ValueError(
            'Expected pixels of 8 bits, gray or RGB, for compression="jpeg"; choose "deflate". '
            f"Received: dtype={layout.dtype}, channels={layout.channels}"
        )
    if layout.tile % 16 or not 16 <= layout.tile <= 2048:
        raise ValueError(f"`tile` must be a multiple of 16 from 16 to 2048. Received: tile={layout.tile}")
    if _is_ome(path) and layout.dtype not in OME_DTYPES:
        raise ValueError(
            f"Expected one of {', '.join(OME_DTYPES)} in an OME-TIFF; choose a name without .ome. "
            f"Received: dtype={layout.dtype}, path={path}"
        )


def _halved(blocks, level, place, labels):
    """Return a block of a level from the four blocks of the next finer one that it covers."""
    layout = blocks.layout
    rows = []
    finer = set(layout.blocks(level - 1))
    for row in (2 * place[0], 2 * place[0] + 1):
        parts = [
            _half(blocks.read(level - 1, (row, column)), labels)
            for column in (2 * place[1], 2 * place[1] + 1)
            if (row, column) in finer
        ]
        if parts:
            rows.append(np.concatenate(parts, axis=1))
    return np.concatenate(rows, axis=0)


def _half(pixels, labels):
    if labels:
        return pixels[::2, ::2]
    odd = [(0, side % 2) for side in pixels.shape[:2]] + [(0, 0)] * (pixels.ndim - 2)
    padded = np.pad(pixels, odd, mode="edge")
    if not np.issubdtype(pixels.dtype, np.integer):
        four = padded.astype(np.float64)
        return (0.25 * _sum_of_four(four)).astype(pixels.dtype)
    # Without overflow, and of 8 and 16 bits with half of the memory.
    wide = np.int32 if pixels.dtype.itemsize <= 2 else np.int64
    return ((_sum_of_four(padded.astype(wide)) + 2) // 4).astype(pixels.dtype)


def _sum_of_four(values):
    return values[::2, ::2] + values[1::2, ::2] + values[::2, 1::2] + values[1::2, 1::2]


def _assemble(temporary, path, blocks, geometry):
    """Write the encoded tiles of all levels into one file."""
    import tifffile

    layout, is_ome = blocks.layout, _is_ome(path)
    known = geometry is not None and not geometry.is_close(ImageGeometry.unit(2))
    with tifffile.TiffWriter(temporary, bigtiff=True, ome=is_ome) as writer:
        for level, size in enumerate(layout.level_sizes):
            options = {**layout.encoding, "shape": (*size, *layout.samples), "dtype": layout.dtype}
            if is_ome and level == 0:
                pixel_size = ome_pixel_size(geometry.pixel_size) if known else {}
                options["metadata"] = {"axes": "YX" + "S" * len(layout.samples), **pixel_size}
                options["subifds"] = len(layout.level_sizes) - 1
            elif level > 0:
                options["subfiletype"] = 1
            if known:
                options["resolution"] = tuple(_CENTIMETER / (step * 2**level) for step in geometry.pixel_size[::-1])
                options["resolutionunit"] = "CENTIMETER"
            writer.write(blocks.tiles(level), **options)


def _is_ome(path):
    return path.name.lower().endswith((".ome.tif", ".ome.tiff"))
