"""What the stored numbers of a TIFF page mean: color tables, white as zero, orientation."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from dirv_tf.io.decoding import UnfitFileError
from dirv_tf.io.file_limits import check_compressed, check_stored
from dirv_tf.io.orientation import UPRIGHT, known_orientation, upright

# TIFF 6.0, PhotometricInterpretation. YCbCr becomes RGB when it is decoded from JPEG or its like.
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_TO_RGB = ("JPEG", "OJPEG", "JPEG2000", "APERIO_JP2000_YCBC", "APERIO_JP2000_RGB", "WEBP", "JPEGXL")
_ALPHA = (1, 2)


class PixelMeaning(NamedTuple):
    """What the stored numbers mean.

    Attributes
    ----------
    orientation : int
        1 to 8.
    inverted_by : int or None
        What the stored numbers are subtracted from, as white is stored as 0.
    palette : ndarray of uint8, shape (n, 3), or None
        Red, green and blue by stored number.
    samples : {"color", "gray and alpha", "channels", "gray"}
        What the samples of a pixel are.
    notes : tuple of str
        What is changed for the user to see.
    """

    orientation: int
    inverted_by: int | None
    palette: Any
    samples: str
    notes: tuple[str, ...]


def pixel_meaning(path, page, is_imagej=False):
    """Return what the numbers of a page mean.

    Parameters
    ----------
    path : Path
        For error messages.
    page : tifffile.TiffPage
    is_imagej : bool
        Whether ImageJ wrote the file: its color tables are for display, the numbers are intensities.

    Returns
    -------
    PixelMeaning

    Raises
    ------
    UnfitFileError
        For inks, Lab and other colors that are no gray, RGB or palette.
    """
    # tifffile's value where there is no such tag means white as zero.
    kind = int(page.photometric) if "PhotometricInterpretation" in page.tags else _BLACK_IS_ZERO
    notes, tag = [], page.tags.get("Orientation")
    orientation = known_orientation(tag.value) if tag is not None else UPRIGHT
    if orientation != UPRIGHT:
        notes.append(f"turned upright by its TIFF orientation tag ({orientation})")
    if kind not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR):
        raise UnfitFileError(
            "Expected a gray image, RGB, RGBA or a palette; convert it. "
            f"Received: path={path} with pixels of the kind {_name(page.photometric)}"
        )
    if kind == _YCBCR and _name(page.compression) not in _TO_RGB:
        raise UnfitFileError(
            f"Expected YCbCr colors in JPEG alone; convert it to RGB. Received: path={path} with "
            f"compression={_name(page.compression)}"
        )
    inverted_by = palette = None
    if kind == _WHITE_IS_ZERO:
        inverted_by = _largest(path, page)
        notes.append("inverted, since it is stored with white as 0 (MinIsWhite)")
    if kind == _PALETTE and is_imagej:
        notes.append("its table of colors (LUT), which ImageJ displays it with, was left aside")
    elif kind == _PALETTE:
        palette = page.colormap.T
        # 16-bit numbers by the standard; some programs write 8-bit ones.
        palette = (palette >> 8 if palette.max() > 255 else palette).astype(np.uint8)
    samples = _samples(kind, page)
    if samples == "gray and alpha":
        notes.append("its alpha channel was left aside")
    return PixelMeaning(orientation, inverted_by, palette, samples, tuple(notes))


def check_pages(path, page, count=1):
    """Raise an error where pages state more pixels than the file or the memory can hold.

    Parameters
    ----------
    path : str
    page : tifffile.TiffPage
    count : float
        How many pages of this kind are decoded.

    Raises
    ------
    UnreadableFileError
    """
    itemsize = page.dtype.itemsize
    # A tile or strip is decoded whole, even where the page is smaller.
    check_compressed(path, math.prod(page.chunks) * itemsize)
    needed = int(count * math.prod(page.shape)) * itemsize
    check = check_stored if _name(page.compression) == "NONE" and page.bitspersample % 8 == 0 else check_compressed
    check(path, needed)


def is_fax(page):
    """Return whether a page is compressed by CCITT, which neither tifffile nor imagecodecs decodes.

    Parameters
    ----------
    page : tifffile.TiffPage

    Returns
    -------
    bool
    """
    return _name(page.compression).startswith("CCITT")


def _name(value):
    # A number that tifffile has no name for stays a number.
    return getattr(value, "name", str(value))


def _samples(kind, page):
    if page.samplesperpixel == 1:
        return "gray"
    if kind in (_RGB, _YCBCR) and page.samplesperpixel in (3, 4):
        return "color"
    has_alpha = page.samplesperpixel == 2 and len(page.extrasamples) == 1 and int(page.extrasamples[0]) in _ALPHA
    return "gray and alpha" if has_alpha else "channels"


def _largest(path, page):
    if page.dtype.kind not in "bu":
        raise UnfitFileError(
            "Expected unsigned integers where white is stored as 0 (MinIsWhite); convert it. "
            f"Received: path={path} with dtype={page.dtype}"
        )
    return 2**page.bitspersample - 1


def as_meant(pixels, meaning, rows=0):
    """Return pixels as they are meant to be seen.

    Parameters
    ----------
    pixels : ndarray
        As stored; samples on the last axis.
    meaning : PixelMeaning
    rows : int
        The axis of the rows; the next one is that of the columns.

    Returns
    -------
    ndarray
        With a last axis of 3 colors where there is a palette.
    """
    if meaning.inverted_by is not None:
        pixels = ~pixels if pixels.dtype == bool else pixels.dtype.type(meaning.inverted_by) - pixels
    if meaning.palette is not None:
        # Of a single bit they are read as True and False, which would choose and not count.
        pixels = meaning.palette[pixels.astype(np.uint8) if pixels.dtype == bool else pixels]
    return upright(pixels, meaning.orientation, rows)
