"""A pair registered by its intensities: what comes of it, with the network's help, and how far that can be trusted."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.optimize import minimize_scalar

from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.images.relative_blur import relative_blur
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.networks.network_registration import NetworkCall, registered_by_network
from dirv_tf.registration.optimization.pair_optimization import optimized
from dirv_tf.registration.route.appearance import contrast_changed
from dirv_tf.registration.route.field_checks import explained_share, irregularity, leaves_only_noise, turn
from dirv_tf.registration.route.first_field import EXPLAINED, WORTH_A_TRY, first_field
from dirv_tf.registration.route.intensity_pose import intensity_pose
from dirv_tf.registration.route.unfolding import unfolded

# Distance of the two images' distributions of intensities, in standard deviations, beyond which they are of two
# contrasts. Deformation moves hardly anything in a distribution, whatever it does to the images.
SAME_CONTRAST = 0.2
# Up to here they may still be of one: of a pattern that is turned, sheared and magnified another part is seen. They are
# if a linear map alone explains so much.
PERHAPS_ONE_CONTRAST, _SURELY_ONE = 0.5, 0.9
# What explains less is not optimized further. Volumes of two people came to 0.88 to 0.94, those of one pattern to 0.98
# and more, and their optimization takes seconds.
_PROMISING = {2: WORTH_A_TRY, 3: 0.95}
# Standard deviation of the logarithm of the Jacobian determinant: up to 0.26 on 24 chessboards that are deformed by up
# to 20 pixels, from 0.32 on where a turned volume was forced onto another one.
_REGULAR = 0.27
# Turned, stretched or sheared by more than that, a pair deserves an alignment even where its field gets there without.
TURNED = 0.3
# After two the field gains no more than a tenth of a percent.
_BLUR_ROUNDS = 2


class Trial(NamedTuple):
    """What the intensities of a pair made of it.

    Attributes
    ----------
    found : Found or None
        None where the contrasts differ too much to try.
    explained : float
        Share of the registered image's variance that the fixed image explains.
    distance : float
        Of the two contrasts.
    irregularity : float
        Standard deviation of the logarithm of the Jacobian determinant, infinite for a field that folds.
    only_noise : bool
        Whether what is left has no structure.
    turn : float
        Largest entry of the field's affine part without the identity: 0.26 for a rotation by 15 degrees.
    contrast_changed : bool
        Whether what is left goes by intensity, which misleads the field; not looked for with effort "fast".
    """

    found: Found | None
    explained: float
    distance: float
    irregularity: float = math.inf
    only_noise: bool = False
    turn: float = 0.0
    contrast_changed: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether nothing else needs to be tried."""
        enough = self.explained >= EXPLAINED or self.only_noise
        return self.found is not None and enough and not self.contrast_changed

    @property
    def needs_no_alignment(self) -> bool:
        """Whether the pair is registered from where it is, by a deformation that may well be the truth."""
        return self.may_be_the_truth and self.turn <= TURNED

    @property
    def may_be_the_truth(self) -> bool:
        """Whether it explains the images by a deformation as even as those of one pattern are."""
        return self.succeeded and self.irregularity <= _REGULAR


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

    Where they nearly are, a linear map that explains one image by the other decides.

    Parameters
    ----------
    fixed : ndarray of float32, shape (n_1, ..., n_r)
        In [0, 1].
    moving : ndarray of float32, shape (m_1, ..., m_r)

    Returns
    -------
    bool
    """
    given = Pair(fixed, moving, LinearMap.identity(fixed.ndim))
    if fixed.shape == moving.shape:
        # Blur narrows a distribution, which is no change of contrast.
        pair, _, _ = equally_sharp(given)
        fixed, moving = pair.fixed, pair.moving
    distance = contrast_distance(fixed, moving)
    if distance <= SAME_CONTRAST or distance > PERHAPS_ONE_CONTRAST or fixed.ndim != 2:
        return distance <= SAME_CONTRAST
    linear = intensity_pose(given)
    return linear is not None and explained_share(given, linear.flow_field(given.fixed.shape)) >= _SURELY_ONE


def intensity_trial(
    pair: Pair,
    network: NetworkCall,
    effort: str,
    optimize: bool = True,
    any_contrast: bool = False,
    first: Found | None = None,
    parts: bool = True,
) -> Trial:
    """Register a pair by its intensities, if the contrasts of its images allow that.

    From coarse to fine first; where that does not explain the images, by the network, and from local structure. What
    fits in some places is continued into the others. The best of these fields is then optimized.

    Parameters
    ----------
    pair, network
        As of `registered_by_network`.
    effort : {"fast", "default", "best"}
    optimize : bool
        False: the field of the network as it is.
    any_contrast : bool
        Whether to register whatever the contrasts are, because somebody asked for it.
    first : Found, optional
        What `first_look` found from coarse to fine.
    parts : bool
        Whether poses of parts of an image are looked for, as they are once per pair.

    Returns
    -------
    Trial
    """
    given = pair
    pair, blur, notes = equally_sharp(given)
    distance = contrast_of(pair)
    if distance > SAME_CONTRAST and not any_contrast:
        return Trial(None, 0.0, distance)
    if optimize:
        found, explained = first_field(pair, network, effort, first, parts)
    else:
        found = registered_by_network(pair, network)
        explained = explained_share(pair, found.flow_field)
    promising = explained >= _PROMISING[pair.fixed.ndim] or leaves_only_noise(pair, found.flow_field)
    if optimize and (any_contrast or promising):
        found = optimized(pair, found, "mse", effort)
        explained = explained_share(pair, found.flow_field)
        if blur and explained >= WORTH_A_TRY:
            found, explained = _optimized_with_blur(given, blur, found, effort)
    only_noise = leaves_only_noise(pair, found.flow_field)
    # Where contrast misleads the field, its folds are not worth the time.
    changed = effort != "fast" and not only_noise and contrast_changed(pair, found.flow_field, distance)
    if optimize and effort != "fast" and not changed and (any_contrast or only_noise or explained >= EXPLAINED):
        found, explained = unfolded(pair, found, explained)
    found = replace(found, notes=(*notes, *found.notes))
    return Trial(found, explained, distance, irregularity(pair, found), only_noise, turn(pair, found), changed)


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
