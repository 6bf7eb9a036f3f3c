"""The deformable part of a registration: a network, the optimization of the pair's own field, or both.

The shipped networks compare intensities; they are exact for two images of one contrast and lost between two stains.
Optimization by local correlation does not care about contrast, and is a little less exact where there is one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Callable

import numpy as np
from scipy import ndimage

from dirv_tf.registration.appearance import matched_appearance
from dirv_tf.registration.apply_field import warp_in_blocks
from dirv_tf.registration.instance_optimization import optimize_field
from dirv_tf.registration.linear_map import LinearMap, inside
from dirv_tf.registration.multi_resolution import EFFORTS, register_multi_resolution
from dirv_tf.registration.quality import structure_similarity
from dirv_tf.registration.relative_blur import relative_blur

SIMILARITIES = ("auto", "mse", "ncc", "lncc", "mind")
# Distance of the two images' distributions of intensities, in standard deviations, beyond which they are of two
# contrasts. Deformation moves hardly anything in a distribution, whatever it does to the images.
SAME_CONTRAST = 0.2
# Share of the registered image's variance that the fixed image, perhaps after a change of contrast, must explain for
# intensities to be compared. Noise, blur and holes leave more, stains much more, and intensities then mislead.
_EXPLAINED = 0.98
# After a quick registration by local structure this much must be explained for the network to be tried at all.
_WORTH_A_TRY = 0.8
# The field of local structure counts unless the structures are less alike by this: a field that follows noise makes
# them a little more alike, one that has lost its way much less.
_CLEARLY = 0.06
# Correlation from afar below which one image is a negative of the other.
_NEGATIVE = -0.3
_STEPS = {"fast": 5, "default": 20, "best": 60}
_FAST_SIDE = EFFORTS["fast"].finest_side
# Larger images are optimized from coarse to fine down to a limited size, not at their own.
_LARGEST_OPTIMIZED = 2**21


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
    """

    fixed: np.ndarray
    moving: np.ndarray
    linear: LinearMap
    mask: np.ndarray | None = None
    moving_mask: np.ndarray | None = None

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


def contrast_distance(fixed: np.ndarray, moving: np.ndarray) -> float:
    """Return how far the distributions of two images' intensities are apart.

    Parameters
    ----------
    fixed, moving : ndarray of float32
        In [0, 1], of any shapes.

    Returns
    -------
    float
        Wasserstein distance over the standard deviation of both; near 0 for one image and a deformed copy.
    """
    levels = np.linspace(0.005, 0.995, 199)
    first, second = (np.quantile(image, levels) for image in (fixed, moving))
    deviation = math.sqrt(0.5 * (float(fixed.var()) + float(moving.var())))
    return float(np.abs(first - second).mean() / max(deviation, 1e-6))


def registered_by_network(
    pair: Pair, run: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, int]], name: str
) -> Found:
    """Register the pair by a network.

    Parameters
    ----------
    pair : Pair
    run : callable
        From the fixed and the sampled moving image to a flow field and the rounds of refinement that were kept.
    name : str
        Of the network.

    Returns
    -------
    Found
    """
    field, rounds = run(pair.fixed, pair.sampled())
    return Found(pair.linear.composed(field), name, rounds)


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
    if pair.fixed.size > _LARGEST_OPTIMIZED:
        field = register_multi_resolution(
            pair.fixed, pair.moving, found.flow_field, similarity, effort,
            mask=pair.mask, moving_mask=pair.moving_mask,
        )
        return Found(field, f"{found.method}, then optimization ({similarity})", found.rounds, found.notes)
    result = optimize_field(
        pair.fixed,
        pair.moving,
        found.flow_field,
        _STEPS[effort],
        similarity,
        mask=pair.mask,
        moving_mask=pair.moving_mask,
    )
    if result.final_energy >= result.initial_energy:
        return found
    return Found(result.flow_field, f"{found.method}, then optimization ({similarity})", found.rounds, found.notes)


def registered_by_optimization(pair: Pair, similarity: str, effort: str) -> Found:
    """Register the pair from coarse to fine without a network.

    Parameters
    ----------
    pair : Pair
    similarity : {"mse", "ncc", "lncc", "mind"}
    effort : {"fast", "default", "best"}

    Returns
    -------
    Found
    """
    field = register_multi_resolution(
        pair.fixed,
        pair.moving,
        pair.start(),
        similarity,
        effort,
        mask=pair.mask,
        moving_mask=pair.moving_mask,
    )
    return Found(field, f"optimization from coarse to fine ({similarity})")


