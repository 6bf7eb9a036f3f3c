"""The deformable part of a registration: a network, the optimization of the pair's own field, or both."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np

from dirv_tf.registration.apply_field import warp_in_blocks
from dirv_tf.registration.cubic_optimization import optimize_cubic
from dirv_tf.registration.instance_optimization import optimize_field
from dirv_tf.registration.level_choice import MOST_PIXELS
from dirv_tf.registration.linear_map import LinearMap, inside
from dirv_tf.registration.multi_resolution import register_multi_resolution

SIMILARITIES = ("auto", "mse", "ncc", "lncc", "mind")
_STEPS = {"fast": 5, "default": 20, "best": 60}
# Cubic splines over larger images are those of the image halved, for the time and because noise is less there.
_LARGEST_AT_FULL_SIZE = 2**18


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

    def support(self, flow_field: np.ndarray) -> np.ndarray:
        """Return which pixels of the fixed image count and come from inside the moving one."""
        within = inside(flow_field, self.moving.shape)
        if self.moving_mask is not None:
            within &= warp_in_blocks(self.moving_mask.astype(np.float32), flow_field) > 0.5
        return within if self.mask is None else within & self.mask


@dataclass(frozen=True)
class Found:
    """What a route found.

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


def optimized(pair: Pair, found: Found, similarity: str, effort: str) -> Found:
    """Improve a field by the optimization of its pair.

    Parameters
    ----------
    pair : Pair
    found : Found
    similarity : {"mse", "ncc", "lncc", "mind"}
    effort : {"fast", "default", "best"}

    Returns
    -------
    Found
    """
    if pair.fixed.size > MOST_PIXELS:
        field = register_multi_resolution(
            pair.fixed, pair.moving, found.flow_field, similarity, effort,
            mask=pair.mask, moving_mask=pair.moving_mask, landmarks=pair.landmarks,
        )
        return Found(field, f"{found.method}, then optimization ({similarity})", found.rounds, found.notes)
    # Cubic splines follow intensities to the last fraction of a pixel.
    cubic = similarity == "mse" and (pair.fixed.ndim == 2 or effort != "fast")
    halvings = int(pair.fixed.size > _LARGEST_AT_FULL_SIZE)
    improve = (
        functools.partial(optimize_cubic, halvings=halvings)
        if cubic
        else functools.partial(optimize_field, similarity=similarity)
    )
    result = improve(
        pair.fixed,
        pair.moving,
        found.flow_field,
        _STEPS[effort],
        mask=pair.mask,
        moving_mask=pair.moving_mask,
        landmarks=pair.landmarks,
    )
    if result.final_energy >= result.initial_energy:
        return found
    return Found(result.flow_field, f"{found.method}, then optimization ({similarity})", found.rounds, found.notes)


def registered_by_optimization(
    pair: Pair, similarity: str, effort: str, start: Found | None = None, levels: int | None = None
) -> Found:
    """Register the pair from coarse to fine, by itself or from a field that a network found.

    Parameters
    ----------
    pair : Pair
    similarity : {"mse", "ncc", "lncc", "mind"}
    effort : {"fast", "default", "best"}
    start : Found, optional
        Default: the linear part of the pair.
    levels : int, optional
        Most levels, the finest ones, see `register_multi_resolution`.

    Returns
    -------
    Found
    """
    field = register_multi_resolution(
        pair.fixed,
        pair.moving,
        pair.start() if start is None else start.flow_field,
        similarity,
        effort,
        mask=pair.mask,
        moving_mask=pair.moving_mask,
        levels=levels,
    )
    if start is None:
        return Found(field, f"optimization from coarse to fine ({similarity})")
    return replace(start, flow_field=field, method=f"{start.method}, then optimization ({similarity})")
