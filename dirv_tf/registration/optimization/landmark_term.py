"""Landmarks as a term of the energy that the optimization of a pair lowers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dirv_tf.registration.optimization.gauss_newton import sample

# Weight of the mean squared distance beside the mean squared difference of features. One pixel costs as much as all
# images differ: landmarks are to be kept to a fraction of a pixel, and noise of theirs is smoothed.
LANDMARK_WEIGHT = 0.1
# Steps that find where a field leads to a given place.
_STEPS = 20


class PixelTargets(NamedTuple):
    """Where the control points' field should lead at some pixels of an image.

    Attributes
    ----------
    weights : np.ndarray, shape (n_1, ..., n_r), float32
        Per pixel; their sum is the weight times the number of pixels, so that the energy is a mean over all of them.
    targets : np.ndarray, shape (r, n_1, ..., n_r), float32
        Displacements; 0 where there is no landmark.
    """

    weights: np.ndarray
    targets: np.ndarray

    @classmethod
    def of(cls, places: np.ndarray, displacements: np.ndarray, size: tuple[int, ...], weight: float) -> PixelTargets:
        """Gather landmarks (n, r) and where they should go at the pixels nearest to them.

        Parameters
        ----------
        places, displacements : np.ndarray, shape (n, r), pixels
        size : tuple of int, length r
            Of the image; places outside count at its border.
        weight : float
        """
        counts, sums = np.zeros(size), np.zeros((len(size), *size))
        pixels = tuple(np.clip(np.rint(places), 0, np.array(size) - 1).astype(int).T)
        np.add.at(counts, pixels, 1.0)
        for axis, along in enumerate(displacements.T):
            np.add.at(sums[axis], pixels, along)
        targets = sums / np.maximum(counts, 1)
        share = weight * np.prod(size) / len(places)
        return cls((share * counts).astype(np.float32), targets.astype(np.float32))

    def energy(self, field: np.ndarray) -> float:
        """Return the weighted mean squared distance of a field (r, n_1, ..., n_r) from the targets."""
        return float(np.vdot(self.weights, np.square(field - self.targets).sum(axis=0))) / self.weights.size

    def force(self, field: np.ndarray) -> np.ndarray:
        """Return minus half the gradient of the energy times the number of pixels, (r, n_1, ..., n_r)."""
        return self.weights * (self.targets - field)


def checked_landmarks(
    landmarks: Any, rank: int, weight: float = LANDMARK_WEIGHT
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return landmarks of the fixed and of the moving image as arrays (n, r) of float64, or None.

    Raises
    ------
    ValueError
        If they are no pair of arrays of one shape, a coordinate is not finite, or their weight is negative.
    """
    if weight < 0:
        raise ValueError(f"`landmark_weight` must not be negative. Received: landmark_weight={weight!r}")
    if landmarks is None:
        return None
    arrays = [np.asarray(points, np.float64) for points in landmarks] if len(landmarks) == 2 else []
    fits = len(arrays) == 2 and arrays[0].shape == arrays[1].shape and arrays[0].ndim == 2 and len(arrays[0])
    if not fits or arrays[0].shape[1] != rank or not all(np.isfinite(points).all() for points in arrays):
        shapes = ", ".join(str(np.shape(points)) for points in landmarks)
        raise ValueError(
            f"`landmarks` must be those of the fixed and of the moving image, both of shape (n, {rank}) with n > 0, "
            f"finite. Received: shapes {shapes}"
        )
    return arrays[0], arrays[1]


def steps_at(flow_field: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return a field (n_1, ..., n_r, r) at points (n, r) between its pixels, linear between them: (n, r)."""
    places = points.T.astype(np.float32)
    return np.stack([sample(np.ascontiguousarray(each), places) for each in np.moveaxis(flow_field, -1, 0)], axis=-1)


def steps_after(
    flow_field: np.ndarray, matrix: np.ndarray | None, fixed_points: np.ndarray, moving_points: np.ndarray, added: bool
) -> np.ndarray:
    """Return the displacements of a further field at landmarks that a first field leaves to be done.

    Parameters
    ----------
    flow_field : np.ndarray, shape (n_1, ..., n_r, r)
        The first field, pixels.
    matrix : np.ndarray, shape (r, r), or None
        Of the affine map nearest to it; None for the identity.
    fixed_points, moving_points : np.ndarray, shape (n, r)
    added : bool
        Whether `matrix` times the further field is added to the first one, instead of being applied before it.

    Returns
    -------
    np.ndarray, shape (n, r)
    """
    back = np.eye(fixed_points.shape[1]) if matrix is None else np.linalg.inv(matrix.astype(np.float64))
    reached = fixed_points
    for _ in range(1 if added else _STEPS):
        reached = reached + (moving_points - reached - steps_at(flow_field, reached)) @ back.T
    return reached - fixed_points
