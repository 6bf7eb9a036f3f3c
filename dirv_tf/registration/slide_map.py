"""The map of a pair at full resolution, from the field of its levels, region by region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dirv_tf.io import FlowFieldFile, SlideLevel


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
