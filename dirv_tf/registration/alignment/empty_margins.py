"""Margins in which both images of a pair are constant: they say nothing and cost time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from dirv_tf.registration.alignment.align import Alignment
from dirv_tf.registration.alignment.features import content_box
from dirv_tf.registration.images.pair import Pair
from dirv_tf.registration.maps.linear_map import LinearMap

# Pixels that are left around the content: as far as the windows of the local correlation reach.
_KEPT = 4
# Share of the image that a cut must save to be worth it.
_WORTH_IT = 0.25


@dataclass(frozen=True)
class Margins:
    """What was cut around the images of a pair.

    Parameters
    ----------
    box : tuple of slice, or None
        Where the cut images lie in the given ones; None: nothing was cut.
    """

    box: tuple[slice, ...] | None = None

    @classmethod
    def of(cls, pair: Pair, smallest: int = 32) -> Margins:
        """Return the margins in which both images are constant, or none.

        Parameters
        ----------
        pair : Pair
            Where its images differ in size, or do not lie pixel on pixel, nothing is cut; nor where that saves little
            or a landmark lies in the margins.
        smallest : int
            Side in pixels that is left at least, as far as the image has it.
        """
        images = pair.fixed, pair.moving
        if not pair.linear.is_identity or pair.fixed.shape != pair.moving.shape:
            return cls()
        differs = [image != image[(0,) * image.ndim] for image in images]
        if not all(each.any() for each in differs):
            return cls()
        box = tuple(
            _widened(min(one.start, two.start) - _KEPT, max(one.stop, two.stop) + _KEPT, side, smallest)
            for one, two, side in zip(*(content_box(each) for each in differs), pair.fixed.shape)
        )
        left = math.prod(limits.stop - limits.start for limits in box)
        masks = [mask for mask in (pair.mask, pair.moving_mask) if mask is not None]
        if left > (1 - _WORTH_IT) * pair.fixed.size or not all(mask[box].any() for mask in masks):
            return cls()
        first, last = ([limits.start for limits in box], [limits.stop - 1 for limits in box])
        inside = all(((points >= first) & (points <= last)).all() for points in pair.landmarks or ())
        return cls(box) if inside else cls()

    def cut(self, pair: Pair) -> Pair:
        """Return a pair without its margins."""
        if self.box is None:
            return pair
        fixed, moving = (np.ascontiguousarray(image[self.box]) for image in (pair.fixed, pair.moving))
        mask, moving_mask = (None if each is None else each[self.box] for each in (pair.mask, pair.moving_mask))
        first = [limits.start for limits in self.box]
        landmarks = pair.landmarks and (pair.landmarks[0] - first, pair.landmarks[1] - first)
        return Pair(fixed, moving, pair.linear, mask, moving_mask, landmarks)

    def restored_map(self, linear: LinearMap) -> LinearMap:
        """Return a linear map between the cut images as one between the given ones."""
        if self.box is None:
            return linear
        first = np.array([float(limits.start) for limits in self.box])
        return LinearMap(linear.matrix, linear.translation + first - linear.matrix @ first)

    def restored_alignment(self, alignment: Alignment | None) -> Alignment | None:
        """Return an alignment of the cut images as one of the given ones."""
        if alignment is None or self.box is None:
            return alignment
        found = self.restored_map(LinearMap(alignment.matrix, alignment.translation))
        return replace(alignment, translation=found.translation)

    def restored_field(self, flow_field: np.ndarray, linear: LinearMap, size: tuple[int, ...]) -> np.ndarray:
        """Return a field of the cut images as one of the given ones.

        Beyond the box the map goes on as its linear part does, with what the field adds to it at the border.

        Parameters
        ----------
        flow_field : ndarray of float32, shape (n_1, ..., n_r, r), pixels
        linear : LinearMap
            Between the cut images.
        size : tuple of int
            Of the given fixed image.

        Returns
        -------
        ndarray of float32, shape (m_1, ..., m_r, r), pixels
        """
        if self.box is None:
            return flow_field
        added = flow_field - linear.flow_field(flow_field.shape[:-1])
        widths = [(limits.start, side - limits.stop) for limits, side in zip(self.box, size)]
        field = np.pad(added, [*widths, (0, 0)], mode="edge") + self.restored_map(linear).flow_field(size)
        field[self.box] = flow_field
        return field.astype(np.float32)


def _widened(start, stop, side, smallest):
    """Return a range of at least `smallest` pixels, as far as the side has them, around another one."""
    start, stop = max(0, start), min(stop, side)
    length = max(stop - start, min(smallest, side))
    start = max(0, min(start - math.ceil((length - (stop - start)) / 2), side - length))
    return slice(start, start + length)
