"""Affine maps between two images, many at once, improved by Gauss-Newton steps on squared differences."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

# Part of a window that must lie in the moving image.
_LEAST_INSIDE = 0.4
_STEPS, _DAMPING, _LESS, _MORE, _MOST = 12, 1e-3, 0.25, 8.0, 10.0
# A step that lowers an error by a smaller share is the last one.
_TOLERANCE = 0.005
# Of larger windows every second pixel along each axis counts: six unknowns need no more.
_LARGEST_WINDOW = 48
# Beyond twice what is known, a map has collapsed onto a detail.
_LARGEST_SCALE = 2.0


class Poses(NamedTuple):
    """Linear maps from fixed to moving pixels.

    Attributes
    ----------
    matrices : ndarray, shape (K, 2, 2)
    translations : ndarray, shape (K, 2)
    errors : ndarray, shape (K,)
        The mean squared difference that each leaves in a part of the fixed image.
    """

    matrices: np.ndarray
    translations: np.ndarray
    errors: np.ndarray

    def chosen(self, order: slice | np.ndarray) -> Poses:
        """Return some of them, in the order of an index."""
        return Poses(self.matrices[order], self.translations[order], self.errors[order])


class Window(NamedTuple):
    """A part of the fixed image.

    Attributes
    ----------
    first : ndarray, shape (2,)
        Its first pixel.
    values, weights : ndarray, shape (h, w)
        Intensities, and how much each counts.
    """

    first: np.ndarray
    values: np.ndarray
    weights: np.ndarray

    @property
    def middle(self) -> np.ndarray:
        """Where its middle lies in the fixed image: shape (2,), pixels."""
        return self.first + (np.array(self.values.shape) - 1) / 2

    @property
    def variance(self) -> float:
        """The weighted variance of its intensities."""
        mean = np.average(self.values, weights=self.weights)
        return float(np.average(np.square(self.values - mean), weights=self.weights))


def fitted_poses(moving: np.ndarray, counted: np.ndarray, window: Window, poses: Poses, scale: float = 1.0) -> Poses:
    """Improve maps by damped Gauss-Newton steps, all at once.

    Parameters
    ----------
    moving : ndarray, shape (m_1, m_2)
    counted : ndarray, shape (m_1, m_2)
        How much each pixel of the moving image counts.
    window : Window
        The part of the fixed image to compare with.
    poses : Poses
    scale : float
        Pixels of the moving image per pixel of the fixed one, about.

    Returns
    -------
    Poses
        Smallest error first; without those that shrink or enlarge more than twice beyond `scale`, and one of those
        within a pixel.
    """
    if not poses.errors.size:
        return poses
    side = np.array(window.values.shape)
    middle, radius = (side - 1) / 2, side.max() / 2
    every = (slice(None, None, 2 if side.max() > _LARGEST_WINDOW else 1),) * 2
    places = np.indices(window.values.shape)[(slice(None), *every)].reshape(2, -1) - middle[:, None]
    basis = np.concatenate([places / radius, np.ones_like(places[:1])]).astype(np.float32)
    # Columns: what multiplies the place, in units of the window, and where the middle lies.
    unknowns = np.concatenate(
        [poses.matrices * radius, (poses.matrices @ window.middle + poses.translations)[..., None]], -1
    )
    values, weights = (each[every].ravel() for each in (window.values, window.weights))
    damping = np.full(len(unknowns), _DAMPING)
    errors, matrices, forces = _equations(moving, counted, unknowns, basis, values, weights)
    for _ in range(_STEPS):
        active = np.flatnonzero(np.isfinite(errors) & (damping < _MOST))
        if not active.size:
            break
        diagonal = np.einsum("kii->ki", matrices[active]) + 1e-9
        damped = matrices[active] + np.einsum("ki,ij->kij", damping[active, None] * diagonal, np.eye(6))
        steps = np.linalg.solve(damped, forces[active, :, None]).reshape(-1, 2, 3)
        tried = unknowns[active] - steps
        error, matrix, force = _equations(moving, counted, tried, basis, values, weights)
        better = error < errors[active]
        enough = better & (error > (1 - _TOLERANCE) * errors[active])
        kept = active[better]
        unknowns[kept], errors[kept], matrices[kept], forces[kept] = (
            each[better] for each in (tried, error, matrix, force)
        )
        damping[active] = np.where(better, np.maximum(damping[active] * _LESS, 1e-6), damping[active] * _MORE)
        damping[active[enough]] = math.inf
    found = unknowns[..., :2] / radius
    translations = unknowns[..., 2] - found @ window.middle
    return _distinct(Poses(found, translations, errors), window.middle, radius, scale)


def _equations(moving, there, unknowns, basis, values, weights):
    """Return errors (K,), and the normal equations of squared differences: (K, 6, 6) and (K, 6)."""
    coordinates = unknowns.astype(np.float32) @ basis
    value, slopes = _with_slopes(moving, coordinates)
    last = np.array(moving.shape)[:, None] - 1
    nearest = np.clip(np.rint(coordinates), 0, last).astype(np.intp)
    inside = ((coordinates >= 0) & (coordinates <= last)).all(axis=1)
    counted = weights * inside * there[nearest[:, 0], nearest[:, 1]]
    area = counted.sum(axis=-1)
    left = value - values
    errors = np.where(
        area >= _LEAST_INSIDE * weights.sum(),
        (counted * left**2).sum(axis=-1) / np.maximum(area, 1e-6),
        np.inf,
    )
    rows = (slopes[:, :, None] * basis[None, None]).reshape(len(unknowns), 6, -1)
    weighted = rows * counted[:, None]
    products = weighted @ rows.transpose(0, 2, 1), (weighted @ left[..., None])[..., 0]
    return errors.astype(float), *(product.astype(float) for product in products)


def _with_slopes(image, coordinates):
    """Return the values of an image between its pixels, (K, P), and their true slopes, (K, 2, P)."""
    size = np.array(image.shape)
    clamped = np.clip(coordinates, 0, (size - 1.001)[:, None])
    corner = clamped.astype(np.intp)
    part = (clamped - corner).astype(np.float32)
    flat, index = image.ravel(), corner[:, 0] * size[1] + corner[:, 1]
    first, right, below, last = (flat[index + step] for step in (0, 1, size[1], size[1] + 1))
    along, across = part[:, 1], part[:, 0]
    upper, lower = first + along * (right - first), below + along * (last - below)
    slopes = np.stack([lower - upper, right - first + across * (last - below - right + first)], axis=1)
    return upper + across * (lower - upper), slopes


def _distinct(poses, middle, radius, scale):
    """Return possible poses, best first, one of those within a pixel."""
    scales = np.linalg.svd(poses.matrices / scale, compute_uv=False)
    possible = np.isfinite(poses.errors) & (scales.min(axis=1) > 1 / _LARGEST_SCALE)
    possible &= scales.max(axis=1) < _LARGEST_SCALE
    poses = poses.chosen(np.flatnonzero(possible))
    poses = poses.chosen(np.argsort(poses.errors, kind="stable"))
    centers, kept = poses.matrices @ middle + poses.translations, []
    for number in range(len(poses.errors)):
        turned = np.abs(poses.matrices[kept] - poses.matrices[number]).max(axis=(1, 2)) * radius
        if (turned + np.abs(centers[kept] - centers[number]).max(axis=1) > 1).all():
            kept.append(number)
    return poses.chosen(np.array(kept, np.intp))
