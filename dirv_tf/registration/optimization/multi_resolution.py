"""Registration of one pair by optimization from coarse to fine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, NamedTuple

import numpy as np

from dirv_tf.registration.optimization.control_grid import ControlGrid
from dirv_tf.registration.optimization.feature_images import POINTWISE, check_similarity, feature_images
from dirv_tf.registration.optimization.gauss_newton import Problem, evaluate, minimize, sample
from dirv_tf.registration.optimization.instance_optimization import checked_smoothness, landmark_targets
from dirv_tf.registration.optimization.warped_pair import WarpedPair, positions, without_affine


class Effort(NamedTuple):
    """How much is computed.

    Attributes
    ----------
    steps : int
        Most evaluations of the energy on the finest level; one more per coarser level.
    finest_side : int
        Images are halved until the longest side is at most that many pixels.
    more_rounds : int
        Added to `ROUNDS`.
    """

    steps: int
    finest_side: int
    more_rounds: int


EFFORTS = {"fast": Effort(4, 256, 0), "default": Effort(5, 1024, 0), "best": Effort(5, 2048, 1)}
# How often the pair is registered by rank, starting from the field before. Sections deform little, organs of different
# people much: only the fields of a round are kept smooth, so that several together reach farther without folding.
ROUNDS = {2: 1, 3: 5}
# Distances of the control points, one after the other, on the coarsest level and on finer ones. Intensities repeat
# themselves wherever a pattern does: few control points find out first where it lies on the whole. So do volumes,
# whatever is compared, since organs of different people lie differently.
_WIDE_TO_NARROW, _VOLUMES, _NARROW = ((16, 8, 4), (8, 4)), ((8, 4), (4,)), ((4,), (4,))
# The coarsest level: no side below the first, no need for more levels once the longest is at most the second.
_SHORTEST, _COARSE = 16, 64
# The smoothness grows with every coarser level: coarse structures say little about fine deformation.
_GROWTH = np.sqrt(2.0)


def register_multi_resolution(
    fixed: np.ndarray,
    moving: np.ndarray,
    start_field: np.ndarray | None = None,
    similarity: str = "lncc",
    effort: str = "default",
    smoothness: float | None = None,
    mask: np.ndarray | None = None,
    moving_mask: np.ndarray | None = None,
    progress: Callable[[int, int], None] | None = None,
    levels: int | None = None,
    landmarks: Sequence[np.ndarray] | None = None,
) -> np.ndarray:
    """Register a pair without a network: the energy of `optimize_field`, minimized from coarse to fine.

    Every level halves the images, down to about 64 pixels, and has a control point every 4 of its pixels; its field is
    the start of the next finer one. Where intensities are compared, every level starts with control points that are 8
    pixels apart, the coarsest with 16, and what the field has of an affine map by then costs nothing; in volumes, the
    coarsest level starts with control points that are 8 voxels apart.

    Parameters
    ----------
    fixed : np.ndarray, shape (n_1, ..., n_r), r = 2 or 3
        Intensities in [0, 1].
    moving : np.ndarray, shape (m_1, ..., m_r)
        Intensities in [0, 1]; may be of another size.
    start_field : np.ndarray, shape (n_1, ..., n_r, r), optional
        Backward field to start from, pixels, for example of an affine map. Default: zero.
    similarity, smoothness, mask, moving_mask
        As of `optimize_field`.
    effort : {"default", "fast", "best"}
        "fast" stops at 256 pixels along the longest side, "default" at 1024, "best" at 2048; "best" registers
        the result once more, for large deformations.
    progress : callable, optional
        Called with the number of levels done and of all levels, over all rounds, after each one.
    levels : int, optional
        Most levels, for a start that needs no search from afar. Default: as many as the size allows.
    landmarks : pair of np.ndarray, shape (n, r), optional
        As of `optimize_field`: a term of the energy on every level.

    Returns
    -------
    np.ndarray, shape (n_1, ..., n_r, r), float32
        Backward field, pixels; the start where its energy on the finest level is the smaller one.

    Raises
    ------
    ValueError
        As `optimize_field`, and for an unknown effort.

    Notes
    -----
    Nothing is traced or compiled: the first pair takes as long as any other.

    Examples
    --------
    >>> rows, columns = np.mgrid[:64, :64]
    >>> fixed, moving = (0.5 + 0.5 * np.sin((rows + shift) / 4) * np.cos(columns / 5) for shift in (0, 4))
    >>> field = register_multi_resolution(fixed, moving)
    >>> bool(np.abs(np.median(field[..., 0]) + 4) < 0.1)
    True
    """
    check_similarity(similarity)
    if effort not in EFFORTS:
        raise ValueError(f"`effort` must be one of {tuple(EFFORTS)}. Received: effort={effort!r}")
    if start_field is None:
        start_field = np.zeros((*np.shape(fixed), np.ndim(fixed)), np.float32)
    pair = WarpedPair.make(fixed, moving, start_field, mask, moving_mask)
    rank = pair.fixed.ndim
    smoothness = checked_smoothness(smoothness, similarity, rank)
    finest, coarsest = _levels(pair.fixed.shape, EFFORTS[effort].finest_side)
    if levels is not None:
        coarsest = min(coarsest, finest + levels - 1)
    pointwise = similarity in POINTWISE
    # Intensities tell when a field fits, and one round does.
    intensities = similarity == "mse"
    rounds = (1 if intensities else ROUNDS[rank]) + EFFORTS[effort].more_rounds
    distances = _WIDE_TO_NARROW if intensities else _VOLUMES if rank == 3 else _NARROW
    field = pair.flow_field
    for number in range(rounds):
        if number:
            pair = WarpedPair.make(fixed, moving, field, mask, moving_mask)
        # Features of a pixel alone are warped once; others are those of the image that is warped already.
        images = pair.pyramid(coarsest, warped=not pointwise)
        points, spacing = np.zeros(0, np.float32), 0
        for level in range(coarsest, finest - 1, -1):
            for number_here, distance in enumerate(distances[level < coarsest]):
                grid = ControlGrid(images[level][0].shape, (distance,) * rank)
                if not points.size:
                    points = np.zeros((rank, *grid.shape), np.float32)
                else:
                    points = _carried(points, spacing, grid, finer=number_here == 0)
                spacing = distance
                # Later rounds start anew: what the rounds before have found costs nothing any more.
                problem = _problem(pair, images[level], level, similarity, smoothness, grid, points, number == 0)
                targets = landmark_targets(pair, landmarks, pointwise=pointwise, level=level)
                problem = problem._replace(landmarks=targets)
                points, energies = minimize(problem, points, EFFORTS[effort].steps + level - finest)
            if progress is not None:
                progress((number + 1) * (coarsest - finest + 1) - (level - finest), rounds * (coarsest - finest + 1))
        if evaluate(problem, np.zeros_like(points))[0] <= energies[-1]:
            break
        for level in range(finest - 1, -1, -1):
            points = _carried(points, spacing, ControlGrid(images[level][0].shape, problem.grid.spacing), finer=True)
        found = ControlGrid(pair.fixed.shape, problem.grid.spacing).interpolate(points)
        field = pair.added(found) if pointwise else pair.composed(found)
    return field


def _levels(size, finest_side):
    """Return the number of halvings of the finest and of the coarsest level."""
    halved = [size]
    while min(halved[-1]) >= 2 * _SHORTEST and (max(halved[-1]) > _COARSE or len(halved) <= 2):
        halved.append(tuple(-(-side // 2) for side in halved[-1]))
    coarsest = len(halved) - 1
    finest = next((level for level, sides in enumerate(halved) if not finest_side or max(sides) <= finest_side), 0)
    return min(finest, coarsest), coarsest


def _problem(pair, images, level, similarity, smoothness, grid, points, elastic):
    fixed, weights, moving = (np.ascontiguousarray(values) for values in images)
    pointwise = similarity in POINTWISE
    reference = pair.reference(grid, level) if elastic else np.zeros_like(points)
    return Problem(
        feature_images(fixed, similarity),
        feature_images(moving, similarity),
        positions(fixed.shape) + (pair.halved_field(level) if pointwise else 0),
        weights / weights.mean(),
        grid,
        float(smoothness * _GROWTH**level),
        reference + without_affine(points) - points if elastic and similarity == "mse" else reference,
        pair.matrix if pointwise else None,
    )


def _carried(points, spacing, grid, finer):
    """Carry control points to another grid of the same level, or of the next finer one: there, twice the pixels."""
    scale = 2 if finer else 1
    places = positions(grid.shape) * np.float32(grid.spacing[0] / (scale * spacing))
    return np.stack([scale * sample(values, places) for values in points])
