"""Optimization of one pair's field to the last fraction of a pixel, for two images of one contrast."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Callable

import numpy as np
from scipy.special import gammaincinv

from dirv_tf.registration.optimization.control_grid import ControlGrid, bending_diagonal, bending_force
from dirv_tf.registration.optimization.gauss_newton import conjugate_gradients, sample
from dirv_tf.registration.optimization.instance_optimization import OptimizedField
from dirv_tf.registration.optimization.landmark_term import LANDMARK_WEIGHT, PixelTargets, checked_landmarks
from dirv_tf.registration.optimization.warped_pair import WarpedPair, positions

# Bending energy against noise: the smoothness is this many square pixels times the variance of the noise, and never
# less than that of rounding and interpolation.
_OF_NOISE, _LEAST = {2: 600.0, 3: 100.0}, 6e-4
# Levenberg-Marquardt damping in units of the mean diagonal, and its factors after a step that lowered or raised the
# energy; where it ends, and the share of the energy that ends it. In volumes steps take long, and those that gain less
# hardly change the field. Where most of the energy is noise, a smaller share of it still does.
_DAMPING, _LESS, _MORE, _MOST = 1e-3, 0.3, 10.0, 1e4
_TOLERANCE, _TOLERANCE_IN_NOISE = {2: 1e-3, 3: 3e-2}, {2: 1e-4, 3: 3e-2}
_CONJUGATE_STEPS, _RESIDUAL = 30, 1e-1


def optimize_cubic(
    fixed: np.ndarray,
    moving: np.ndarray,
    flow_field: np.ndarray,
    steps: int = 20,
    smoothness: float | None = None,
    spacing: int = 4,
    mask: np.ndarray | None = None,
    moving_mask: np.ndarray | None = None,
    progress: Callable[[int, int], None] | None = None,
    halvings: int = 0,
    landmarks: Sequence[np.ndarray] | None = None,
    landmark_weight: float = LANDMARK_WEIGHT,
) -> OptimizedField:
    """Improve a field that nearly fits, of two images of one contrast, as far as their intensities allow.

    The energy is the mean squared difference plus `smoothness` times the mean bending energy of the control points of
    cubic B-splines. Its Gauss-Newton steps take the slopes of the moving image where it is sampled and the whole matrix
    of the data term: `optimize_field` replaces both by what reaches farther from a bad start, and stops earlier.

    Parameters
    ----------
    fixed : np.ndarray, shape (n_1, ..., n_r), r = 2 or 3
        Intensities in [0, 1].
    moving : np.ndarray, shape (m_1, ..., m_r)
        Intensities in [0, 1]; may be of another size.
    flow_field : np.ndarray, shape (n_1, ..., n_r, r)
        Start: backward field in pixels. Pixels that it takes from outside the moving image do not count.
    steps : int
        Most evaluations of the energy, twice as many where there is noise; 0 returns the start.
    smoothness : float, optional
        Weight of the bending energy, square pixels. Default: 0.0006, or 600 times (in volumes 100 times) the variance
        of the noise that this leaves (see `noise_variance`), if that is more: then all is repeated with it.
    spacing : int
        Control-point spacing in pixels.
    mask, moving_mask : np.ndarray of bool, optional
        Pixels of the fixed and of the moving image that count. Default: all.
    progress : callable, optional
        Called with the number of steps done and of all steps after each one.
    halvings : int
        How often the images are halved first, for large ones. The control points are then `spacing` coarse pixels
        apart, and the smoothness and both energies are those of the coarse images.
    landmarks, landmark_weight
        As of `optimize_field`, with distances in pixels of the moving image.

    Returns
    -------
    OptimizedField
        The given field itself where its energy is the smaller one.

    Raises
    ------
    ValueError
        If the shapes do not fit each other, the masks leave no pixel or a setting is out of its range.

    References
    ----------
    Rueckert et al., "Nonrigid registration using free-form deformations: application to breast MR images", IEEE
    Transactions on Medical Imaging 18 (8), 1999.

    Examples
    --------
    >>> rows, columns = np.mgrid[:32, :32]
    >>> fixed, moving = (0.5 + 0.5 * np.sin((rows + shift) / 4) * np.cos(columns / 5) for shift in (0, 1))
    >>> result = optimize_cubic(fixed, moving, np.zeros((32, 32, 2)))
    >>> bool(np.abs(result.flow_field[8:-8, 8:-8] - [-1, 0]).max() < 0.02)
    True
    """
    if not isinstance(steps, int) or steps < 0:
        raise ValueError(f"`steps` must be an integer from 0 on. Received: steps={steps!r}")
    if smoothness is not None and smoothness < 0:
        raise ValueError(f"`smoothness` must not be negative. Received: smoothness={smoothness!r}")
    if not isinstance(halvings, int) or halvings < 0:
        raise ValueError(f"`halvings` must be an integer from 0 on. Received: halvings={halvings!r}")
    pair = WarpedPair.make(fixed, moving, flow_field, mask, moving_mask)
    images, field = pair.pyramid(halvings)[-1], pair.halved_field(halvings)
    rank, size = pair.fixed.ndim, images[0].shape
    grid = ControlGrid(size, (spacing,) * rank, degree=3)
    start, energy = grid.fit(field), np.inf
    targets = _landmark_targets(landmarks, landmark_weight, size, halvings)
    problem = _Problem(*images, grid, _LEAST if smoothness is None else smoothness, targets)
    if steps:
        tolerance = _TOLERANCE_IN_NOISE if smoothness else _TOLERANCE
        points, energy = problem.minimized(start, steps, progress, tolerance[rank])
        if smoothness is None:
            # What is left where the field is free to follow everything is noise.
            noise = noise_variance(images[0], problem.warped(grid.interpolate(points)), images[1] > 0.5)
            if _OF_NOISE[rank] * noise > _LEAST:
                problem = _Problem(*images, grid, _OF_NOISE[rank] * noise, targets)
                points, energy = problem.minimized(start, steps, progress, _TOLERANCE_IN_NOISE[rank])
    given = problem.data_term(problem.warped(field), field) + problem.smoothness * problem.bending(start)[0]
    if not energy < given:
        return OptimizedField(pair.flow_field, given, given)
    return OptimizedField(np.moveaxis(_doubled(points, grid, halvings, pair.fixed.shape), 0, -1), given, energy)


def _landmark_targets(landmarks, weight, size, halvings):
    points = checked_landmarks(landmarks, len(size), weight)
    if points is None:
        return None
    return PixelTargets.of(points[0] / 2**halvings, (points[1] - points[0]) / 2**halvings, size, weight)


def _doubled(points, grid, halvings, size):
    """Return the field (r, n_1, ..., n_r) of control points over the image halved so often."""
    full = ControlGrid(size, [step * 2**halvings for step in grid.spacing], degree=3)
    # The last pixel of the whole image may lie behind that of the halved one, and ask for one more control point.
    padding = [(0, 0), *((0, more - there) for more, there in zip(full.shape, grid.shape))]
    return full.interpolate(2**halvings * np.pad(points, padding, mode="reflect", reflect_type="odd"))


def noise_variance(fixed: np.ndarray, registered: np.ndarray, counted: np.ndarray, quantile: float = 0.5) -> float:
    """Return the variance of what differs between two images where they have structure and fit, if most of it fits.

    Parameters
    ----------
    fixed, registered : ndarray, shape (n_1, ..., n_r)
    counted : ndarray of bool, shape (n_1, ..., n_r)
        Pixels that count.
    quantile : float
        A smaller one allows for more places that do not fit.

    Returns
    -------
    float
        From the median, or that quantile, of the squared differences of the half of the pixels that has the steeper
        slopes: an empty background has no noise, and would be most of some images.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> image, noise = rng.random((50, 50)), rng.normal(scale=0.1, size=(50, 50))
    >>> noise[:10] = 5
    >>> 0.009 < noise_variance(image, image + noise, np.ones((50, 50), bool)) < 0.015
    True
    """
    slopes = sum(np.square(slope) for slope in np.gradient(fixed))[counted]
    differences = np.square(fixed - registered)[counted]
    if not slopes.any():
        return 0.0
    steep = differences[slopes >= np.median(slopes[slopes > 0])]
    # By that quantile of the chi-squared distribution with one degree of freedom; `scipy.stats` takes long to load.
    return float(np.quantile(steep, quantile) / (2 * gammaincinv(0.5, quantile)))


class _Problem:
    """The energy of control points, and the steps that lower it."""

    def __init__(self, fixed, weights, moving, grid, smoothness, landmarks=None):
        self._landmarks = landmarks
        self._fixed, self._moving = fixed, np.ascontiguousarray(moving)
        self._weights = weights / weights.mean()
        self._positions, self._grid, self.smoothness = positions(grid.size), grid, smoothness
        self._bending_weight = np.float32(smoothness * np.prod(grid.size) / np.prod(grid.shape))

    def data_term(self, warped, field):
        """Return the mean squared difference, and that of the landmarks."""
        squares = float(np.vdot(np.square(self._fixed - warped), self._weights)) / warped.size
        return squares if self._landmarks is None else squares + self._landmarks.energy(field)

    def bending(self, points):
        force = bending_force(points, self._grid.spacing)
        return float(np.vdot(points, force)) / np.prod(self._grid.shape), force

    def warped(self, field):
        return sample(self._moving, self._positions + field)

    def _evaluate(self, points):
        field = self._grid.interpolate(points)
        warped = self.warped(field)
        bending, force = self.bending(points)
        return self.data_term(warped, field) + self.smoothness * bending, (self._positions + field, warped, force)

    def minimized(self, points, steps, progress, tolerance):
        energy, state = self._evaluate(points)
        damping, equations = _DAMPING, None
        for step in range(1, steps + 1):
            equations = equations or self._equations(*state)
            candidate = points + self._solve(*equations, damping)
            lower, new_state = self._evaluate(candidate)
            if progress is not None:
                progress(step, steps)
            if not lower < energy:
                damping *= _MORE
                if damping > _MOST:
                    break
                continue
            small = lower > (1 - tolerance) * energy
            points, energy, state, equations, damping = candidate, lower, new_state, None, damping * _LESS
            if small or energy == 0:
                break
        return points, energy

    def _equations(self, coordinates, warped, bending_force_there):
        slopes = _slopes_at(self._moving, coordinates)
        pixel_force, squares = self._weights * (self._fixed - warped) * slopes, self._weights * slopes**2
        if self._landmarks is not None:
            pixel_force += self._landmarks.force(coordinates - self._positions)
            squares += self._landmarks.weights
        force, diagonal = self._grid.gather(pixel_force), self._grid.gather(squares)
        return force - self._bending_weight * bending_force_there, diagonal, slopes

    def _solve(self, force, diagonal, slopes, damping):
        """Solve for the step by conjugate gradients, preconditioned by the diagonal."""
        damping = np.float32(damping * float(diagonal.mean()) + 1e-12)
        inverse = 1 / (diagonal + damping + self._bending_weight * np.float32(bending_diagonal(self._grid.spacing)))
        weighted = self._weights * slopes

        def apply(step):
            field = self._grid.interpolate(step)
            along = field[0] * slopes[0]
            for one, other in zip(field[1:], slopes[1:]):
                along += one * other
            pulled = along * weighted
            if self._landmarks is not None:
                pulled += self._landmarks.weights * field
            stiff = self._bending_weight * bending_force(step, self._grid.spacing)
            return self._grid.gather(pulled) + damping * step + stiff

        return conjugate_gradients(apply, force, inverse, _CONJUGATE_STEPS, _RESIDUAL)


def _slopes_at(values, coordinates):
    """Return the derivatives (r, ...) of the linear interpolation of an array at coordinates (r, ...)."""
    rank, last = values.ndim, np.array(values.shape).reshape(-1, *[1] * (coordinates.ndim - 1)) - 1
    clipped = np.clip(coordinates, 0, last.astype(np.float32))
    low = clipped.astype(np.intp)
    beyond = clipped - low.astype(np.float32)
    # Places in the flat array of the pixels on both sides, per axis.
    strides = np.cumprod([1, *values.shape[:0:-1]])[::-1]
    high = np.minimum(low + 1, last)
    places = [(low[axis] * stride, high[axis] * stride) for axis, stride in enumerate(strides)]
    flat = values.ravel()
    # One axis after the other halves the corners; from here on, they also have slopes along the axes before.
    corners = [
        [flat.take(sum(place[side] for place, side in zip(places, sides)))]
        for sides in itertools.product((0, 1), repeat=rank)
    ]
    for axis in range(rank):
        half = len(corners) // 2
        corners = [
            [*(one + beyond[axis] * (two - one) for one, two in zip(here, there)), there[0] - here[0]]
            for here, there in zip(corners[:half], corners[half:])
        ]
    slopes = np.stack(corners[0][1:])
    return np.multiply(slopes, coordinates == clipped, out=slopes)
