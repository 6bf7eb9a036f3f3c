"""Linear maps from the pixels of the fixed image to those of the moving one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from dirv_tf.io import ImageGeometry

# A moving image is smoothed before it is sampled this much coarser than its own pixels, or structures would alias.
_COARSER = 1.25
# A map that shortens one direction this much against another one has pressed the image flat.
_FLAT = 1e-4


@dataclass(frozen=True, eq=False)
class LinearMap:
    """Fixed pixel ``p`` lies on moving pixel ``matrix p + translation``.

    Parameters
    ----------
    matrix : ndarray, shape (r, r)
    translation : ndarray, shape (r,), pixels
        Array-axis order, the first pixel at 0.

    Examples
    --------
    >>> shift = LinearMap(np.eye(2), np.array([1.0, 0.0]))
    >>> shift.after(shift).translation.tolist()
    [2.0, 0.0]
    """

    matrix: np.ndarray
    translation: np.ndarray

    @classmethod
    def identity(cls, rank: int) -> LinearMap:
        """Return the map that leaves all pixels where they are."""
        return cls(np.eye(rank), np.zeros(rank))

    @classmethod
    def between(cls, fixed: ImageGeometry, moving: ImageGeometry) -> LinearMap:
        """Return the map between the pixels of two images that lie at the same place of the world."""
        inverse = np.linalg.inv(moving.axes)
        return cls(inverse @ fixed.axes, inverse @ np.subtract(fixed.origin, moving.origin))

    @classmethod
    def nearest(cls, flow_field: np.ndarray) -> LinearMap:
        """Return the map nearest to a flow field: least squares over pixels on a coarse grid.

        Parameters
        ----------
        flow_field : ndarray, shape (n_1, ..., n_r, r), pixels

        Returns
        -------
        LinearMap

        Examples
        --------
        >>> shear = LinearMap(np.array([[1.0, 0.5], [-0.25, 2.0]]), np.array([3.0, 1.0]))
        >>> LinearMap.nearest(shear.flow_field((32, 24))).matrix.round(3).tolist()
        [[1.0, 0.5], [-0.25, 2.0]]
        """
        rank = flow_field.shape[-1]
        every = tuple(slice(None, None, max(1, side // 16)) for side in flow_field.shape[:-1])
        # Only the coarse grid's own coordinates, since those of all pixels would take more memory than the field.
        axes = [np.arange(side)[step] for side, step in zip(flow_field.shape[:-1], every)]
        places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, rank)
        targets = places + flow_field[every].reshape(-1, rank)
        basis = np.column_stack([places, np.ones(len(places))])
        affine = np.linalg.lstsq(basis, targets, rcond=None)[0]
        return cls(affine[:-1].T, affine[-1])

    @property
    def is_identity(self) -> bool:
        """Whether all pixels stay where they are."""
        return bool(np.array_equal(self.matrix, np.eye(len(self.matrix))) and not self.translation.any())

    @property
    def is_invertible(self) -> bool:
        """Whether the map does not press the image flat."""
        return bool(np.isfinite(self.matrix).all() and np.linalg.cond(self.matrix) < 1 / _FLAT)

    def after(self, first: LinearMap) -> LinearMap:
        """Return the map that applies `first`, then this one."""
        return LinearMap(self.matrix @ first.matrix, self.matrix @ first.translation + self.translation)

    def inverse(self) -> LinearMap:
        """Return the map from moving to fixed pixels."""
        inverse = np.linalg.inv(self.matrix)
        return LinearMap(inverse, -inverse @ self.translation)

    def applied(self, points: np.ndarray) -> np.ndarray:
        """Return where points of the fixed image lie in the moving one: shape (..., r), pixels."""
        return np.asarray(points, np.float64) @ self.matrix.T + self.translation

    def in_world(self, fixed: ImageGeometry, moving: ImageGeometry) -> tuple[np.ndarray, np.ndarray]:
        """Return the map between the worlds of the images: world point ``x`` goes to ``matrix x + translation``.

        Parameters
        ----------
        fixed, moving : ImageGeometry
            Of the images between whose pixels this is the map.

        Returns
        -------
        tuple of ndarray, shapes (r, r) and (r,)
            In mm, world order (x, y[, z]), as ITK counts.
        """
        matrix = np.asarray(moving.axes) @ self.matrix @ np.linalg.inv(fixed.axes)
        return matrix, moving.to_world(self.translation) - matrix @ np.asarray(fixed.origin)

    def flow_field(self, size: tuple[int, ...]) -> np.ndarray:
        """Return the map as a backward flow field of the fixed image.

        Parameters
        ----------
        size : tuple of int, length r

        Returns
        -------
        ndarray of float32, shape (n_1, ..., n_r, r), pixels
        """
        field = np.broadcast_to(self.translation.astype(np.float32), (*size, len(size))).copy()
        step = self.matrix - np.eye(len(size))
        for axis, side in enumerate(size):
            along = np.arange(side).reshape([-1 if other == axis else 1 for other in range(len(size))] + [1])
            field += (along * step[:, axis]).astype(np.float32)
        return field

    def composed(self, flow_field: np.ndarray) -> np.ndarray:
        """Return the whole map of a pair whose moving image was sampled by this map first, then warped by a field.

        Parameters
        ----------
        flow_field : ndarray, shape (n_1, ..., n_r, r), pixels
            Of the fixed image and the sampled moving one.

        Returns
        -------
        ndarray of float32, shape (n_1, ..., n_r, r), pixels
            From the fixed image to the moving image itself.
        """
        if self.is_identity:
            return flow_field
        return self.flow_field(flow_field.shape[:-1]) + (flow_field @ self.matrix.T).astype(np.float32)

    def decomposed(self, flow_field: np.ndarray) -> np.ndarray:
        """Return the field of the fixed image and the sampled moving one that belongs to a whole map.

        The inverse of `composed`: what a map is beyond this one, in pixels of the fixed image.

        Parameters
        ----------
        flow_field : ndarray, shape (n_1, ..., n_r, r), pixels
            From the fixed image to the moving image itself.

        Returns
        -------
        ndarray of float32, shape (n_1, ..., n_r, r), pixels
        """
        if self.is_identity:
            return flow_field
        rest = flow_field - self.flow_field(flow_field.shape[:-1])
        return (rest @ np.linalg.inv(self.matrix).T).astype(np.float32)

    def sampled(self, image: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
        """Sample the moving image on the fixed image's grid: linear, clamped to the border, smoothed where it is finer.

        Parameters
        ----------
        image : ndarray of float32, shape (m_1, ..., m_r)
        size : tuple of int, length r
            Of the fixed image.

        Returns
        -------
        ndarray of float32, shape (n_1, ..., n_r)
        """
        if self.is_identity and image.shape == tuple(size):
            return image
        # Steps of the fixed grid in moving pixels, along the moving image's axes.
        steps = np.abs(self.matrix).max(axis=1)
        if (steps > _COARSER).any():
            image = ndimage.gaussian_filter(image, 0.5 * np.sqrt(np.maximum(steps**2 - 1, 0)), mode="nearest")
        return ndimage.affine_transform(
            image, self.matrix, self.translation, tuple(size), np.float32, order=1, mode="nearest"
        )

    def overlap(self, size: tuple[int, ...], moving_size: tuple[int, ...]) -> np.ndarray:
        """Return which pixels of the fixed image lie in the moving image: bool, shape (n_1, ..., n_r)."""
        return inside(self.flow_field(size), moving_size)


def inside(flow_field: np.ndarray, moving_size: tuple[int, ...]) -> np.ndarray:
    """Return where a flow field points into the moving image.

    Parameters
    ----------
    flow_field : ndarray, shape (n_1, ..., n_r, r), pixels
    moving_size : tuple of int, length r

    Returns
    -------
    ndarray of bool, shape (n_1, ..., n_r)
    """
    size = flow_field.shape[:-1]
    within = np.ones(size, bool)
    for axis, side in enumerate(moving_size):
        along = np.arange(size[axis], dtype=np.float32).reshape([-1 if o == axis else 1 for o in range(len(size))])
        places = flow_field[..., axis] + along
        within &= (places >= -0.5) & (places <= side - 0.5)
    return within
