"""Margins in which both images of a pair are constant: they say nothing and cost time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from dirv_tf.registration.alignment import Alignment
from dirv_tf.registration.linear_map import LinearMap

# Pixels that are left around the content: as far as the windows of the local correlation reach.
_KEPT = 4
# Share of the image that a cut must save to be worth it.
_WORTH_IT = 0.25


def content_box(image: np.ndarray) -> tuple[slice, ...] | None:
    """Return the smallest box outside which an image is constant.

    Parameters
    ----------
    image : ndarray, shape (n_1, ..., n_r)

    Returns
    -------
    tuple of slice, or None
        None for a constant image.

    Examples
    --------
    >>> content_box(np.pad(np.ones((8, 8)), 4))
    (slice(4, 12, None), slice(4, 12, None))
    """
    differs = image != image[(0,) * image.ndim]
    box = []
    for axis in range(image.ndim):
        filled = np.flatnonzero(differs.any(axis=tuple(other for other in range(image.ndim) if other != axis)))
        if not filled.size:
            return None
        box.append(slice(int(filled[0]), int(filled[-1]) + 1))
    return tuple(box)


@dataclass(frozen=True)
class CutPair:
    """Two images of one size without the margins in which both are constant.

    Parameters
    ----------
    fixed, moving : ndarray of float32, shape (n_1, ..., n_r)
    fixed_mask, moving_mask : ndarray of bool, same shape, or None
        Pixels that count.
    box : tuple of slice, or None
        Where they lie in the images as given; None: nothing was cut.
    """

    fixed: np.ndarray
    moving: np.ndarray
    fixed_mask: np.ndarray | None
    moving_mask: np.ndarray | None
    box: tuple[slice, ...] | None = None

    def without_margins(self, smallest: int = 32) -> CutPair:
        """Return the pair without its empty margins, or as it is where that saves little or the images differ in size.

        Parameters
        ----------
        smallest : int
            Side in pixels that is left at least, as far as the image has it.
        """
        if self.fixed.shape != self.moving.shape:
            return self
        one, two = content_box(self.fixed), content_box(self.moving)
        if one is None or two is None:
            return self
        box = tuple(
            _widened(min(a.start, b.start) - _KEPT, max(a.stop, b.stop) + _KEPT, side, smallest)
            for a, b, side in zip(one, two, self.fixed.shape)
        )
        masks = [None if mask is None else mask[box] for mask in (self.fixed_mask, self.moving_mask)]
        if any(mask is not None and not mask.any() for mask in masks):
            return self
        fixed, moving = (np.ascontiguousarray(image[box]) for image in (self.fixed, self.moving))
        if fixed.size > (1 - _WORTH_IT) * self.fixed.size:
            return self
        return CutPair(fixed, moving, masks[0], masks[1], box)

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
