"""What a field leaves unexplained, and how even it is."""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.optimization.warped_pair import WarpedPair

# Pixels over which noise is averaged away, and how much more than of independent numbers may be left: interpolation
# makes neighbors alike.
_NOISE_WIDTH, _NOISE_LIKE = 2.0, 3.0


def explained_share(pair: Pair, flow_field: np.ndarray) -> float:
    """Return the share of the registered image's variance that the fixed image explains as it is."""
    registered, support = pair.warped(flow_field), pair.support(flow_field)
    if not support.any():
        return 0.0
    left = np.square(registered - pair.fixed)[support].mean()
    return 1.0 - float(left) / max(float(registered[support].var()), 1e-12)


def leaves_only_noise(pair: Pair, flow_field: np.ndarray) -> bool:
    """Return whether what a field leaves of the difference varies from pixel to pixel alone, as noise does.

    Parameters
    ----------
    pair : Pair
    flow_field : np.ndarray, shape (n_1, ..., n_r, r)
        Backward, pixels.

    Returns
    -------
    bool
    """
    counted = pair.support(flow_field)
    left = np.where(counted, pair.warped(flow_field) - pair.fixed, 0)
    smooth = ndimage.gaussian_filter(left, _NOISE_WIDTH)
    # A Gaussian filter leaves that share of the variance of independent numbers.
    share = (4 * math.pi * _NOISE_WIDTH**2) ** (-left.ndim / 2)
    return bool(counted.any()) and float(smooth[counted].var()) <= _NOISE_LIKE * share * float(left[counted].var())


def irregularity(pair: Pair, found: Found) -> float:
    """Return how uneven a deformation is, the linear part left out: infinite where it folds, see `Trial`."""
    there = determinants(pair.linear.decomposed(found.flow_field))
    return math.inf if (there <= 0).any() else float(np.log(there).std())


def turn(pair: Pair, found: Found) -> float:
    """Return the largest entry of a field's affine part without the identity: 0.26 for a rotation by 15 degrees."""
    matrix = WarpedPair.make(pair.fixed, pair.moving, found.flow_field).matrix
    if matrix is None:
        return 0.0
    return float(np.abs(np.linalg.inv(pair.linear.matrix) @ matrix - np.eye(len(matrix))).max())


def folded_percent(pair: Pair, found: Found) -> float:
    """Return the percentage of the pixels at which a deformation folds, the linear part left out."""
    return 100 * float((determinants(pair.linear.decomposed(found.flow_field)) <= 0).mean())


def determinants(field: np.ndarray) -> np.ndarray:
    """Return the Jacobian determinants of a map as `metrics` has them, without TensorFlow.

    They are asked for many times per pair, and of small images each of TensorFlow's operations takes longer than all of
    these.

    Parameters
    ----------
    field : ndarray, shape (n_1, ..., n_r, r), pixels

    Returns
    -------
    ndarray, shape (n_1, ..., n_r)
    """
    rank = field.shape[-1]
    rows = [[np.gradient(field[..., row], axis=axis) + (row == axis) for axis in range(rank)] for row in range(rank)]
    return _expanded(rows)


def _expanded(rows):
    """Expand determinants along the first row."""
    if len(rows) == 1:
        return rows[0][0]
    minors = [[[*row[:column], *row[column + 1 :]] for row in rows[1:]] for column in range(len(rows))]
    return sum((-1) ** column * rows[0][column] * _expanded(minor) for column, minor in enumerate(minors))
