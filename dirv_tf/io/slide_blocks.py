"""A slide that is being written: blocks of all its levels in a folder, each whole or not there, until all are."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dirv_tf.io.atomic_write import atomic_path, write_json

# Tiles along a side of a block: more of them read fewer tiles of the moving slide twice, and take more memory.
BLOCK_TILES = 4
# No more levels than lead to an image of so many tiles along its longer side.
_COARSEST_TILES = 2
_SETTINGS_NAME, _WRITTEN_NAME = "settings.json", "written.json"
_JPEG_QUALITY = 90
COMPRESSIONS = ("deflate", "jpeg")


@dataclass(frozen=True)
class SlideLayout:
    """How a slide is laid out in its file.

    Parameters
    ----------
    size : pair of int
        Rows and columns of full resolution.
    dtype : numpy.dtype
    channels : int
        3 or 4 in color, 0 in gray.
    compression : {"deflate", "jpeg"}
        JPEG changes the pixels.
    tile : int
        Side of the tiles in pixels.

    Examples
    --------
    >>> SlideLayout((3000, 2001), np.dtype(np.uint8), 3).level_sizes
    ((3000, 2001), (1500, 1001), (750, 501))
    """

    size: tuple[int, int]
    dtype: np.dtype
    channels: int
    compression: str = "deflate"
    tile: int = 512

    @property
    def samples(self) -> tuple[int, ...]:
        """Shape of a pixel: of color the number of channels."""
        return (self.channels,) if self.channels else ()

    @property
    def block(self) -> int:
        """Side of the blocks in pixels."""
        return BLOCK_TILES * self.tile

    @property
    def level_sizes(self) -> tuple[tuple[int, int], ...]:
        """Rows and columns of all levels, from the finest on; each has half the sides, rounded up."""
        sizes = [self.size]
        while max(sizes[-1]) > _COARSEST_TILES * self.tile:
            rows, columns = sizes[-1]
            sizes.append((-(-rows // 2), -(-columns // 2)))
        return tuple(sizes)

    def blocks(self, level: int) -> Iterator[tuple[int, int]]:
        """Yield the places of the blocks of a level, row by row, counted in blocks."""
        rows, columns = (-(-side // self.block) for side in self.level_sizes[level])
        return ((row, column) for row in range(rows) for column in range(columns))

    def block_sides(self, level: int, place: tuple[int, int]) -> tuple[int, int]:
        """Return the rows and columns of a block: fewer at the lower and right border of the image."""
        rows, columns = (
            min(self.block, side - index * self.block) for index, side in zip(place, self.level_sizes[level])
        )
        return rows, columns

    @property
    def encoding(self) -> dict[str, Any]:
        """How tifffile writes the tiles."""
        options: dict[str, Any] = {"tile": (self.tile, self.tile), "metadata": None}
        options["photometric"] = "rgb" if self.channels else "minisblack"
        if self.channels == 4:
            options["extrasamples"] = ("unassalpha",)
        if self.compression == "jpeg":
            return {**options, "compression": "jpeg", "compressionargs": {"level": _JPEG_QUALITY}}
        return {**options, "compression": "zlib", "predictor": True}


class SlideBlocks:
    """The folder of the blocks of a slide.

    Parameters
    ----------
    folder : Path
        Nobody else may be at work in it.
    layout : SlideLayout
    settings : dict
        What the pixels depend on, for JSON: blocks that were made with other settings are not gone on with.
    """

    def __init__(self, folder: Path, layout: SlideLayout, settings: dict[str, Any]):
        self.folder, self.layout = folder, layout
        described = {"size": layout.size, "dtype": str(layout.dtype), "channels": layout.channels}
        described.update(compression=layout.compression, tile=layout.tile)
        self._settings = json.loads(json.dumps({"layout": described, **settings}))

    def prepare(self) -> None:
        """Keep the blocks of the same slide that are there, and nothing else."""
        there = self._read(_SETTINGS_NAME) == self._settings
        for path in self.folder.iterdir():
            # What begins with a dot was being written when its process was killed.
            if not there or path.name.startswith("."):
                path.unlink()
        if not there:
            write_json(self.folder / _SETTINGS_NAME, self._settings)

    def is_written(self, output: Path) -> bool:
        """Whether a file is the slide of these blocks: the process was killed when nothing but they were left."""
        if not output.is_file() or self._read(_SETTINGS_NAME) != self._settings:
            return False
        return self._read(_WRITTEN_NAME) == _identity(output)

    def finish(self, whole: Path, output: Path) -> None:
        """Give a whole file its final name, and remove the folder."""
        write_json(self.folder / _WRITTEN_NAME, _identity(whole))
        whole.replace(output)
        self.remove()

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder)

    def has(self, level: int, place: tuple[int, int]) -> bool:
        """Whether a block is there."""
        return self._path(level, place).is_file()

    def write(self, level: int, place: tuple[int, int], pixels: np.ndarray) -> None:
        """Write a block, whole or not at all.

        Parameters
        ----------
        level : int
        place : pair of int
            Row and column among the blocks of the level.
        pixels : ndarray, shape (rows, columns) or (rows, columns, 3 or 4)
        """
        import tifffile

        with atomic_path(self._path(level, place)) as temporary:
            tifffile.imwrite(temporary, pixels, **self.layout.encoding)

    def read(self, level: int, place: tuple[int, int]) -> np.ndarray:
        """Return the pixels of a block."""
        import tifffile

        pixels = tifffile.imread(self._path(level, place))
        return pixels.reshape(*self.layout.block_sides(level, place), *self.layout.samples)

    def tiles(self, level: int) -> Iterator[bytes]:
        """Yield the encoded tiles of a level, row by row: those of a row of blocks are open at a time."""
        import tifffile

        rows, columns = (-(-side // self.layout.block) for side in self.layout.level_sizes[level])
        for row in range(rows):
            with contextlib.ExitStack() as stack:
                files = [
                    stack.enter_context(tifffile.TiffFile(self._path(level, (row, column))))
                    for column in range(columns)
                ]
                height = self.layout.block_sides(level, (row, 0))[0]
                for line in range(-(-height // self.layout.tile)):
                    for file in files:
                        page = file.pages.first
                        across = -(-page.imagewidth // self.layout.tile)
                        for index in range(line * across, (line + 1) * across):
                            file.filehandle.seek(page.dataoffsets[index])
                            yield file.filehandle.read(page.databytecounts[index])

    def _path(self, level, place):
        return self.folder / f"level_{level}_row_{place[0]}_column_{place[1]}.tif"

    def _read(self, name):
        try:
            return json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None


def _identity(path):
    stat = path.stat()
    # It is kept when a file is renamed.
    return {"inode": stat.st_ino, "bytes": stat.st_size}
