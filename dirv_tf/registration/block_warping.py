"""Warping of whole images in their own dtype, block by block."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

# Coordinates and samples of a block in double precision: about 100 MB.
_BLOCK_PIXELS = 2**21


def warp_in_blocks(image, flow_field):
    """Warp an image backward: ``warped[p] = image(p + flow_field[p])``, linear, clamped to the border.

    As `dirv_tf.geometry.warp_image`, but in double precision, whatever the dtype, and with little memory beside the
    image, the field and the result, however large they are.

    Parameters
    ----------
    image : ndarray of real numbers, shape (m_1, ..., m_r)
    flow_field : ndarray, shape (n_1, ..., n_r, r), pixels
        Backward, array-axis order; it may have another size.

    Returns
    -------
    ndarray, shape (n_1, ..., n_r), dtype of `image`
        Integers are rounded.
    """
    # SciPy knows no half precision.
    source = image.astype(np.float32) if image.dtype == np.float16 else image
    warped = np.empty(flow_field.shape[:-1], image.dtype)
    rows = max(1, _BLOCK_PIXELS // max(1, int(np.prod(warped.shape[1:]))))
    for first in range(0, len(warped), rows):
        field = np.moveaxis(flow_field[first : first + rows], -1, 0)
        coordinates = np.indices(field.shape[1:], np.float64) + field
        coordinates[0] += first
        values = ndimage.map_coordinates(source, coordinates, np.float64, order=1, mode="nearest")
        warped[first : first + rows] = np.rint(values) if np.issubdtype(image.dtype, np.integer) else values
    return warped
