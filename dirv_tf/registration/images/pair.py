"""A pair of images on its way through a registration, and what is found for it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from dirv_tf.registration.maps.apply_field import warp_in_blocks
from dirv_tf.registration.maps.linear_map import LinearMap, inside

# Pixels around a region left aside that do not count either: a mask ends a little too early somewhere, interpolation
# mixes what lies there, and the rim that is left would draw the field.
MARGIN = 4


@dataclass(frozen=True)
class Pair:
    """Two images in [0, 1] and where the linear part of the registration puts them.

    Parameters
    ----------
    fixed : ndarray of float32, shape (n_1, ..., n_r)
    moving : ndarray of float32, shape (m_1, ..., m_r)
    linear : LinearMap
        From fixed to moving pixels.
    mask, moving_mask : ndarray of bool or None
        Pixels that count.
    landmarks : pair of ndarray, shape (n, r), or None
        Of the fixed and of the moving image, pixels; equal rows correspond.
    """

    fixed: np.ndarray
    moving: np.ndarray
    linear: LinearMap
    mask: np.ndarray | None = None
    moving_mask: np.ndarray | None = None
    landmarks: tuple[np.ndarray, np.ndarray] | None = None

    def sampled(self) -> np.ndarray:
        """Return the moving image on the fixed image's grid."""
        return self.linear.sampled(self.moving, self.fixed.shape)

    def start(self) -> np.ndarray:
        """Return the linear map as a flow field."""
        return self.linear.flow_field(self.fixed.shape)

    def warped(self, flow_field: np.ndarray) -> np.ndarray:
        """Return the moving image warped by a field."""
        return warp_in_blocks(self.moving, flow_field)

    def without(self, region: np.ndarray) -> Pair:
        """Return the pair in which a region of the fixed image, and 4 pixels around it, do not count.

        Unless nothing would be left: then as it is.
        """
        counted = ~ndimage.binary_dilation(region, iterations=MARGIN) if region.any() else ~region
        if self.mask is not None:
            counted &= self.mask
        return replace(self, mask=counted) if counted.any() else self

    def support(self, flow_field: np.ndarray) -> np.ndarray:
        """Return which pixels of the fixed image count and come from inside the moving one."""
        within = inside(flow_field, self.moving.shape)
        if self.moving_mask is not None:
            within &= warp_in_blocks(self.moving_mask.astype(np.float32), flow_field) > 0.5
        return within if self.mask is None else within & self.mask


@dataclass(frozen=True)
class Found:
    """A field that was found for a pair, and how.

    Parameters
    ----------
    flow_field : ndarray of float32, shape (n_1, ..., n_r, r), pixels
        The whole map.
    method : str
        In a few words.
    rounds : int
        Rounds of refinement that were kept.
    notes : tuple of str
    """

    flow_field: np.ndarray
    method: str
    rounds: int = 1
    notes: tuple[str, ...] = ()
