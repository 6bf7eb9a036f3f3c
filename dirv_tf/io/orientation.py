"""Images that are stored turned or mirrored, as the orientation tag of EXIF and TIFF says."""

from __future__ import annotations

import numpy as np

UPRIGHT = 1
# By the tag: what is mirrored before rows and columns change places.
_ROWS_MIRRORED = (3, 4, 6, 7)
_COLUMNS_MIRRORED = (2, 3, 7, 8)
_FIRST_TRANSPOSED = 5


def known_orientation(value):
    """Return the value of an orientation tag, 1 to 8; 1, which changes nothing, for any other that programs write.

    Parameters
    ----------
    value : object

    Returns
    -------
    int
    """
    return int(value) if isinstance(value, int) and 1 <= value <= 8 else UPRIGHT


def upright(pixels, orientation, rows=0):
    """Turn stored pixels as they are meant to be seen.

    Parameters
    ----------
    pixels : ndarray
    orientation : int
        1 to 8, see EXIF 2.3, tag 0x0112 (TIFF 6.0, Orientation).
    rows : int
        The axis of the rows; the next one is that of the columns.

    Returns
    -------
    ndarray
        In memory like one that was never turned.
    """
    if orientation in _ROWS_MIRRORED:
        pixels = np.flip(pixels, rows)
    if orientation in _COLUMNS_MIRRORED:
        pixels = np.flip(pixels, rows + 1)
    return np.ascontiguousarray(np.swapaxes(pixels, rows, rows + 1) if is_transposed(orientation) else pixels)


def is_transposed(orientation):
    """Return whether rows are stored as columns.

    Parameters
    ----------
    orientation : int

    Returns
    -------
    bool
    """
    return orientation >= _FIRST_TRANSPOSED


def swapped_if(transposed, values):
    """Return values per axis with the last two, of rows and columns, exchanged where those are.

    Parameters
    ----------
    transposed : bool
    values : sequence, length r

    Returns
    -------
    tuple
    """
    return (*values[:-2], values[-1], values[-2]) if transposed else tuple(values)


def stored_part(orientation, start, size, whole):
    """Return where a part of the upright image lies in the stored one.

    Parameters
    ----------
    orientation : int
    start, size : pair of int
        Of the part: first row and column, and numbers of rows and columns, upright.
    whole : pair of int
        Rows and columns of the stored image.

    Returns
    -------
    pair of (int, int)
        Start and size in the stored image.
    """
    start, size = (swapped_if(is_transposed(orientation), pair) for pair in (start, size))
    mirrored = orientation in _ROWS_MIRRORED, orientation in _COLUMNS_MIRRORED
    start = tuple(
        side - first - part if is_mirrored else first
        for first, part, side, is_mirrored in zip(start, size, whole, mirrored)
    )
    return start, size
