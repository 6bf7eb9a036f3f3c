"""Color to gray."""

from __future__ import annotations

import numpy as np

# Red, green and blue by Rec. 709, as skimage.color.rgb2gray.
_WEIGHTS = np.array([0.2125, 0.7154, 0.0721])


def to_gray(pixels: np.ndarray) -> np.ndarray:
    """Turn color into gray by the weights of Rec. 709.

    Parameters
    ----------
    pixels : ndarray, shape (n_1, ..., n_r, 3 or 4)
        Red, green, blue and possibly alpha, which is dropped.

    Returns
    -------
    ndarray of the same dtype, shape (n_1, ..., n_r)
        Integers are rounded.
    """
    gray = pixels[..., :3] @ _WEIGHTS
    return (np.rint(gray) if np.issubdtype(pixels.dtype, np.integer) else gray).astype(pixels.dtype)
