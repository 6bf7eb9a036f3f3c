"""Moving images in random poses."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from experiments.comparison.real.prepared_pair import PreparedPair

LARGEST_SHIFT = 0.2
SCALES = (0.8, 1.25)
# Of the image's border: what lies beyond it is filled with the border's median.
_BORDER = 4


def posed(pair: PreparedPair, seed: int, number: int) -> PreparedPair:
    """Turn, scale and shift the moving image, about its middle, on a square of its longer side.

    Parameters
    ----------
    pair : PreparedPair
    seed, number : int
        A pose is drawn for each.

    Returns
    -------
    PreparedPair
        Without the landmarks that have left the moving image.
    """
    rng = np.random.default_rng([seed, number])
    image, side = pair.moving, max(pair.moving.shape)
    angle = rng.uniform(-np.pi, np.pi)
    scale = float(np.exp(rng.uniform(*np.log(SCALES))))
    shift = rng.uniform(-LARGEST_SHIFT, LARGEST_SHIFT, 2) * side
    matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    offset = (side - 1) / 2 + shift - matrix @ ((np.array(image.shape) - 1) / 2)
    inverse = np.linalg.inv(matrix)
    border = np.ones(image.shape, bool)
    border[_BORDER:-_BORDER, _BORDER:-_BORDER] = False
    moving = ndimage.affine_transform(
        image, inverse, -inverse @ offset, (side, side), order=1, cval=float(np.median(image[border]))
    )
    points = pair.moving_points @ matrix.T + offset
    seen = ((points >= 0) & (points <= side - 1)).all(axis=-1)
    name = f"{pair.name}, pose {number}: {np.degrees(angle):.0f} degrees, x {scale:.2f}"
    return PreparedPair(name, pair.fixed, moving.astype(np.float32), pair.fixed_points[seen], points[seen], scale)
