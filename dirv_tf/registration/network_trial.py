"""A pair tried by the network: what the network makes of it, and how far that can be trusted."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Callable, NamedTuple

import numpy as np
import tensorflow as tf
from scipy import ndimage
from scipy.optimize import minimize_scalar

from dirv_tf import geometry, metrics
from dirv_tf.registration.linear_map import LinearMap
from dirv_tf.registration.relative_blur import relative_blur
from dirv_tf.registration.route import Found, Pair, optimized, registered_by_network

# Distance of the two images' distributions of intensities, in standard deviations, beyond which they are of two
# contrasts. Deformation moves hardly anything in a distribution, whatever it does to the images.
SAME_CONTRAST = 0.2
# Share of the registered image's variance that the fixed image, perhaps after a change of contrast, must explain for
# intensities to be compared. Noise, blur and holes leave more, stains much more, and intensities then mislead.
EXPLAINED = 0.98
# What explains less is no result of the network's: two stains may have like distributions.
WORTH_A_TRY = 0.8
# Standard deviation of the logarithm of the Jacobian determinant: up to 0.26 on 24 chessboards that are deformed by up
# to 20 pixels, from 0.32 on where a turned volume was forced onto another one.
_REGULAR = 0.27
# After two the field gains no more than a tenth of a percent.
_BLUR_ROUNDS = 2


class Trial(NamedTuple):
    """What the network made of a pair, its field optimized.

    Attributes
    ----------
    found : Found or None
        None where the contrasts differ too much to try.
    explained : float
        Share of the registered image's variance that the fixed image explains.
    distance : float
        Of the two contrasts.
    regular : bool
        Whether the field is a deformation that may well be the truth: without folds, and nowhere extreme.
    """

    found: Found | None
    explained: float
    distance: float
    regular: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether nothing else needs to be tried."""
        return self.found is not None and self.explained >= EXPLAINED

    @property
    def needs_no_alignment(self) -> bool:
        """Whether the pair is registered from where it is."""
        return self.succeeded and self.regular


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


def of_one_contrast(fixed: np.ndarray, moving: np.ndarray) -> bool:
    """Return whether the intensities of two images are distributed alike, whatever blur one of them has.

    Parameters
    ----------
    fixed : ndarray of float32, shape (n_1, ..., n_r)
        In [0, 1].
    moving : ndarray of float32, shape (m_1, ..., m_r)

    Returns
    -------
    bool
    """
    if fixed.shape == moving.shape:
        # Blur narrows a distribution, which is no change of contrast.
        pair, _, _ = equally_sharp(Pair(fixed, moving, LinearMap.identity(fixed.ndim)))
        fixed, moving = pair.fixed, pair.moving
    return contrast_distance(fixed, moving) <= SAME_CONTRAST


def network_trial(
    pair: Pair,
    run: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, int]],
    name: str,
    effort: str,
    optimize: bool = True,
) -> Trial:
    """Register a pair by the network, if the contrasts of its images allow that.

    Parameters
    ----------
    pair, run, name
        As of `registered_by_network`.
    effort : {"fast", "default", "best"}
    optimize : bool
        Whether the network's field is optimized.

    Returns
    -------
    Trial
    """
    given = pair
    pair, blur, notes = equally_sharp(given)
    distance = contrast_of(pair)
    if distance > SAME_CONTRAST:
        return Trial(None, 0.0, distance)
    found = registered_by_network(pair, run, name)
    explained = explained_share(pair, found.flow_field)
    if optimize and explained >= WORTH_A_TRY:
        found = optimized(pair, found, "mse", effort)
        explained = explained_share(pair, found.flow_field)
        if blur and explained >= WORTH_A_TRY:
            found, explained = _optimized_with_blur(given, blur, found, effort)
    field = tf.constant(pair.linear.decomposed(found.flow_field)[None], tf.float32)
    with geometry.for_any_shape():
        regular = float(metrics.folded_percent(field)[0]) == 0 and float(metrics.sd_log_jacobian(field)[0]) <= _REGULAR
    return Trial(replace(found, notes=(*notes, *found.notes)), explained, distance, regular)


def contrast_of(pair: Pair) -> float:
    """Return the `contrast_distance` of a pair as it lies."""
    before, counted = pair.warped(pair.start()), pair.support(pair.start())
    # Not what a mask leaves out, nor the border that fills what lies beyond the moving image.
    return contrast_distance(pair.fixed[counted], before[counted]) if counted.any() else 0.0


def equally_sharp(pair: Pair) -> tuple[Pair, float, tuple[str, ...]]:
    """Return the pair with its sharper image blurred like the other one, by how much, and notes."""
    blur = relative_blur(pair.fixed, pair.warped(pair.start()))
    if not blur:
        return pair, 0.0, ()
    note = f"the {'moving' if blur > 0 else 'fixed'} image is blurred by {abs(blur):.1f} pixels: so was the other"
    return _blurred(pair, blur), blur, (note,)


def _blurred(pair, blur):
    """Blur the fixed image by a positive number of its pixels, or the moving one by a negative one."""
    if blur > 0:
        return replace(pair, fixed=ndimage.gaussian_filter(pair.fixed, blur, mode="nearest"))
    # In pixels of the moving image, which may be smaller or larger.
    width = -blur * abs(np.linalg.det(pair.linear.matrix)) ** (1 / pair.fixed.ndim)
    return replace(pair, moving=ndimage.gaussian_filter(pair.moving, width, mode="nearest"))


def _optimized_with_blur(pair, blur, found, effort):
    """Improve blur and field by turns: the spectra tell the one to a tenth, which spoils the other."""
    for _ in range(_BLUR_ROUNDS):

        def unexplained(width, found=found):
            return 1 - explained_share(_blurred(pair, math.copysign(width, blur)), found.flow_field)

        bounds = (0.6 * abs(blur), 1.6 * abs(blur))
        width = minimize_scalar(unexplained, bounds=bounds, method="bounded", options={"xatol": 0.02}).x
        alike = _blurred(pair, math.copysign(width, blur))
        found = replace(optimized(alike, found, "mse", effort), method=found.method)
    return found, explained_share(alike, found.flow_field)


def explained_share(pair: Pair, flow_field: np.ndarray) -> float:
    """Return the share of the registered image's variance that the fixed image explains as it is."""
    registered, support = pair.warped(flow_field), pair.support(flow_field)
    if not support.any():
        return 0.0
    left = np.square(registered - pair.fixed)[support].mean()
    return 1.0 - float(left) / max(float(registered[support].var()), 1e-12)
