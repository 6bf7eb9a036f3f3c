"""By how much one image of a pair is blurred against the other, before they are registered."""

from __future__ import annotations

from functools import reduce

import numpy as np

# Frequencies, cycles per pixel, between the structures that a registration moves and the noise.
_LOWEST, _HIGHEST, _BANDS = 0.02, 0.25, 23
# Below this blur, and above this residual of the fit, in the logarithm of the power, it is not a matter of blur: noise
# and holes bend the ratio of the spectra otherwise.
_LEAST, _LARGEST_RESIDUAL = 1.0, 0.25
_SMALLEST_SIDE = 64


def relative_blur(fixed: np.ndarray, moving: np.ndarray) -> float:
    """Estimate the relative blur of two images from their power spectra, which deformation hardly changes.

    Parameters
    ----------
    fixed, moving : ndarray of float32, shape (n_1, ..., n_r)
        The moving image on the fixed image's grid.

    Returns
    -------
    float
        Standard deviation, pixels, of the Gaussian that the moving image (positive) or the fixed image (negative) was
        blurred by; 0 where the spectra differ little, or in another way.
    """
    if min(fixed.shape) < _SMALLEST_SIDE:
        return 0.0
    spectra = [_spectrum(image) for image in (fixed, moving)]
    if any((power <= 0).any() for power in spectra):
        return 0.0
    edges = np.linspace(_LOWEST, _HIGHEST, _BANDS + 1)
    squares = (0.5 * (edges[1:] + edges[:-1])) ** 2
    logarithm = np.log(spectra[1] / spectra[0])
    basis = np.stack([np.ones_like(squares), -4 * np.pi**2 * squares], axis=1)
    coefficients = np.linalg.lstsq(basis, logarithm, rcond=None)[0]
    residual = float(np.sqrt(np.square(logarithm - basis @ coefficients).mean()))
    blur = float(np.sign(coefficients[1]) * np.sqrt(abs(coefficients[1])))
    return blur if abs(blur) >= _LEAST and residual <= _LARGEST_RESIDUAL else 0.0


def _spectrum(image):
    """Mean power in bands of frequencies, the border faded out."""
    window = reduce(np.multiply.outer, [np.hanning(side) for side in image.shape])
    power = np.abs(np.fft.rfftn((image - image.mean()) * window)) ** 2
    along = [np.fft.fftfreq(side) for side in image.shape[:-1]] + [np.fft.rfftfreq(image.shape[-1])]
    frequency = np.sqrt(sum(each**2 for each in np.meshgrid(*along, indexing="ij")))
    band = np.digitize(frequency.ravel(), np.linspace(_LOWEST, _HIGHEST, _BANDS + 1))
    total = np.bincount(band, power.ravel(), _BANDS + 2)
    return (total / np.maximum(np.bincount(band, minlength=_BANDS + 2), 1))[1 : _BANDS + 1]
