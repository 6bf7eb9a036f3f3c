"""The fixed image in the appearance of the moving one, where a first registration has put one onto the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

# Standard deviation, pixels, of the neighborhood in which one image is a linear function of the other: wide enough that
# deformation does not pass for contrast, narrow enough for uneven illumination.
_NEIGHBORHOOD = 12.0
# A neighborhood without contrast says nothing about a factor: this much of the whole image's variance is assumed as 1.
_RIDGE = 0.02
# Differences of more than so many robust standard deviations, over a few pixels, are content of one image alone.
_OUTLIER, _SPECK = 4.0, 1.5
_ITERATIONS = 3
# Levels of the table from intensities of one image to those of the other.
_LEVELS = 32
# Standard deviations, pixels, by which the fixed image may be sharper; a blur that explains this little more is none.
_BLURS, _GAIN = (0.5, 1.0, 1.5, 2.0, 3.0), 0.005


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
