"""Where the pixels of an image lie in the world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class ImageGeometry:
    """The affine map from pixels (array-axis order) to world coordinates (x, y[, z]; ITK's: LPS, mm).

    ``world = origin + axes @ index``. Where a file knows no pixel size, a pixel counts as 1 mm (`unit`).

    Parameters
    ----------
    origin : sequence of float, length r
        World position of pixel (0, ..., 0), in mm.
    axes : sequence of sequence of float, shape (r, r)
        Column ``i`` is the step in the world, in mm, of one pixel along array axis ``i``.

    Raises
    ------
    ValueError
        If the shapes do not fit each other, a number is not finite or the columns of `axes` lie in one plane.
    """

    origin: tuple[float, ...]
    axes: tuple[tuple[float, ...], ...]

    def __post_init__(self):
        origin, axes = np.asarray(self.origin, np.float64), np.asarray(self.axes, np.float64)
        if origin.shape not in ((2,), (3,)) or axes.shape != origin.shape * 2 or not _is_invertible(origin, axes):
            raise ValueError(
                "Expected an origin of r = 2 or 3 finite numbers and r x r axes that can be inverted. "
                f"Received: origin={self.origin}, axes={self.axes}"
            )
        object.__setattr__(self, "origin", tuple(origin.tolist()))
        object.__setattr__(self, "axes", tuple(map(tuple, axes.tolist())))

    @classmethod
    def unit(cls, rank: int) -> ImageGeometry:
        """Return the geometry of an image whose pixel size is not known: 1 mm per pixel, world axes along the array's.

        Parameters
        ----------
        rank : int
            2 or 3.

        Returns
        -------
        ImageGeometry
        """
        return cls.from_pixel_size((1.0,) * rank)

    @classmethod
    def from_pixel_size(cls, pixel_size) -> ImageGeometry:
        """Return the geometry with the given pixel size, the first pixel at zero and world axes along the array's.

        Parameters
        ----------
        pixel_size : sequence of float, length r
            In mm, array-axis order.

        Returns
        -------
        ImageGeometry
        """
        # x is the last array axis.
        axes = np.fliplr(np.diag(np.asarray(pixel_size, np.float64)[::-1]))
        return cls((0.0,) * len(pixel_size), tuple(map(tuple, axes.tolist())))

    @property
    def rank(self) -> int:
        """Number of spatial axes, 2 or 3."""
        return len(self.origin)

    @property
    def pixel_size(self) -> tuple[float, ...]:
        """Distance of neighboring pixels in mm, array-axis order."""
        return tuple(np.linalg.norm(self.axes, axis=0).tolist())

    def to_world(self, points: Any) -> np.ndarray:
        """Return the world coordinates of points.

        Parameters
        ----------
        points : array_like, shape (..., r)
            In pixels, array-axis order.

        Returns
        -------
        ndarray of float64, shape (..., r)
            In mm, world order (x, y[, z]).
        """
        return np.asarray(points, np.float64) @ np.transpose(self.axes) + self.origin

    def to_index(self, points: Any) -> np.ndarray:
        """Return the pixel coordinates of points of the world; the inverse of `to_world`.

        Parameters
        ----------
        points : array_like, shape (..., r)
            In mm, world order.

        Returns
        -------
        ndarray of float64, shape (..., r)
            In pixels, array-axis order.
        """
        return (np.asarray(points, np.float64) - self.origin) @ np.linalg.inv(self.axes).T

    def has_same_axes(self, other: ImageGeometry, tolerance: float = 1e-3) -> bool:
        """Return whether pixel size and directions agree; the origins may differ.

        Parameters
        ----------
        other : ImageGeometry
        tolerance : float
            Largest difference of a step, as a share of the pixel size along that axis.

        Returns
        -------
        bool
        """
        if self.rank != other.rank:
            return False
        steps = np.linalg.norm(np.subtract(self.axes, other.axes), axis=0)
        return bool(np.all(steps <= tolerance * np.asarray(self.pixel_size)))

    def is_close(self, other: ImageGeometry, tolerance: float = 1e-3) -> bool:
        """Return whether two geometries agree, origins included.

        Parameters
        ----------
        other : ImageGeometry
        tolerance : float
            As in `has_same_axes`; the origins may differ by this share of the smallest pixel size.

        Returns
        -------
        bool
        """
        if not self.has_same_axes(other, tolerance):
            return False
        return bool(np.linalg.norm(np.subtract(self.origin, other.origin)) <= tolerance * min(self.pixel_size))


def _is_invertible(origin, axes):
    if not (np.all(np.isfinite(origin)) and np.all(np.isfinite(axes))):
        return False
    pixel_size = np.linalg.norm(axes, axis=0)
    # Relative to the pixel size, which may be fractions of a micrometer.
    return bool(pixel_size.all()) and abs(np.linalg.det(axes / pixel_size)) > 1e-6
