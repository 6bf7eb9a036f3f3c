"""A verdict on a registration for which nobody knows the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

# Side to which images are reduced, and window in which their structures are compared.
_SIDE, _WINDOW = 256, 9
# Neighborhoods of less contrast than this show nothing to compare.
_FLAT = 0.01
# Above this share of folded pixels, in percent, a map is no deformation any more.
_FOLDED = 0.5
# Unrelated images of tissue came to 0.09 to 0.16 after their registration, noisy copies to 0.2 and more.
_UNRELATED = 0.2
# Below this share of the fixed image the moving one says little about the rest.
_SUPPORT = 0.7


@dataclass(frozen=True)
class Quality:
    """What can be said of a registration from its images and its field alone.

    Parameters
    ----------
    similarity_before, similarity_after : float
        Mean squared correlation of both images in neighborhoods of 9 pixels, at 256 pixels along the longer side: 1
        where one image is a linear function of the other around every pixel, whatever the stain; 0.1 to 0.2 for
        unrelated images.
    folded_percent : float
        Pixels with a Jacobian determinant of at most 0.
    support : float
        Share of the fixed image, 0 to 1, whose place lies in the moving image.
    warnings : tuple of str
        Why the result should not be trusted as it is; empty where nothing speaks against it.
    without_inverse_percent : float or None
        Of an inverse: pixels that lie at no place of the other image, or at several; None for a map that was not
        inverted.
    """

    similarity_before: float
    similarity_after: float
    folded_percent: float
    support: float
    warnings: tuple[str, ...] = ()
    without_inverse_percent: float | None = None

    @property
    def is_trustworthy(self) -> bool:
        """Whether nothing speaks against the result. No proof: measure against landmarks where there are any."""
        return not self.warnings


def judge(
    fixed: np.ndarray,
    before: np.ndarray,
    registered: np.ndarray,
    support: np.ndarray,
    folded_percent: float,
    reliable: bool = True,
) -> Quality:
    """Judge a registration.

    Parameters
    ----------
    fixed, before, registered : ndarray of float32, shape (n_1, ..., n_r)
        The fixed image, and the moving one on its grid before and after the registration, in [0, 1].
    support : ndarray of bool, shape (n_1, ..., n_r)
        Where the registered image comes from inside the moving one.
    folded_percent : float
    reliable : bool
        What the alignment says of itself. Where it doubts, the similarity after the registration decides.

    Returns
    -------
    Quality
    """
    similarities = [structure_similarity(fixed, image, support) for image in (before, registered)]
    share = float(support.mean())
    warnings = []
    if similarities[1] < similarities[0] - 1e-3:
        warnings.append(f"the images are less alike after ({similarities[1]:.2f}) than before ({similarities[0]:.2f})")
    if not reliable and similarities[1] < _UNRELATED:
        warnings.append("the images are no more alike than unrelated ones: the registration may be wrong")
    if folded_percent > _FOLDED:
        warnings.append(f"the field folds in {folded_percent:.1f} % of the pixels")
    if share < _SUPPORT:
        warnings.append(f"{100 * (1 - share):.0f} % of the fixed image lie outside the moving one")
    return Quality(similarities[0], similarities[1], folded_percent, share, tuple(warnings))


def structure_similarity(fixed: np.ndarray, image: np.ndarray, support: np.ndarray | None = None) -> float:
    """Return how alike the structures of two images are, whatever their contrast.

    Parameters
    ----------
    fixed, image : ndarray of float32, shape (n_1, ..., n_r)
        In [0, 1].
    support : ndarray of bool, same shape, optional
        Pixels that count; default all. Neighborhoods without contrast in the fixed image never count.

    Returns
    -------
    float
        Mean squared local correlation, 0 to 1; 0 where there is nothing to compare.
    """
    factor = max(1, -(-max(fixed.shape) // _SIDE))
    every = (slice(None, None, factor),) * fixed.ndim
    first, second = (ndimage.uniform_filter(each, factor)[every].astype(np.float64) for each in (fixed, image))
    means = [ndimage.uniform_filter(each, _WINDOW) for each in (first, second)]
    products = [first * second, first * first, second * second]
    cross, variance_1, variance_2 = (
        ndimage.uniform_filter(product, _WINDOW) - one * two
        for product, (one, two) in zip(products, ((means[0], means[1]), (means[0],) * 2, (means[1],) * 2))
    )
    counted = variance_1 > _FLAT**2
    if support is not None:
        counted &= support[every]
    if not counted.any():
        return 0.0
    squared = cross**2 / (np.maximum(variance_1, 1e-12) * np.maximum(variance_2, 1e-8))
    return float(np.clip(squared[counted], 0.0, 1.0).mean())
