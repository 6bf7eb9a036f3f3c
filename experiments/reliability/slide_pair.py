"""Two slides of any size, made from the shipped sections, with a known map between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from scipy import ndimage

from experiments.folders import CHECKOUT

PIXEL_SIZE = 5e-4  # mm
SECTIONS = CHECKOUT / "data" / "sections"
# Dark and bright tissue: red, green, blue.
_DARK, _BRIGHT = np.array([70.0, 30.0, 110.0]), np.array([250.0, 240.0, 248.0])
# Share of the fine texture, which no coarse level shows, in the gray of a pixel.
_TEXTURE = 0.4


class KnownSlides:
    """A section, spread over a whole slide, with cells of another one on top; and the same deformed.

    Both are made from the sections by a formula: the deformed one is not a warp of the other's pixels.

    Parameters
    ----------
    side : int
        Rows, and columns, of both slides.
    """

    def __init__(self, side: int):
        from dirv_tf.io import read_image

        self.side = side
        section = read_image(SECTIONS / "epithelium" / "he.tif").astype(np.float32) / 255
        self._section = section[: min(section.shape), : min(section.shape)]
        self._cells = read_image(SECTIONS / "cells" / "he.tif").astype(np.float32) / 255
        self._cells -= self._cells.mean()
        angle = np.radians(2.0)
        self._matrix = 1.01 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def places(self, start: Sequence[int], size: Sequence[int]) -> np.ndarray:
        """Return where pixels of a region of the fixed slide lie in the moving one: shape (2, rows, columns)."""
        rows, columns = (
            (first + np.arange(count, dtype=np.float64)).reshape(shape)
            for first, count, shape in zip(start, size, ((-1, 1), (1, -1)))
        )
        center, wave = (self.side - 1) / 2, 2 * np.pi / self.side
        rows, columns = (
            rows + 0.004 * self.side * np.sin(2 * wave * columns + 0.7),
            columns + 0.003 * self.side * np.sin(3 * wave * rows),
        )
        offset = rows - center, columns - center
        shift = 0.006 * self.side, -0.004 * self.side
        return np.stack(
            [center + move + line[0] * offset[0] + line[1] * offset[1] for line, move in zip(self._matrix, shift)]
        )

    def fixed(self, start: Sequence[int], size: Sequence[int]) -> np.ndarray:
        """Return a region of the fixed slide: uint8, shape (rows, columns, 3)."""
        return self._seen_at(self.places(start, size))

    def moving(self, start: Sequence[int], size: Sequence[int]) -> np.ndarray:
        """Return a region of the moving slide: uint8, shape (rows, columns, 3)."""
        return self._seen_at(np.indices(size, np.float64) + np.reshape(start, (2, 1, 1)))

    def _seen_at(self, places):
        shrunk = np.divide(self._section.shape, self.side).reshape(2, 1, 1)
        gray = ndimage.map_coordinates(self._section, (places + 0.5) * shrunk - 0.5, order=1, mode="nearest")
        gray += _TEXTURE * ndimage.map_coordinates(self._cells, places, order=1, mode="mirror")
        gray = np.clip(gray, 0, 1)[..., np.newaxis].astype(np.float32)
        return np.rint(_DARK.astype(np.float32) + (_BRIGHT - _DARK).astype(np.float32) * gray).astype(np.uint8)


def write_slides(
    folder: Path, slides: KnownSlides, tile: int, progress: Callable[[str], None] = lambda line: None
) -> tuple[Path, Path]:
    """Write both slides as pyramids in JPEG, as scanners do.

    Parameters
    ----------
    folder : Path
    slides : KnownSlides
    tile : int
        Side of the tiles.
    progress : callable, optional
        Says a line of text.

    Returns
    -------
    pair of Path
        The fixed and the moving slide.
    """
    from dirv_tf.io import ImageGeometry
    from dirv_tf.io.slide_blocks import SlideLayout
    from dirv_tf.io.slide_files import write_slide

    layout = SlideLayout((slides.side, slides.side), np.dtype(np.uint8), 3, "jpeg", tile)
    geometry = ImageGeometry.from_pixel_size((PIXEL_SIZE, PIXEL_SIZE))
    paths = folder / "fixed.tif", folder / "moving.tif"
    for path, make in zip(paths, (slides.fixed, slides.moving)):
        write_slide(path, layout, make, {"made": path.stem}, geometry)
        progress(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB")
    return paths