def best_route(
    pair: Pair,
    run: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, int]],
    name: str,
    effort: str,
    optimize: bool = True,
) -> Found:
    """Register the pair in the way that suits its contrast.

    Images whose intensities are distributed alike are registered by the network, whose field is then optimized. Where
    that leaves much of the difference, or the distributions differ from the start, local correlation is optimized from
    coarse to fine. If a smooth change of contrast then explains what is left, the fixed image is brought to the moving
    one's appearance, and intensities are compared after all. Where one image is blurred, the other is blurred alike
    first.

    Parameters
    ----------
    pair, run, name
        As of `registered_by_network`.
    effort : {"fast", "default", "best"}
    optimize : bool
        Whether the network's field is optimized.

    Returns
    -------
    Found
    """
    blur = relative_blur(pair.fixed, pair.warped(pair.start()))
    if not blur:
        return _by_contrast(pair, run, name, effort, optimize)
    if blur > 0:
        pair = replace(pair, fixed=ndimage.gaussian_filter(pair.fixed, blur, mode="nearest"))
    else:
        # In pixels of the moving image, which may be smaller or larger.
        width = -blur * abs(np.linalg.det(pair.linear.matrix)) ** (1 / pair.fixed.ndim)
        pair = replace(pair, moving=ndimage.gaussian_filter(pair.moving, width, mode="nearest"))
    note = f"the {'moving' if blur > 0 else 'fixed'} image is blurred by {abs(blur):.1f} pixels: so was the other"
    found = _by_contrast(pair, run, name, effort, optimize)
    return replace(found, notes=(note, *found.notes))


def _by_contrast(pair, run, name, effort, optimize):
    before, counted = pair.warped(pair.start()), pair.support(pair.start())
    # Not what a mask leaves out, nor the border that fills what lies beyond the moving image.
    distance = contrast_distance(pair.fixed[counted], before[counted]) if counted.any() else 0.0
    if distance > SAME_CONTRAST:
        note = f"the images differ in contrast ({distance:.2f}): their local structure was compared"
        return _by_structure(pair, before, effort, note)
    # Two stains may have like distributions: a quick look tells them from two images of one contrast.
    note = "intensities explain too little of the difference: local structure was compared"
    look = registered_by_optimization(pair, "lncc", "fast")
    if _explained(pair, look.flow_field) < _WORTH_A_TRY:
        return _by_structure(pair, before, effort, note, look)
    found = registered_by_network(pair, run, name)
    if optimize:
        found = optimized(pair, found, "mse", effort)
    if _explained(pair, found.flow_field) >= _EXPLAINED:
        return found
    other = _by_structure(pair, before, effort, note, look)
    support = pair.support(found.flow_field)
    images = pair.warped(found.flow_field), pair.warped(other.flow_field)
    alike = [structure_similarity(pair.fixed, image, support) for image in images]
    return found if alike[1] < alike[0] - _CLEARLY else other


def _by_structure(pair, before, effort, note, look=None):
    notes = [note]
    if _is_inverted(pair.fixed, before):
        pair, look = replace(pair, moving=1 - pair.moving), None
        notes.append("one image is dark where the other is bright")
    # Of a small image the quick look was at full resolution already.
    enough = look is not None and (effort == "fast" or (effort == "default" and max(pair.fixed.shape) <= _FAST_SIDE))
    found = look if look is not None and enough else registered_by_optimization(pair, "lncc", effort)
    if effort != "fast":
        registered = pair.warped(found.flow_field)
        matched = matched_appearance(pair.fixed, registered, pair.support(found.flow_field))
        if matched.explained >= _EXPLAINED:
            alike = replace(pair, fixed=matched.fixed, mask=matched.counted)
            found = optimized(alike, found, "mse", effort)
            notes.append("a smooth change of contrast was found and compensated")
    return replace(found, notes=tuple(notes))


def _explained(pair, flow_field):
    """Share of the registered image's variance that the fixed image explains as it is."""
    registered, support = pair.warped(flow_field), pair.support(flow_field)
    if not support.any():
        return 0.0
    left = np.square(registered - pair.fixed)[support].mean()
    return 1.0 - float(left) / max(float(registered[support].var()), 1e-12)


def _is_inverted(fixed, before):
    """Whether one image is a negative of the other, seen from afar."""
    blurred = [ndimage.gaussian_filter(image, max(1.5, max(image.shape) / 64)) for image in (fixed, before)]
    return float(np.corrcoef(blurred[0].ravel(), blurred[1].ravel())[0, 1]) < _NEGATIVE
