"""Optimization of the field of one pair of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable, NamedTuple

import numpy as np

from dirv_tf.registration.optimization.control_grid import ControlGrid
from dirv_tf.registration.optimization.feature_images import POINTWISE, check_similarity, feature_images
from dirv_tf.registration.optimization.gauss_newton import Problem, minimize
from dirv_tf.registration.optimization.landmark_term import (
    LANDMARK_WEIGHT,
    PixelTargets,
    checked_landmarks,
    steps_after,
)
from dirv_tf.registration.optimization.warped_pair import WarpedPair, positions

# By measure of similarity, of the order of its squared differences, and by rank: the windows of volumes are smaller.
SMOOTHNESS = {
    "mse": {2: 0.001, 3: 0.004},
    "ncc": {2: 0.02, 3: 0.04},
    "lncc": {2: 1.0, 3: 0.5},
    "mind": {2: 0.5, 3: 1.0},
}


class OptimizedField(NamedTuple):
    """What `optimize_field` returns.

    Attributes
    ----------
    flow_field : np.ndarray, shape (n_1, ..., n_r, r)
        Backward, pixels, float32; the given field itself where no step lowered the energy.
    initial_energy, final_energy : float
        Before and after; never rising.
    """

    flow_field: np.ndarray
    initial_energy: float
    final_energy: float


def optimize_field(
    fixed: np.ndarray,
    moving: np.ndarray,
    flow_field: np.ndarray,
    steps: int = 20,
    similarity: str = "mse",
    smoothness: float | None = None,
    spacing: int = 4,
    mask: np.ndarray | None = None,
    moving_mask: np.ndarray | None = None,
    progress: Callable[[int, int], None] | None = None,
    landmarks: Sequence[np.ndarray] | None = None,
    landmark_weight: float = LANDMARK_WEIGHT,
) -> OptimizedField:
    """Improve the field of one pair by minimizing the difference of its images plus the roughness of the field.

    The energy is the mean over the pixels of ``sum_c (f_c(fixed) - f_c(warped))²`` with the features of the
    similarity, plus `smoothness` times the mean of ``sum_a |grad (u - A)_a|²``, where ``A`` is the affine field nearest
    to the given one: an affine map costs nothing, and what is not affine counts in pixels and along the axes of the
    fixed image. The features of "lncc" and "mind" are those of the moving image warped by the given field, and are
    warped further. Gauss-Newton steps on control points; the smallest energy seen counts, the start included.

    Parameters
    ----------
    fixed : np.ndarray, shape (n_1, ..., n_r), r = 2 or 3
        Intensities in [0, 1].
    moving : np.ndarray, shape (m_1, ..., m_r)
        Intensities in [0, 1]; may be of another size.
    flow_field : np.ndarray, shape (n_1, ..., n_r, r)
        Start: backward field in pixels, of a network or an affine map. Pixels that it takes from outside the moving
        image do not count.
    steps : int
        Most evaluations of the energy; 0 returns the start.
    similarity : {"mse", "ncc", "lncc", "mind"}
        "mse": intensities of one scale. "ncc": linear in each other. "lncc": locally linear, for stains and scanners.
        "mind": any contrast, also inverted.
    smoothness : float, optional
        Default: by the similarity and the rank, see `SMOOTHNESS`.
    spacing : int
        Control-point spacing in pixels.
    mask, moving_mask : np.ndarray of bool, optional
        Pixels of the fixed and of the moving image that count. Default: all.
    progress : callable, optional
        Called with the number of steps done and of all steps after each one.
    landmarks : pair of np.ndarray, shape (n, r), optional
        Of the fixed and of the moving image, pixels; equal rows correspond.
    landmark_weight : float
        Of the mean squared distance of the landmarks, in pixels of the fixed image, which is added to the energy.

    Returns
    -------
    OptimizedField

    Raises
    ------
    ValueError
        If the shapes do not fit each other, the masks leave no pixel or a setting is out of its range.

    Notes
    -----
    A smaller energy is no proof of a better field: measure against landmarks or labels where there are any.

    References
    ----------
    Siebert, Hansen, Heinrich, "Fast 3D registration with accurate optimisation and little learning for Learn2Reg 2021",
    MICCAI 2021, and Heinrich, Hansen, "Voxelmorph++", WBIR 2022, for a field of a network improved per pair.

    Examples
    --------
    >>> rows, columns = np.mgrid[:32, :32]
    >>> fixed, moving = (0.5 + 0.5 * np.sin((rows + shift) / 4) * np.cos(columns / 5) for shift in (0, 1))
    >>> result = optimize_field(fixed, moving, np.zeros((32, 32, 2)))
    >>> result.final_energy < 0.01 * result.initial_energy
    True
    """
    check_similarity(similarity)
    if not isinstance(steps, int) or steps < 0:
        raise ValueError(f"`steps` must be an integer from 0 on. Received: steps={steps!r}")
    pair = WarpedPair.make(fixed, moving, flow_field, mask, moving_mask)
    smoothness = checked_smoothness(smoothness, similarity, pair.fixed.ndim)
    grid = ControlGrid(pair.fixed.shape, (spacing,) * pair.fixed.ndim)
    pointwise = similarity in POINTWISE
    problem = Problem(
        feature_images(pair.fixed, similarity),
        feature_images(pair.original if pointwise else pair.moving, similarity),
        positions(grid.size) + (pair.halved_field(0) if pointwise else 0),
        pair.weights / pair.weights.mean(),
        grid,
        smoothness,
        pair.reference(grid),
        pair.matrix if pointwise else None,
        landmark_targets(pair, landmarks, landmark_weight, pointwise),
    )
    start = np.zeros((len(grid.shape), *grid.shape), np.float32)
    points, energies = minimize(problem, start, steps, progress and (lambda done: progress(done, steps)))
    if points is start:
        return OptimizedField(pair.flow_field, energies[0], energies[-1])
    found = grid.interpolate(points)
    return OptimizedField(pair.added(found) if pointwise else pair.composed(found), energies[0], energies[-1])


def landmark_targets(
    pair: WarpedPair, landmarks: Any, weight: float = LANDMARK_WEIGHT, pointwise: bool = True, level: int = 0
) -> PixelTargets | None:
    """Return where the control points' field should lead at the landmarks of a pair, or None without any.

    Parameters
    ----------
    pair : WarpedPair
    landmarks : pair of np.ndarray, shape (n, r), or None
    weight : float
    pointwise : bool
        Whether the control points' field is added to that of the pair, see `POINTWISE`.
    level : int
        How often the images are halved.

    Raises
    ------
    ValueError
        If the landmarks are no two arrays of one shape, or the weight is negative.
    """
    points = checked_landmarks(landmarks, pair.fixed.ndim, weight)
    if points is None:
        return None
    steps = steps_after(pair.flow_field, pair.matrix, *points, pointwise)
    size = tuple(-(-side // 2**level) for side in pair.fixed.shape)
    return PixelTargets.of(points[0] / 2**level, steps / 2**level, size, weight)


def checked_smoothness(smoothness: float | None, similarity: str, rank: int) -> float:
    """Return the smoothness, by default that of the similarity.

    Raises
    ------
    ValueError
        If it is negative.
    """
    smoothness = SMOOTHNESS[similarity][rank] if smoothness is None else smoothness
    if smoothness < 0:
        raise ValueError(f"`smoothness` must not be negative. Received: smoothness={smoothness!r}")
    return float(smoothness)
