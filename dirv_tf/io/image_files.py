"""Reading images and volumes from files, as they are: no scaling, no colour conversion."""

from __future__ import annotations

from pathlib import Path

import numpy as np

TIFF_SUFFIXES = (".tif", ".tiff")


def read_image(path):
    """Read an image, or a volume from a multi-page TIFF file (one page per index of the first axis).

    Parameters
    ----------
    path : str or path
        TIFF, or any format that scikit-image reads (PNG, JPEG, ...).

    Returns
    -------
    ndarray, in the file's dtype
        Shape (n_1, n_2) for a grey image, (n_1, n_2, n_3) for a volume; colour images carry a last axis of channels.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When the file is no image of a known format.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"Expected an image file. Received: path={path}")
    try:
        if path.suffix.lower() in TIFF_SUFFIXES:
            import tifffile

            return np.asarray(tifffile.imread(path))
        import skimage.io

        return np.asarray(skimage.io.imread(path))
    except (OSError, ValueError) as error:
        raise ValueError(f"Expected an image that can be read ({error}). Received: path={path}") from error
