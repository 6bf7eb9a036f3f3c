"""A pair of images after a first field: what is left to be registered."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.ndimage import convolve1d

from dirv_tf.registration.optimization.control_grid import ControlGrid
from dirv_tf.registration.optimization.gauss_newton import sample, turned

# Binomial smoothing before every second pixel is kept, of images with sides up to a length and of larger ones.
_SMALL, _TAPS = 10, ((0.25, 0.5, 0.25), (0.0625, 0.25, 0.375, 0.25, 0.0625))
# Pixels per axis to which an affine map is fitted, and the determinant below which it says nothing about directions.
_FITTED, _DEGENERATE = 32, 1e-2


class WarpedPair(NamedTuple):
    """Two images on the grid of the fixed one, and the field that brought the moving one there.

    Attributes
    ----------
    fixed, moving : np.ndarray, shape (n_1, ..., n_r), float32
    weights : np.ndarray, shape (n_1, ..., n_r), float32
        1 where both images have a pixel that counts, 0 elsewhere.
    flow_field : np.ndarray, shape (n_1, ..., n_r, r), float32
        That warped the moving image, pixels.
    original : np.ndarray, shape (m_1, ..., m_r), float32
        The moving image before.
    matrix : np.ndarray, shape (r, r), float32, or None
        Of the affine map nearest to the field: by it, a step in the fixed image is one in the moving image. None for
        the identity.
    """

    fixed: np.ndarray
    moving: np.ndarray
    weights: np.ndarray
    flow_field: np.ndarray
    original: np.ndarray
    matrix: np.ndarray | None = None

    @classmethod
    def make(cls, fixed, moving, flow_field, mask=None, moving_mask=None) -> WarpedPair:
        """Check arrays and warp the moving image by the field.

        Raises
        ------
        ValueError
            If the shapes do not fit each other or no pixel counts.
        """
        fixed, moving, flow_field = (np.asarray(values, np.float32) for values in (fixed, moving, flow_field))
        _check_shapes(fixed, moving, flow_field, mask, moving_mask)
        coordinates = positions(fixed.shape) + np.moveaxis(flow_field, -1, 0)
        weights = np.ones(fixed.shape, np.float32) if mask is None else np.asarray(mask, np.float32)
        for values, side in zip(coordinates, moving.shape):
            weights = weights * ((values >= 0) & (values <= side - 1))
        if moving_mask is not None:
            weights = weights * (sample(np.asarray(moving_mask, np.float32), coordinates) > 0.5)
        if not weights.any():
            raise ValueError(
                "no pixel is left to compare: the masks and the start must leave a part of the fixed image that lies "
                f"in the moving one. Received: fixed.shape={fixed.shape}, moving.shape={moving.shape}"
            )
        warped = sample(moving, coordinates)
        if mask is not None:
            # So that windows and slopes that reach into what does not count find nothing there either.
            fixed = np.where(mask, fixed, warped)
        return cls(fixed, warped, weights.astype(np.float32), flow_field, moving, _steps(flow_field))

    def composed(self, field: np.ndarray) -> np.ndarray:
        """Return the field (n_1, ..., n_r, r) that warps by `flow_field`, then by `field` (r, n_1, ..., n_r)."""
        coordinates = positions(self.fixed.shape) + field
        total = [sample(np.ascontiguousarray(values), coordinates) for values in np.moveaxis(self.flow_field, -1, 0)]
        total = np.stack(total) + field
        if self.matrix is not None:
            # Beyond the border the field goes on as its affine part does, which may be a rotation.
            last = np.array(self.fixed.shape, np.float32).reshape(-1, *[1] * self.fixed.ndim) - 1
            beyond = coordinates - np.clip(coordinates, 0, last)
            total += turned(self.matrix - np.eye(len(last), dtype=np.float32), beyond)
        return np.moveaxis(total, 0, -1)

    def added(self, field: np.ndarray) -> np.ndarray:
        """Return the sum (n_1, ..., n_r, r) of `flow_field` and `matrix` times `field` (r, n_1, ..., n_r)."""
        return self.flow_field + np.moveaxis(turned(self.matrix, field), 0, -1)

    def pyramid(self, count: int, warped: bool = False) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Return fixed image, weights and moving image, halved 0 to `count` times.

        Parameters
        ----------
        count : int
        warped : bool
            Whether the moving image is that on the grid of the fixed one, instead of the original.
        """
        fixed = _halved(np.stack([self.fixed, self.weights], axis=-1), count)
        moving = _halved((self.moving if warped else self.original)[..., None], count)
        return [(*np.moveaxis(one, -1, 0), two[..., 0]) for one, two in zip(fixed, moving)]

    def halved_field(self, level: int) -> np.ndarray:
        """Return `flow_field` (r, n_1, ..., n_r) on the image halved `level` times, in pixels of that level."""
        every = (slice(None), *(slice(None, None, 2**level),) * self.fixed.ndim)
        return np.moveaxis(self.flow_field, -1, 0)[every] / np.float32(2**level)

    def reference(self, grid: ControlGrid, level: int = 0) -> np.ndarray:
        """Return what of `flow_field` is not affine, as steps in the fixed image, at control points (r, g_1, ..., g_r).

        Parameters
        ----------
        grid : ControlGrid
            Over the image halved `level` times.
        level : int
            The result is in pixels of that level.
        """
        rest = without_affine(grid.fit(self.halved_field(level)))
        return rest if self.matrix is None else turned(np.linalg.inv(self.matrix), rest)


