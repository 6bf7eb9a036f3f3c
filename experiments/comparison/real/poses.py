"""Moving images in other poses, drawn at random or named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from experiments.comparison.real.prepared_pair import PreparedPair

LARGEST_SHIFT = 0.2
SCALES = (0.8, 1.25)
# Of the image's border: what lies beyond it is filled with the border's median.
_BORDER = 4


def posed(pair: PreparedPair, seed: int, number: int) -> PreparedPair:
    """Turn, scale and shift the moving image at random, about its middle, on a square of its longer side.

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
    angle = rng.uniform(-np.pi, np.pi)
    scale = float(np.exp(rng.uniform(*np.log(SCALES))))
    shift = rng.uniform(-LARGEST_SHIFT, LARGEST_SHIFT, 2) * max(pair.moving.shape)
    name = f"{pair.name}, pose {number}: {np.degrees(angle):.0f} degrees, x {scale:.2f}"
    return turned(pair, angle, scale, shift)._replace(name=name)


def turned(pair: PreparedPair, angle: float, scale: float, shift: Sequence[float]) -> PreparedPair:
    """Turn, scale and shift the moving image, about its middle, on a square of its longer side.

    Parameters
    ----------
    pair : PreparedPair
    angle : float
        In radians, from array axis 0 to axis 1: counterclockwise as images are shown.
    scale : float
    shift : sequence of two float
        In pixels, array-axis order.

    Returns
    -------
    PreparedPair
        Without the landmarks that have left the moving image.
    """
    image, side = pair.moving, max(pair.moving.shape)
    matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    offset = (side - 1) / 2 + np.asarray(shift) - matrix @ ((np.array(image.shape) - 1) / 2)
    inverse = np.linalg.inv(matrix)
    border = np.ones(image.shape, bool)
    border[_BORDER:-_BORDER, _BORDER:-_BORDER] = False
    moving = ndimage.affine_transform(
        image, inverse, -inverse @ offset, (side, side), order=1, cval=float(np.median(image[border]))
    )
    points = pair.moving_points @ matrix.T + offset
    seen = ((points >= 0) & (points <= side - 1)).all(axis=-1)
    return PreparedPair(pair.name, pair.fixed, moving.astype(np.float32), pair.fixed_points[seen], points[seen], scale)
