"""Labels and masks from files."""

from __future__ import annotations

import os

import numpy as np

from dirv_tf.io.image_files import load_image
from dirv_tf.validation import shown

_LARGEST = 2**16 - 1


def read_label_map(path: str | os.PathLike) -> np.ndarray:
    """Read an image of labels.

    Parameters
    ----------
    path : str or path
        Any format of `dirv_tf.io.load_image`, gray.

    Returns
    -------
    ndarray of uint8 or uint16, shape (n_1, ..., n_r)

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is in color, or holds something else than integers from 0 to 65535.
    """
    file = load_image(path)
    pixels = file.pixels
    if file.is_color:
        raise ValueError(f"Expected an image of labels, not one in color. Received: path={path}")
    # Programs write labels as floating-point numbers too.
    wrong = pixels[~((pixels >= 0) & (pixels <= _LARGEST) & (pixels == np.rint(pixels)))]
    if wrong.size:
        raise ValueError(
            f"Expected labels that are integers from 0 to {_LARGEST}. "
            f"Received: path={path} with {shown(wrong[:3].tolist())}"
        )
    return pixels.astype(np.uint8 if pixels.max() < 2**8 else np.uint16)


def read_mask(path: str | os.PathLike) -> np.ndarray:
    """Read an image of which pixels count: those that are not 0.

    Parameters
    ----------
    path : str or path
        Any format of `dirv_tf.io.load_image`, gray.

    Returns
    -------
    ndarray of uint8, shape (n_1, ..., n_r)
        0 and 1.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is in color, or all 0.
    """
    file = load_image(path)
    if file.is_color or not file.pixels.any():
        raise ValueError(
            f"Expected a gray image with pixels that are not 0. Received: path={path}"
            f"{' in color' if file.is_color else ' of zeros'}"
        )
    return (file.pixels != 0).astype(np.uint8)