def without_affine(points: np.ndarray) -> np.ndarray:
    """Return what of control points (r, g_1, ..., g_r) is no affine map of their places, in the sense of squares."""
    places = positions(points.shape[1:]).reshape(points.ndim - 1, -1)
    basis = np.concatenate([np.ones_like(places[:1]), places]).T.astype(np.float64)
    values = points.reshape(len(points), -1).T
    affine = basis @ np.linalg.lstsq(basis, values, rcond=None)[0]
    return (values - affine).T.reshape(points.shape).astype(np.float32)


def positions(size) -> np.ndarray:
    """Return the pixel coordinates (r, n_1, ..., n_r) of an array."""
    return np.stack(np.meshgrid(*[np.arange(side, dtype=np.float32) for side in size], indexing="ij"))


def _halved(values, count):
    """Halve channels (n_1, ..., n_r, C) again and again."""
    images = [values]
    for _ in range(count):
        images.append(halved(images[-1]))
    return images


def halved(values: np.ndarray) -> np.ndarray:
    """Return channels (n_1, ..., n_r, C) halved as by `geometry.downsample_image`, in a tenth of its time if small."""
    taps = _TAPS[max(values.shape[:-1]) > _SMALL]
    for axis in range(values.ndim - 1):
        values = convolve1d(values, taps, axis=axis, mode="mirror")[(slice(None),) * axis + (slice(None, None, 2),)]
    return values


def _steps(flow_field):
    if not flow_field.any():
        return None
    size = flow_field.shape[:-1]
    every = tuple(slice(None, None, max(1, side // _FITTED)) for side in size)
    places = np.moveaxis(positions(size)[(slice(None), *every)], 0, -1).reshape(-1, len(size)).astype(np.float64)
    basis = np.column_stack([places, np.ones(len(places))])
    matrix = np.linalg.lstsq(basis, places + flow_field[every].reshape(places.shape), rcond=None)[0][:-1].T
    return matrix.astype(np.float32) if abs(np.linalg.det(matrix)) > _DEGENERATE else None


def _check_shapes(fixed, moving, flow_field, mask, moving_mask):
    if fixed.ndim not in (2, 3) or moving.ndim != fixed.ndim:
        raise ValueError(
            f"`fixed` and `moving` must be images (n_1, ..., n_r) of one rank, r = 2 or 3. "
            f"Received: fixed.shape={fixed.shape}, moving.shape={moving.shape}"
        )
    if flow_field.shape != (*fixed.shape, fixed.ndim):
        raise ValueError(
            f"the field must have one vector per pixel of the fixed image, shape {(*fixed.shape, fixed.ndim)}. "
            f"Received: flow_field.shape={flow_field.shape}"
        )
    for name, image, given in (("mask", fixed, mask), ("moving_mask", moving, moving_mask)):
        if given is not None and np.shape(given) != image.shape:
            raise ValueError(f"`{name}` must have the shape {image.shape}. Received: {name}.shape={np.shape(given)}")
