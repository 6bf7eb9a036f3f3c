"""Search over all poses: normalized cross-correlation by FFT, for a grid of rotations and scales."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from scipy import fft, ndimage

from dirv_tf.registration.alignment.features import FeatureMaps

# Part of the smaller image that must lie on the other one.
SMALLEST_OVERLAP = 0.4
# Scales tried; the refinement finds what lies between and a little beyond.
SCALES = (0.85, 1.0, 1.18)
ANGLE_STEP_2D, ANGLES_3D = 15.0, (-30.0, 0.0, 30.0)


@dataclass(frozen=True)
class Pose:
    """A candidate of the search: fixed pixel p lies on moving pixel ``matrix p + translation`` of the same level."""

    score: float
    matrix: np.ndarray
    translation: np.ndarray


def candidate_matrices(rank: int, transform: str, mirror: bool) -> list[np.ndarray]:
    """List the matrices that the search tries, the identity first.

    Parameters
    ----------
    rank : int
        2: rotations by all multiples of 15 degrees. 3: by -30, 0 and 30 degrees about each axis, and the 24 rotations
        that map axes on axes.
    transform : {"translation", "rigid", "similarity", "affine"}
    mirror : bool
        Whether to try every matrix also with the last axis of the moving image reversed.

    Returns
    -------
    list of ndarray, shape (r, r)
    """
    if transform == "translation":
        rotations = [np.eye(rank)]
    elif rank == 2:
        rotations = [_plane_rotation(2, 0, 1, angle) for angle in np.arange(0.0, 360.0, ANGLE_STEP_2D)]
    else:
        rotations = [np.eye(3), *_oblique_rotations(), *_axis_rotations()]
    searched = SCALES if transform in ("similarity", "affine") else (1.0,)
    scales = sorted(searched, key=lambda scale: abs(math.log(scale)))
    matrices = [scale * rotation for scale in scales for rotation in rotations]
    if mirror:
        flip = np.diag([1.0] * (rank - 1) + [-1.0])
        matrices += [flip @ matrix for matrix in matrices]
    return matrices


def search_poses(fixed: FeatureMaps, moving: FeatureMaps, matrices: list[np.ndarray]) -> list[Pose]:
    """Find the best translations for each of some matrices.

    Parameters
    ----------
    fixed, moving : FeatureMaps
        Of the same factor.
    matrices : list of ndarray, shape (r, r)

    Returns
    -------
    list of Pose
        At most two per matrix, best first. Scores are correlations, summed over the maps, times the square root of the
        overlap: a small overlap of two images is often alike by chance.
    """
    rank = fixed.weight.ndim
    size, moving_size = np.array(fixed.weight.shape), np.array(moving.weight.shape)
    reach = np.max([np.abs(np.linalg.inv(matrix)) @ moving_size for matrix in matrices], axis=0)
    # Corners of the turned moving image may be cut: a match on them alone would be too small an overlap.
    canvas = np.ceil(np.minimum(reach, 1.3 * moving_size.max())).astype(int)
    # Shifts that would need more room are those of the smallest overlaps.
    room = size + canvas - (SMALLEST_OVERLAP / 2 * np.minimum(size, canvas)).astype(int)
    padded = [fft.next_fast_len(int(side), real=True) for side in room]
    axes = tuple(range(-rank, 0))
    fixed_spectra = fft.rfftn(np.stack([fixed.weight, *fixed.maps]), padded, axes=axes)
    center, canvas_center = (moving_size - 1) / 2, (canvas - 1) / 2
    fixed_area = float(fixed.weight.sum())

    poses = []
    for matrix in matrices:
        offset = center - matrix @ canvas_center
        turned = np.stack([_resampled(x, matrix, offset, canvas) for x in (moving.weight, *moving.maps)])
        products = fixed_spectra * np.conj(fft.rfftn(turned, padded, axes=axes))
        overlap, gray, energy = fft.irfftn(products, padded, axes=axes)
        area = min(fixed_area, float(turned[0].sum()))
        if area <= 0:
            continue
        # The maps have unit variance: sums of products over the overlap are correlations times its area.
        scores = (np.abs(gray) + energy) / np.sqrt(np.maximum(overlap, SMALLEST_OVERLAP * area) * area)
        scores[overlap < SMALLEST_OVERLAP * area] = -np.inf
        for _ in range(2):
            best = np.unravel_index(np.argmax(scores), scores.shape)
            if not np.isfinite(scores[best]):
                break
            shift = np.array([k if k < side else k - total for k, side, total in zip(best, size, padded)])
            poses.append(Pose(float(scores[best]), matrix, offset - matrix @ shift))
            scores[tuple(slice(max(0, k - 3), k + 4) for k in best)] = -np.inf
    return sorted(poses, key=lambda pose: -pose.score)


def _resampled(image, matrix, offset, size):
    return ndimage.affine_transform(image, matrix, offset, tuple(size), order=1, mode="constant", prefilter=False)


def _plane_rotation(rank, i, j, degrees):
    matrix = np.eye(rank)
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    matrix[[i, i, j, j], [i, j, i, j]] = cosine, -sine, sine, cosine
    return matrix


def _oblique_rotations():
    rotations = []
    for angles in itertools.product(ANGLES_3D, repeat=3):
        if any(angles):
            planes = zip(itertools.combinations(range(3), 2), angles)
            first, second, third = (_plane_rotation(3, i, j, angle) for (i, j), angle in planes)
            rotations.append(third @ second @ first)
    return rotations


def _axis_rotations():
    rotations = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            matrix = np.eye(3)[list(order)] * np.array(signs)[:, None]
            if np.linalg.det(matrix) > 0 and not np.array_equal(matrix, np.eye(3)):
                rotations.append(matrix)
    return rotations
