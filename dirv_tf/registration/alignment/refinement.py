"""Gauss-Newton refinement of a pose at one resolution."""

from __future__ import annotations

import itertools

import numpy as np
from scipy import ndimage

from dirv_tf.registration.alignment.features import FeatureMaps

# Pixels of the level; a smaller step of every corner ends the iterations.
SMALLEST_STEP = 0.02
# Sampled points per level: every pixel of an image of 256 x 256, every second one per axis of a volume of 64^3.
MOST_POINTS = 70_000
# Smaller overlaps lower the similarity, since few pixels are easily alike by chance. Larger ones do not: otherwise
# images as they are, with the whole overlap, would be preferred to the true shift.
FULL_OVERLAP = 0.75


class PoseRefinement:
    """Maximize the correlation of two images' feature maps over the pose, at one resolution.

    The maps of the fixed image and the moving ones at the pose, scaled to each other, are compared by their squared
    difference. Steps are inverse compositional: the derivatives are those of the fixed maps, taken once for all steps
    and starts.

    Parameters
    ----------
    fixed, moving : FeatureMaps
        Of the same factor.
    transform : {"translation", "rigid", "similarity", "affine"}
        What a step may change.

    References
    ----------
    Baker and Matthews, "Lucas-Kanade 20 years on: a unifying framework", IJCV 56, 2004,
    https://doi.org/10.1023/B:VISI.0000011205.11775.fd
    """

    def __init__(self, fixed: FeatureMaps, moving: FeatureMaps, transform: str) -> None:
        size = fixed.weight.shape
        self._rank = len(size)
        self._moving = (moving.weight, *moving.maps)
        self._stride = 1
        while np.prod([-(-side // self._stride) for side in size]) > MOST_POINTS:
            self._stride += 1
        sampled = (slice(None, None, self._stride),) * self._rank
        self._weight = fixed.weight[sampled]
        self._fixed = np.stack([image[sampled].ravel() for image in fixed.maps])
        self._fixed_area, self._moving_area = float(fixed.weight.sum()), float(moving.weight.sum())
        # Coordinates from the center in half sides, so that all parameters move the corners alike.
        self._center, self._half = (np.array(size) - 1) / 2, max(size) / 2
        corners = np.array(list(itertools.product(*[(0.0, side - 1.0) for side in size])))
        self._corners = (corners - self._center) / self._half
        self._generators = _generators(self._rank, transform)
        self._derivatives = self._map_derivatives(fixed, sampled)

    def similarity(self, matrix: np.ndarray, translation: np.ndarray) -> tuple[float, float]:
        """Return the similarity and the overlap of the images at a pose.

        Parameters
        ----------
        matrix : ndarray, shape (r, r)
        translation : ndarray, shape (r,)
            Pixels of the level.

        Returns
        -------
        similarity : float
            Mean correlation of the maps, at most 1, less where the overlap is below three quarters.
        overlap : float
            Part of the image with the smaller area that lies on the other one, from 0 to 1.
        """
        value, overlap, *_ = self._compared(matrix, translation)
        return value, overlap

    def refined(
        self, matrix: np.ndarray, translation: np.ndarray, iterations: int
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Improve a pose as long as its similarity grows.

        Parameters
        ----------
        matrix, translation
            As in `similarity`.
        iterations : int
            Largest number of steps.

        Returns
        -------
        matrix : ndarray, shape (r, r)
        translation : ndarray, shape (r,)
        similarity : float
        """
        current = self._compared(matrix, translation)
        for _ in range(iterations):
            velocity = self._step(*current[2:])
            for length in (1.0, 0.4):
                new_matrix, new_translation = self._composed(matrix, translation, length * velocity)
                new = self._compared(new_matrix, new_translation)
                if new[0] > current[0]:
                    break
            else:
                break
            matrix, translation, current = new_matrix, new_translation, new
            motion = self._corners @ velocity[:, :-1].T + velocity[:, -1]
            if length * self._half * np.abs(motion).max() < SMALLEST_STEP:
                break
        return matrix, translation, current[0]

    def _map_derivatives(self, fixed, sampled):
        """Return derivatives (parameters, maps times points) of the fixed maps along the generators."""
        positions = [
            ((np.arange(0, side, self._stride) - center) / self._half)
            .astype(np.float32)
            .reshape([-1 if a == axis else 1 for a in range(self._rank)])
            for axis, (side, center) in enumerate(zip(fixed.weight.shape, self._center))
        ]
        gradients = [
            [self._half * np.gradient(image, axis=axis)[sampled] for axis in range(self._rank)] for image in fixed.maps
        ]
        derivatives = np.zeros((len(self._generators), len(gradients), *self._weight.shape), np.float32)
        for row, generator in zip(derivatives, self._generators):
            for axis in np.flatnonzero(generator.any(axis=1)):
                velocity = np.float32(generator[axis, -1])
                for position, factor in zip(positions, generator[axis]):
                    if factor:
                        velocity = velocity + np.float32(factor) * position
                for derivative, gradient in zip(row, gradients):
                    derivative += gradient[axis] * velocity
        return derivatives.reshape(len(derivatives), -1)

    def _compared(self, matrix, translation):
        weight, *maps = (
            ndimage.affine_transform(
                image, matrix * self._stride, translation, self._weight.shape, order=1, mode="constant", prefilter=False
            )
            for image in self._moving
        )
        weight = (self._weight * weight).ravel()
        maps = np.stack([image.ravel() for image in maps])
        # Not by BLAS: its threads wait for each other on a busy machine, a hundred times longer than they work.
        products = np.einsum("cp,cp,p->c", self._fixed, maps, weight)
        fixed_squares = np.einsum("cp,cp,p->c", self._fixed, self._fixed, weight) + 1e-6
        moving_squares = np.einsum("cp,cp,p->c", maps, maps, weight) + 1e-6
        correlations = products / np.sqrt(fixed_squares * moving_squares)
        area = min(self._fixed_area, self._moving_area / abs(np.linalg.det(matrix)))
        overlap = min(1.0, float(weight.sum()) * self._stride**self._rank / area)
        # The stain decides the sign of the gray values' correlation, the first one.
        value = float(abs(correlations[0]) + correlations[1:].sum()) / len(correlations)
        value *= min(1.0, overlap / FULL_OVERLAP) ** 0.5
        differences = (products / moving_squares)[:, None] * maps - self._fixed
        return value, overlap, weight, differences

    def _step(self, weight, differences):
        """Velocity (r, r + 1) of the fixed maps that best explains the differences."""
        weighted = (self._derivatives.reshape(-1, *differences.shape) * weight).reshape(self._derivatives.shape)
        normal = np.einsum("ip,jp->ij", weighted, self._derivatives).astype(np.float64)
        right = np.einsum("ip,p->i", weighted, differences.ravel())
        # Along stripes nothing tells how far to go: without the second term, steps went beyond all numbers.
        damping = 1e-3 * np.diag(normal) + 1e-6 * np.diag(normal).max() + 1e-9
        return np.tensordot(np.linalg.solve(normal + np.diag(damping), right), self._generators, 1)

    def _composed(self, matrix, translation, velocity):
        """Return the pose after the inverse motion by a velocity."""
        motion = _exponential(-np.vstack([velocity, np.zeros(self._rank + 1)]))
        linear = motion[:-1, :-1]
        offset = self._center - linear @ self._center + self._half * motion[:-1, -1]
        return matrix @ linear, matrix @ offset + translation


def _generators(rank, transform):
    """Velocities (count, r, r + 1), linear part and constant, of a transformation's parameters."""
    basis = np.eye(rank * (rank + 1)).reshape(rank, rank + 1, rank, rank + 1)
    generators = [basis[axis, rank] for axis in range(rank)]
    if transform in ("rigid", "similarity"):
        generators += [basis[j, i] - basis[i, j] for i, j in itertools.combinations(range(rank), 2)]
    if transform == "similarity":
        generators.append(sum(basis[axis, axis] for axis in range(rank)))
    if transform == "affine":
        generators += [basis[i, j] for i in range(rank) for j in range(rank)]
    return np.array(generators)


def _exponential(matrix):
    """Matrix exponential by its series and six squarings; SciPy's is a matter of BLAS threads, see above."""
    result = term = np.eye(len(matrix))
    for order in range(1, 8):
        term = term @ matrix / (64 * order)
        result = result + term
    for _ in range(6):
        result = result @ result
    return result
