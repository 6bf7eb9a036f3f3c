"""The pose of a repeated pattern: a part of the fixed image is looked for in the moving one, and grows to the whole.

Local structure says which way a chessboard or a grid of holes lies, not which of its fields is which. Intensities do,
and for a small part of the image a coarse grid of poses is near enough.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
from scipy import fft, ndimage

from dirv_tf.registration.alignment.features import block_mean
from dirv_tf.registration.alignment.pose_fit import Poses, Window, fitted_poses
from dirv_tf.registration.alignment.reduced_pair import enlarged_map, reduced_map
from dirv_tf.registration.images.pair import Pair
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.route.field_checks import explained_share

# Larger images are reduced first.
_LARGEST_SIDE = 128
# What a place as far away as the image is long must gain, as a share of the variance: stripes fit all along them.
_FAR = 1e-3
# Degrees and scales along each axis of the fixed image: at the edge of the first part, their steps are less than half
# of a cell of 6 pixels off.
_ANGLES, _SCALES = np.arange(-22.5, 23, 7.5), (0.85, 1.0, 1.18)
# Side of the first part, as a share of the image and at least, and by which it grows.
_FIRST_SHARE, _FIRST_SIDE, _GROWTH = 1 / 3, 32, 1.5
# How many places are kept of one pose, and poses in all, of the first part; and where the poses that fit a part are
# looked for again at other places, since a pattern may be a period off.
_PLACES, _MOST, _PLACES_AGAIN, _MOST_AGAIN = 2, 60, 10, 60
# Share of a part's variance that the places of the grid may leave unexplained for a match to be worth a refinement,
# and the refined ones to be worth the next part.
_HOPELESS_BEFORE, _HOPELESS = 1.5, 0.5
# What leaves less fits a part well.
_FITS = 0.1
# Share of the first part's variance that a pose must explain: 0.64 or more on 48 chessboards that are deformed by 4
# pixels on top of it, at most 0.57 on most photographs that lie otherwise.
_PART = 0.6
# What leaves less is the pose: no other one is looked for.
_FOUND = 1e-3
# Part of a window that must lie in the moving image.
_LEAST_INSIDE = 0.6


def intensity_pose(pair: Pair, middle: tuple[float, float] = (0.5, 0.5)) -> LinearMap | None:
    """Find the affine map of two images of one contrast by their intensities.

    A part of the fixed image, a third of its side, is compared with the moving image at angles to 22.5 degrees, scales
    from 0.85 to 1.18 and all places where it fits in. The best are refined by Gauss-Newton steps, which reach somewhat
    farther; then the part grows, and the poses that fit it are tried at other places as well.

    Parameters
    ----------
    pair : Pair
        Of images, not volumes, of one contrast. Poses are those beyond its `linear`.
    middle : tuple of float
        Of the part to begin with, as shares of the sides.

    Returns
    -------
    LinearMap or None
        From fixed to moving pixels, as images of at most 128 pixels along the longest side show it. Where no map fits
        the whole image, that of the largest part which is fitted well; None where none explains the first part.

    Raises
    ------
    ValueError
        For volumes.

    Examples
    --------
    >>> rows, columns = np.mgrid[:72.0, :72.0]
    >>> def pattern(y, x):
    ...     return (0.5 + 0.3 * np.sin(y) * np.sin(x) + 0.003 * (y - x)).astype(np.float32)
    >>> moving, fixed = pattern(rows, columns), pattern(0.9 * rows + 0.2 * columns + 5, 1.1 * columns - 0.1 * rows + 3)
    >>> found = intensity_pose(Pair(fixed, moving, LinearMap.identity(2)))
    >>> found.matrix.round(2).tolist(), found.translation.round(1).tolist()
    ([[0.9, 0.2], [-0.1, 1.1]], [5.0, 3.0])
    """
    if pair.fixed.ndim != 2:
        raise ValueError(f"Expected images, rank 2. Received: rank {pair.fixed.ndim}")
    factor = max(1, -(-max(pair.fixed.shape + pair.moving.shape) // _LARGEST_SIDE))
    parts = _Parts(pair, factor, middle)
    poses, sides, last = parts.searched(pair.linear.matrix), parts.sides(), None
    for number, side in enumerate(sides):
        window = parts.window(side)
        if number:
            poses = _joined(poses, parts.elsewhere(poses, window))
        poses = parts.refined(poses, window)
        left = poses.errors / max(window.variance, 1e-12)
        poses = poses.chosen(np.flatnonzero(left < _HOPELESS)[: max(3, len(left) // 3)])
        if side < sides[-1] and poses.errors.size and left[0] < _FOUND:
            whole = parts.window(sides[-1])
            first = parts.refined(poses.chosen(slice(0, 1)), whole)
            if first.errors.size and first.errors[0] < _FOUND * whole.variance:
                return parts.linear_map(first)
        if not poses.errors.size:
            break
        if last is None or left[0] < _FITS:
            last = poses
    if last is None:
        return None
    found = parts.linear_map(last)
    return found if explained_share(first_part(pair, middle), found.flow_field(pair.fixed.shape)) >= _PART else None


def first_part(pair: Pair, middle: tuple[float, float] = (0.5, 0.5)) -> Pair:
    """Return a pair of which only the part counts that a search begins with, see `intensity_pose`.

    Parameters
    ----------
    pair : Pair
    middle : tuple of float
        As of `intensity_pose`.

    Returns
    -------
    Pair
    """
    size, mask = pair.fixed.shape, np.zeros(pair.fixed.shape, bool)
    part = _part(size, middle, _first_side(max(size)))
    mask[part] = True if pair.mask is None else pair.mask[part]
    return replace(pair, mask=mask)


def _first_side(longest):
    return min(max(_FIRST_SIDE, int(longest * _FIRST_SHARE)), longest)


def _part(size, middle, side):
    """Return a part about a place, as far as the border allows."""
    first = [min(max(int(share * length - side / 2), 0), max(length - side, 0)) for share, length in zip(middle, size)]
    return tuple(slice(start, start + side) for start in first)


class _Parts:
    """Both images, reduced, and what is asked of them."""

    def __init__(self, pair, factor, middle):
        self._fixed, self._moving = block_mean(pair.fixed, factor), block_mean(pair.moving, factor)
        self._weights, self._counted = (
            np.ones(image.shape, np.float32) if mask is None else block_mean(mask.astype(np.float32), factor)
            for image, mask in ((self._fixed, pair.mask), (self._moving, pair.moving_mask))
        )
        self._middle, self._factor = middle, factor
        self._scale = math.sqrt(abs(np.linalg.det(pair.linear.matrix)))
        self._start = reduced_map(pair.linear, factor)

    def linear_map(self, poses):
        """Return the best pose in pixels of the images as they are."""
        return enlarged_map(LinearMap(poses.matrices[0], poses.translations[0]), self._factor)

    def sides(self):
        """Return the sides of the growing part."""
        longest = max(self._fixed.shape)
        sides = [_first_side(longest)]
        while sides[-1] < longest:
            sides.append(min(int(sides[-1] * _GROWTH), longest))
        return sides

    def window(self, side):
        """Return a part of the fixed image about the middle asked for, as far as the border allows."""
        part = _part(self._fixed.shape, self._middle, side)
        return Window(np.array([each.start for each in part]), self._fixed[part], self._weights[part] + 1e-6)

    def searched(self, start):
        """Return the best places of the first part among the poses of the grid."""
        window = self.window(self.sides()[0])
        matrices = [start @ _turn(angle) @ np.diag(scales) for angle in _ANGLES for scales in _pairs_of_scales()]
        poses = self._places(window, matrices, _PLACES, _MOST)
        return poses.chosen(poses.errors < _HOPELESS_BEFORE * window.variance)

    def elsewhere(self, poses, window):
        """Return other places of the poses that fit best."""
        different: list[np.ndarray] = []
        for matrix in poses.matrices:
            if all(np.abs(matrix - other).max() * len(window.values) > 2 for other in different):
                different.append(matrix)
        return self._places(window, different[:10], _PLACES_AGAIN, _MOST_AGAIN, 1 - _LEAST_INSIDE)

    def refined(self, poses, window):
        """Return poses after Gauss-Newton steps, best first."""
        poses = fitted_poses(self._moving, self._counted, window, poses, self._scale)
        away = self._handicap(window, poses.matrices @ window.middle + poses.translations)
        return poses.chosen(np.argsort(poses.errors + away, kind="stable"))

    def _handicap(self, window, places):
        """Return by how much a window must fit better with its middle at places (..., 2) than where it is expected."""
        away = places - self._start.applied(window.middle)
        return _FAR * window.variance * np.square(away).sum(axis=-1) / max(self._moving.shape) ** 2

    def _places(self, window, matrices, places, most, beyond=0.0):
        found = [place for matrix in matrices for place in self._best_places(window, matrix, places, beyond)]
        found.sort(key=lambda place: place[0])
        errors, chosen, translations = zip(*found[:most]) if found else ((), (), ())
        return Poses(
            np.reshape(chosen, (-1, 2, 2)),
            np.reshape(translations, (-1, 2)) - np.reshape(chosen, (-1, 2, 2)) @ window.first,
            np.array(errors),
        )

    def _best_places(self, window, matrix, count, beyond):
        """Return (error, matrix, where the window's first pixel lies), smallest error first.

        The window may reach beyond the moving image by a share of its sides.
        """
        side, size = np.array(window.values.shape), np.array(self._moving.shape)
        canvas = np.ceil(np.abs(np.linalg.inv(matrix)) @ size + 2 * beyond * side).astype(int)
        if (canvas < side).any():
            return []
        offset = (size - 1) / 2 - matrix @ ((canvas - 1) / 2)
        there = ndimage.affine_transform(
            self._counted, matrix, offset, tuple(canvas), order=1, mode="constant", prefilter=False
        )
        turned = ndimage.affine_transform(
            self._moving, matrix, offset, tuple(canvas), order=1, mode="nearest", prefilter=False
        )
        padded = [fft.next_fast_len(int(length), real=True) for length in canvas]
        weighted = window.weights * window.values
        windows = np.conj(fft.rfft2(np.stack([weighted * window.values, weighted, window.weights]), padded))
        images = fft.rfft2(np.stack([there, there * turned, there * turned**2]), padded)
        products = [windows[0] * images[0] - 2 * windows[1] * images[1] + windows[2] * images[2]]
        squares, area = fft.irfft2(np.stack([*products, windows[2] * images[0]]), padded)
        room = tuple(slice(length - part + 1) for length, part in zip(canvas, side))
        squares, area = squares[room], area[room]
        errors = np.where(area >= _LEAST_INSIDE * window.weights.sum(), squares / np.maximum(area, 1e-6), np.inf)
        middles = np.moveaxis(np.indices(errors.shape), 0, -1) + (side - 1) / 2
        errors += self._handicap(window, middles @ matrix.T + offset)
        found = []
        for _ in range(count):
            place = np.unravel_index(np.argmin(errors), errors.shape)
            if not np.isfinite(errors[place]):
                break
            found.append((float(errors[place]), matrix, matrix @ np.array(place) + offset))
            errors[tuple(slice(max(0, k - 2), k + 3) for k in place)] = np.inf
        return found


def _joined(one, other):
    return Poses(*(np.concatenate(each) for each in zip(one, other)))


def _pairs_of_scales():
    return itertools.product(_SCALES, repeat=2)


def _turn(degrees):
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cosine, -sine], [sine, cosine]])
