"""Parts of images that are too large to be read whole."""

from __future__ import annotations

from dirv_tf.io.file_paths import existing_file, known_suffix
from dirv_tf.io.picture_files import PICTURE_SUFFIXES, picture_size, read_picture
from dirv_tf.io.tiff_files import READ_TIFF_SUFFIXES
from dirv_tf.io.tiff_regions import read_tiff_region, tiff_size

REGION_SUFFIXES = (*READ_TIFF_SUFFIXES, *PICTURE_SUFFIXES)


def image_size(path):
    """Return the rows and columns of a 2D image, upright; it is decoded for that only where it must be.

    Parameters
    ----------
    path : str or Path
        TIFF, PNG, JPEG, BMP or WebP.

    Returns
    -------
    pair of int

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UnreadableFileError
        If it is damaged, of another format, or a PNG or JPEG of more pixels than Pillow decodes.
    """
    path, suffix = _known(path)
    return tiff_size(path) if suffix in READ_TIFF_SUFFIXES else picture_size(path)


def read_region(path, start, size):
    """Read a part of a 2D image, however large the whole is, upright and with black as the smallest number.

    Of a TIFF only the tiles or strips are decoded that the part touches. The other formats have no such parts: they are
    decoded whole, and refused beyond the 179 million pixels that Pillow takes.

    Parameters
    ----------
    path : str or Path
        TIFF, PNG, JPEG, BMP or WebP.
    start, size : pair of int
        First row and column, and numbers of rows and columns.

    Returns
    -------
    pixels : ndarray, in the file's dtype
        Shape (rows, columns), or (rows, columns, 3 or 4) in color.
    is_color : bool

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        As `image_size`, and if the part does not lie within the image.
    """
    path, suffix = _known(path)
    pixels = None
    if suffix in PICTURE_SUFFIXES:
        pixels, _, is_color, _ = read_picture(path)
    whole = tiff_size(path) if pixels is None else pixels.shape[:2]
    if any(first < 0 or side < 1 or first + side > limit for first, side, limit in zip(start, size, whole)):
        raise ValueError(
            f"Expected a part within the image of {whole[0]} x {whole[1]} pixels. "
            f"Received: start={tuple(start)}, size={tuple(size)}, path={path}"
        )
    if pixels is None:
        return read_tiff_region(path, start, size)
    return pixels[start[0] : start[0] + size[0], start[1] : start[1] + size[1]], is_color


def _known(path):
    path = existing_file(path, "an image file")
    return path, known_suffix(path, REGION_SUFFIXES)
