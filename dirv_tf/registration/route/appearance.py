"""The fixed image in the appearance of the moving one, once a first field is there: a change of contrast made good."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.optimization.pair_optimization import optimized
from dirv_tf.registration.route.field_checks import folded_percent

# Standard deviation, pixels, of the neighborhood in which one image is a linear function of the other: wide enough that
# deformation does not pass for contrast, narrow enough for uneven illumination.
_NEIGHBORHOOD = 12.0
# A neighborhood without contrast says nothing about a factor: this much of the whole image's variance is assumed as 1.
_RIDGE = 0.02
# Differences of more than so many robust standard deviations, over a few pixels, are content of one image alone.
_OUTLIER, _SPECK = 4.0, 1.5
_ITERATIONS = 3
# Levels of the table from intensities of one image to those of the other, and of what goes by intensity.
_LEVELS = 32
# Standard deviations, pixels, by which the fixed image may be sharper; a blur that explains this little more is none.
_BLURS, _GAIN = (0.5, 1.0, 1.5, 2.0, 3.0), 0.005
NOTE = "a smooth change of contrast was found and compensated"
# Share of the registered image's variance from which on a change is believed, by rank: organs of two people differ in
# shape, and come to 0.89 at most; volumes of one thing to 0.996 and more.
_BELIEVED = {2: 0.98, 3: 0.99}
# The first field has the change in it, and so has what is matched by it: the second one has less.
_ROUNDS = 2
# Share of what is left that goes by intensity: 0.24 at most between images of one contrast, 0.56 at least after a gamma
# of 0.8 or a factor of 0.6. The field of a volume makes up for part of the change, and 0.28 are left at least: then the
# distributions must be apart as well, in standard deviations (0.02 at most in volumes that show the same).
_BY_INTENSITY, _BY_SOME_INTENSITY, _APART = 0.5, 0.25, 0.05
# The share of the variance below which nothing is left.
_NOTHING = 1e-6


@dataclass(frozen=True)
class MatchedAppearance:
    """The fixed image as the moving one would show it.

    Parameters
    ----------
    fixed : ndarray of float32, shape (n_1, ..., n_r)
        ``a(p) g(fixed(p)) + b(p)``, perhaps blurred, with the table ``g`` of intensities and the smooth ``a`` and ``b``
        that come closest to the registered image.
    counted : ndarray of bool, same shape
        Pixels that both images show: not those of a hole, a fold or a stain in one of them.
    explained : float
        Share of the registered image's variance that this explains, where pixels count: near 1 for two images of one
        thing, whatever the brightness, the contrast or the illumination; less for two stains.
    """

    fixed: np.ndarray
    counted: np.ndarray
    explained: float


def matched_appearance(fixed: np.ndarray, registered: np.ndarray, support: np.ndarray) -> MatchedAppearance:
    """Bring the fixed image to the appearance of the moving one.

    Parameters
    ----------
    fixed, registered : ndarray of float32, shape (n_1, ..., n_r)
        The fixed image, and the moving one as a first registration warped it.
    support : ndarray of bool, same shape
        Where the registered image comes from inside the moving one.

    Returns
    -------
    MatchedAppearance
    """
    counted = support.copy()
    for _ in range(_ITERATIONS):
        weight = counted.astype(np.float32)
        # Uneven illumination is matched better without a table of intensities, gamma with one.
        candidates = [_matched(image, registered, weight) for image in (fixed, _translated(fixed, registered, counted))]
        matched = min(candidates, key=lambda image: _error(image, registered, counted))
        matched = _sharpness(matched, registered, counted)
        difference = ndimage.gaussian_filter(np.abs(matched - registered), _SPECK)
        if not counted.any():
            break
        scale = 1.4826 * float(np.median(difference[counted]))
        outliers = difference > max(_OUTLIER * scale, 0.02)
        # What differs at single edges is deformation still to be found.
        outliers = ndimage.binary_opening(outliers, iterations=2)
        counted = support & ~ndimage.binary_dilation(outliers, iterations=2) if outliers.any() else support.copy()
    if not counted.any():
        return MatchedAppearance(matched, support, 0.0)
    left = _error(matched, registered, counted)
    variance = float(registered[counted].var())
    return MatchedAppearance(matched, counted, 1.0 - left / variance if variance > 0 else 0.0)


def _translated(fixed, registered, counted):
    """Return the fixed image with its intensities replaced by what the registered image shows there on average."""
    if not counted.any():
        return fixed
    low, high = np.quantile(fixed[counted], (0.002, 0.998))
    if high <= low:
        return fixed
    edges = np.linspace(low, high, _LEVELS + 1)
    level = np.clip(np.digitize(fixed[counted], edges) - 1, 0, _LEVELS - 1)
    count = np.bincount(level, minlength=_LEVELS).astype(float)
    known = count > 0
    inputs, outputs = (
        np.bincount(level, image[counted], _LEVELS)[known] / count[known] for image in (fixed, registered)
    )
    return np.interp(fixed, inputs, outputs).astype(np.float32)


def _sharpness(matched, registered, counted):
    """Return the fixed image as blurred as the registered one, if it is sharper."""
    errors = {0.0: _error(matched, registered, counted)}
    for blur in _BLURS:
        errors[blur] = _error(ndimage.gaussian_filter(matched, blur, mode="nearest"), registered, counted)
    best = min(errors, key=lambda blur: errors[blur])
    variance = float(registered[counted].var()) if counted.any() else 0.0
    if errors[0.0] - errors[best] <= _GAIN * variance:
        return matched
    return ndimage.gaussian_filter(matched, best, mode="nearest")


def _error(first, second, counted):
    return float(np.square(first - second)[counted].mean()) if counted.any() else 0.0


def _matched(fixed, registered, weight):
    total = _smoothed(weight) + 1e-6
    mean_1, mean_2 = (_smoothed(weight * image) / total for image in (fixed, registered))
    variance = _smoothed(weight * fixed**2) / total - mean_1**2
    covariance = _smoothed(weight * fixed * registered) / total - mean_1 * mean_2
    spread = float(fixed.var())
    ratio = _overall_ratio(fixed, registered, weight)
    factor = (covariance + _RIDGE * spread * ratio) / (np.maximum(variance, 0) + _RIDGE * spread + 1e-9)
    # The maps themselves are smooth, or they would follow what the registration has yet to move.
    factor = _smoothed(weight * factor) / total
    offset = _smoothed(weight * (registered - factor * fixed)) / total
    return (factor * fixed + offset).astype(np.float32)


def _overall_ratio(fixed, registered, weight):
    one, two = (image - np.average(image, weights=weight) if weight.any() else image for image in (fixed, registered))
    return float((weight * one * two).sum() / max(float((weight * one * one).sum()), 1e-9))


def _smoothed(image):
    return ndimage.gaussian_filter(image, _NEIGHBORHOOD, mode="nearest", truncate=3.0)


def compensated(pair: Pair, found: Found, effort: str) -> Found:
    """Optimize a field with the fixed image in the appearance of the moving one, where that is all they differ in.

    Parameters
    ----------
    pair : Pair
    found : Found
        A first registration.
    effort : {"fast", "default", "best"}

    Returns
    -------
    Found
        The given one where no smooth change of contrast explains the images, or the field would fold more.
    """
    for number in range(_ROUNDS):
        matched = matched_appearance(pair.fixed, pair.warped(found.flow_field), pair.support(found.flow_field))
        if matched.explained < _BELIEVED[pair.fixed.ndim]:
            break
        closer = optimized(replace(pair, fixed=matched.fixed, mask=matched.counted), found, "mse", effort)
        if folded_percent(pair, closer) > folded_percent(pair, found):
            break
        method, notes = (found.method, found.notes) if number else (closer.method, (*found.notes, NOTE))
        found = replace(closer, method=method, notes=notes)
    return found


def contrast_changed(pair: Pair, flow_field: np.ndarray, distance: float = 0.0) -> bool:
    """Return whether what a field leaves goes by intensity, as after a change of brightness or contrast.

    Parameters
    ----------
    pair : Pair
    flow_field : ndarray, shape (n_1, ..., n_r, r)
        Backward, pixels.
    distance : float
        Of the distributions of their intensities, see `contrast_distance`.

    Returns
    -------
    bool
    """
    counted = pair.support(flow_field)
    if not counted.any():
        return False
    values, left = pair.fixed[counted], (pair.warped(flow_field) - pair.fixed)[counted]
    low, high = np.quantile(values, (0.002, 0.998))
    squares = float(np.vdot(left, left))
    if not high > low or squares <= _NOTHING * float(values.var()) * values.size:
        return False
    level = np.clip((_LEVELS / (high - low) * (values - low)).astype(np.intp), 0, _LEVELS - 1)
    count = np.bincount(level, minlength=_LEVELS)
    by_intensity = np.square(np.bincount(level, left, _LEVELS)) / np.maximum(count, 1)
    least = _BY_SOME_INTENSITY if pair.fixed.ndim == 3 and distance >= _APART else _BY_INTENSITY
    return float(by_intensity.sum()) >= least * squares
