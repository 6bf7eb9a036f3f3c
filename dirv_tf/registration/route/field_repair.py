"""Repair of a field that fits in some places: the rest is found again from what fits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse.linalg import spsolve

from dirv_tf.registration.images.pair import Pair
from dirv_tf.registration.optimization.control_grid import ControlGrid, bending_matrix
from dirv_tf.registration.optimization.cubic_optimization import noise_variance, optimize_cubic
from dirv_tf.registration.optimization.multi_resolution import register_multi_resolution

# A pixel fits whose squared difference, averaged over this width, is at most this share of the image's variance and as
# many times the noise's.
_WIDTH, _SHARE, _TIMES_NOISE = 4.0, 0.02, 3.0
# Share of the image's variance that the noise has at most where a repair is worth its time, and the quantile of the
# differences that tells: most of the image may be wrong.
_CLEAN, _QUANTILE = 0.02, 0.25
# Where less of the image misfits, or more, nothing is to be repaired, or nothing to be gone by; rounds, and what share
# of the differences one must leave at most for another to follow.
LITTLE, _MUCH = 0.01, 0.8
_ROUNDS, _WORTH_ANOTHER = 5, 0.97
# The same for growing, which asks for less and looks closer; by how much the part that fits grows at a time, what of
# its rim is left out when parts are told apart, and what keeps the field smooth beyond it.
_GROWING_WIDTH, _GROWING_SHARE, _GROWTH, _RIM, _GROWING_ROUNDS = 3.0, 0.05, 8, 2, 20
_GROWING_STEPS, _SMOOTHNESS, _FINAL_STEPS, _FINAL_SMOOTHNESS = 5, 2e-2, 10, 6e-3
# Every round is an optimization: of larger images it is one of the image reduced, and they are not grown over.
_LARGEST_AT_FULL_SIZE = 2**18
# Bending against misfit in the extrapolation, in pixels, and its fewest pixels per control point; most control points
# per axis, for the time that the equations take.
_BENDING, _SPACING, _POINTS = 1e-2, 8, {2: 64, 3: 12}


def misfit_share(pair: Pair, flow_field: np.ndarray) -> float:
    """Return the share of the pixels that count whose neighborhood does not fit, beyond what noise explains.

    Parameters
    ----------
    pair : Pair
        Of one contrast.
    flow_field : np.ndarray, shape (n_1, ..., n_r, r)
        Backward, pixels.

    Returns
    -------
    float
    """
    misfit, counted = _misfit(pair, flow_field, _differences(pair, flow_field))
    return float(np.mean(misfit[counted] > 1))


def is_repairable(pair: Pair, flow_field: np.ndarray) -> bool:
    """Return whether most of a pair fits so well that what does not must be the field's fault, not that of the images.

    Parameters
    ----------
    pair, flow_field
        As of `misfit_share`.

    Returns
    -------
    bool
    """
    counted = pair.support(flow_field)
    if not counted.any():
        return False
    noise = noise_variance(pair.fixed, pair.warped(flow_field), counted, _QUANTILE)
    return noise <= _CLEAN * float(pair.fixed[counted].var())


def repaired_field(pair: Pair, flow_field: np.ndarray) -> np.ndarray:
    """Return a field of which the places that do not fit were registered again, starting from those that do.

    A pattern that repeats itself is matched a period away where the start was more than half a period off. The
    intensities tell where. The field of the other places is continued there, which is a better start, as long as that
    explains more of the image.

    Parameters
    ----------
    pair, flow_field
        As of `misfit_share`.

    Returns
    -------
    np.ndarray, shape (n_1, ..., n_r, r), float32
        The given one where nothing better was found.
    """
    effort = "fast" if pair.fixed.size > _LARGEST_AT_FULL_SIZE else "default"
    differences = _differences(pair, flow_field)
    for _ in range(_ROUNDS):
        misfit, counted = _misfit(pair, flow_field, differences)
        if not LITTLE <= np.mean(misfit[counted] > 1) <= _MUCH:
            break
        start = continued_field(flow_field, np.exp(-misfit) * counted + np.float32(1e-6))
        if not pair.support(start).any():
            break
        candidate = register_multi_resolution(
            pair.fixed, pair.moving, start, "mse", effort,
            mask=pair.mask, moving_mask=pair.moving_mask, levels=2,
        )
        new = _differences(pair, candidate)
        if new[counted].mean() > _WORTH_ANOTHER * differences[counted].mean():
            break
        flow_field, differences = candidate, new
    return flow_field


def fused_field(pair: Pair, flow_fields: Sequence[np.ndarray]) -> np.ndarray:
    """Return a field that takes from several ones, everywhere, the one that fits best there.

    What none of them fits is continued from what one does.

    Parameters
    ----------
    pair : Pair
        Of one contrast.
    flow_fields : sequence of np.ndarray, shape (n_1, ..., n_r, r)
        Backward, pixels.

    Returns
    -------
    np.ndarray, shape (n_1, ..., n_r, r), float32
    """
    misfits = np.stack([_misfit(pair, field, _differences(pair, field))[0] for field in flow_fields])
    best = misfits.argmin(axis=0)[np.newaxis, ..., np.newaxis]
    fused = np.take_along_axis(np.stack(flow_fields), best, axis=0)[0]
    return continued_field(fused, np.exp(-misfits.min(axis=0)) + np.float32(1e-6))


def grown_field(pair: Pair, flow_field: np.ndarray) -> np.ndarray:
    """Return a field that grew over the image from the largest part that fits.

    Of that part alone, and of a rim around it, the intensities count; the field goes on beyond it as smoothly as it
    can. Optimized there, more fits, and so on, until all does or nothing is won. Other parts that seem to fit may lie a
    period of the pattern away and are not asked.

    Parameters
    ----------
    pair, flow_field
        As of `misfit_share`.

    Returns
    -------
    np.ndarray, shape (n_1, ..., n_r, r), float32
        The given one if it fits nowhere, or the image is larger than 512 x 512 or 64 x 64 x 64.
    """
    if pair.fixed.size > _LARGEST_AT_FULL_SIZE:
        return flow_field
    part, field = None, flow_field
    for _ in range(_GROWING_ROUNDS):
        larger = _largest_fitting(pair, field, part)
        if not larger.any() or (part is not None and larger.sum() <= 1.002 * part.sum()):
            break
        part = larger
        if part.mean() > 1 - LITTLE:
            break
        rim = ndimage.binary_dilation(part, iterations=_GROWTH)
        mask = rim if pair.mask is None else rim & pair.mask
        start = continued_field(field, part + np.float32(1e-6))
        if not (mask & pair.support(start)).any():
            break
        field = _cubic(pair, start, _GROWING_STEPS, _SMOOTHNESS, mask)
    if part is None:
        return flow_field
    start = continued_field(field, part + np.float32(1e-6))
    return _cubic(pair, start, _FINAL_STEPS, _FINAL_SMOOTHNESS, pair.mask)


def _cubic(pair, start, steps, smoothness, mask):
    return optimize_cubic(
        pair.fixed, pair.moving, start, steps, smoothness, mask=mask, moving_mask=pair.moving_mask
    ).flow_field


def _largest_fitting(pair, field, part):
    """Return the largest connected part that fits, or the one that goes on from a part that did."""
    differences = _differences(pair, field)
    misfit, counted = _misfit(pair, field, differences, _GROWING_WIDTH, _GROWING_SHARE)
    fits = (misfit < 1) & counted
    if part is not None:
        fits &= ndimage.binary_dilation(part, iterations=_GROWTH + _RIM)
    labels, count = ndimage.label(ndimage.binary_erosion(fits, iterations=_RIM, border_value=1))
    if not count:
        return np.zeros_like(fits)
    inside = labels if part is None else labels[part]
    largest = 1 + int(np.bincount(inside.ravel(), minlength=count + 1)[1:].argmax())
    return ndimage.binary_dilation(labels == largest, iterations=_RIM) & fits


def continued_field(flow_field: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """Return the smooth field nearest to a given one where that is trusted, of least bending energy elsewhere.

    Parameters
    ----------
    flow_field : np.ndarray, shape (n_1, ..., n_r, r)
        Pixels.
    trust : np.ndarray, shape (n_1, ..., n_r)
        Weights, above 0.

    Returns
    -------
    np.ndarray, shape (n_1, ..., n_r, r), float32

    Examples
    --------
    >>> field = np.tile(np.arange(32.0)[:, None, None] / 8, (1, 32, 2))
    >>> spoiled, trust = field.copy(), np.ones((32, 32))
    >>> spoiled[10:20, 10:20], trust[10:20, 10:20] = 9, 1e-6
    >>> bool(np.abs(continued_field(spoiled, trust) - field).max() < 0.05)
    True
    """
    rank, size = trust.ndim, trust.shape
    grid = ControlGrid(size, (max(_SPACING, -(-max(size) // _POINTS[rank])),) * rank)
    splines, weights = grid.matrix(), sparse.diags(trust.ravel().astype(np.float64))
    sums = grid.gather(np.moveaxis(flow_field, -1, 0) * trust).reshape(rank, -1)
    pixels = float(np.prod(grid.spacing))
    matrix = (splines.T @ weights @ splines + _BENDING * pixels * bending_matrix(grid.shape)).tocsc()
    points = np.stack([spsolve(matrix, values) for values in sums]).reshape(rank, *grid.shape)
    return np.moveaxis(grid.interpolate(points), 0, -1)


def _differences(pair, flow_field):
    return np.square(pair.fixed - pair.warped(flow_field))


def _misfit(pair, flow_field, differences, width=_WIDTH, share=_SHARE):
    """Return the squared differences of the neighborhood over what is allowed, and the pixels that count."""
    counted = pair.support(flow_field)
    if not counted.any():
        return np.zeros_like(differences), np.ones_like(counted)
    noise = noise_variance(pair.fixed, pair.warped(flow_field), counted)
    allowed = share * float(pair.fixed[counted].var()) + _TIMES_NOISE * noise + 1e-12
    # Of the pixels that count alone: others may hold anything.
    near, weights = (ndimage.gaussian_filter(one, width) for one in (differences * counted, counted.astype(np.float32)))
    return near / np.maximum(weights, 1e-6) / allowed, counted
