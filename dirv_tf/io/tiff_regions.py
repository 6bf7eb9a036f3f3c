"""A part of a large TIFF image, decoded from no more than the tiles or strips that it touches."""

from __future__ import annotations

import contextlib
import math

import numpy as np

from dirv_tf.io.decoding import decoding
from dirv_tf.io.image_choice import choose
from dirv_tf.io.ome_metadata import channel_names
from dirv_tf.io.orientation import is_transposed, stored_part, swapped_if
from dirv_tf.io.tiff_directories import opened_tiff
from dirv_tf.io.tiff_pixels import as_meant, is_fax, pixel_meaning
from dirv_tf.io.tiff_warnings import damage_raises

# A strip or tile that is decoded at once; some writers store a whole compressed image as a single strip.
MOST_BYTES_AT_ONCE = 2**30


class RegionReader:
    """The first image of a TIFF file, of a slide the finest level, of which parts are read while the file stays open.

    Parameters
    ----------
    path : Path
    channel : int, str or None
        Which one of several channels or colors, see `choose`. None: the only one, or all colors.
    time : int, str or None
        0 or None: there is one.

    Raises
    ------
    UnreadableFileError
        If the file is damaged, what is chosen is not there, or the first image is neither a single page, gray or in
        color, nor pages of channels of which one is chosen.

    Attributes
    ----------
    size : pair of int
        Rows and columns, upright.
    dtype : numpy.dtype
        Of the pixels as they are meant; bool for an image of 1 bit.
    channels : int
        3 or 4 in color; 0 for a gray image, which has no axis of channels.
    notes : tuple of str
        What is changed, and what was chosen.
    """

    def __init__(self, path, channel=None, time=None):
        self._path = path
        with contextlib.ExitStack() as closing:
            # What tifffile only logs becomes an error at the end.
            with decoding(path), damage_raises():
                self._tiff = closing.enter_context(opened_tiff(path))
                series = self._tiff.series[0]
                self._meaning = pixel_meaning(path, series.keyframe, self._tiff.is_imagej)
                number, self._color, notes = _choice(path, self._tiff, self._meaning, channel, time)
                self._page, self.notes = series.pages[number].aspage(), (*self._meaning.notes, *notes)
                self._describe(self._page, self._meaning)
            closing.pop_all()

    def _describe(self, page, meaning):
        self.size = swapped_if(is_transposed(meaning.orientation), (page.imagelength, page.imagewidth))
        self.channels = _colors(page, meaning) if self._color is None else 0
        self.dtype = np.dtype(np.uint8) if meaning.palette is not None else page.dtype.newbyteorder("=")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._tiff.close()

    def read(self, start, size):
        """Read a part; of the file no more than the tiles or strips that it touches.

        Parameters
        ----------
        start, size : pair of int
            First row and column, and numbers of rows and columns, upright; the part must lie within the image.

        Returns
        -------
        ndarray
            Upright, with black as the smallest number, shape (rows, columns) or (rows, columns, 3 or 4).

        Raises
        ------
        UnreadableFileError
            If the file is damaged where the part lies, its compression is unknown, or it must be decoded in pieces of
            more than `MOST_BYTES_AT_ONCE`.
        """
        page, meaning = self._page, self._meaning
        with decoding(self._path), damage_raises():
            start, size = stored_part(meaning.orientation, start, size, (page.imagelength, page.imagewidth))
            planes, _, _, _, samples = page.shaped
            region = np.zeros((planes, *size, samples), page.dtype.newbyteorder("="))
            if page.is_memmappable:
                _copy_stored(self._path, page, region, start)
            else:
                _decode_segments(page, region, start)
            pixels = np.concatenate(list(region), axis=-1) if meaning.samples == "color" else region[0, ..., 0]
            pixels = as_meant(pixels, meaning)
        return pixels if self._color is None else np.ascontiguousarray(pixels[..., self._color])


def tiff_size(path):
    """Return the rows and columns of the first image of a TIFF file, upright; nothing else of it is read.

    Parameters
    ----------
    path : Path

    Returns
    -------
    pair of int

    Raises
    ------
    UnreadableFileError
        As `RegionReader`.
    """
    with RegionReader(path) as reader:
        return reader.size


def read_tiff_region(path, start, size):
    """Read a part of the first image of a TIFF file, of a slide the finest level.

    Parameters
    ----------
    path : Path
    start, size : pair of int
        As of `RegionReader.read`.

    Returns
    -------
    tuple of (ndarray, bool)
        Pixels as of `RegionReader.read`, and whether they are in color.

    Raises
    ------
    UnreadableFileError
        As `RegionReader`, and `RegionReader.read`.
    """
    with RegionReader(path) as reader:
        return reader.read(start, size), reader.channels > 0


def is_read_in_parts(series, meaning):
    """Return whether `RegionReader` reads an image of a TIFF file.

    Parameters
    ----------
    series : tifffile.TiffPageSeries
    meaning : PixelMeaning

    Returns
    -------
    bool
    """
    page = series.keyframe
    decoded = math.prod(_segment_sides(page)) * page.shaped[-1] * page.dtype.itemsize
    is_decoded = page.is_memmappable or not (is_fax(page) or decoded > MOST_BYTES_AT_ONCE)
    return is_decoded and _has_pages_to_choose(series, meaning)


def _has_pages_to_choose(series, meaning):
    """Whether one page is the image, or one page is each channel of it."""
    page, pages = series.keyframe, series.pages
    is_plain = page.shaped[1] == 1 and meaning.samples != "channels"
    return is_plain and (len(pages) == 1 or (series.axes == "CYX" and len(pages) == series.shape[0]))


def _choice(path, tiff, meaning, channel, time):
    """Return the number of the page, that of the color (None: all), and what was chosen."""
    series = tiff.series[0]
    page, pages = series.keyframe, series.pages
    if 0 in page.shape:
        raise ValueError(f"no pixels: its shape is {page.shape}")
    if not _has_pages_to_choose(series, meaning):
        raise ValueError(f"not one page, gray or in color, but {len(pages)} of shape {page.shape}")
    colors = _colors(page, meaning)
    axes, shape = ("CS", (len(pages), colors)) if colors else ("C", (len(pages),))
    names = channel_names(tiff) if tiff.is_ome else ()
    (number, *color), letters, notes = choose(path, axes, shape, channel, time, names)
    return number, None if letters or not color else color[0], notes


def _colors(page, meaning):
    """Return how many colors a pixel has; 0 for gray."""
    if meaning.palette is not None:
        return 3
    return page.samplesperpixel if meaning.samples == "color" else 0


def _copy_stored(path, page, region, start):
    planes, _, rows, columns, samples = page.shaped
    order = page.parent.byteorder
    stored = np.memmap(
        path, page.dtype.newbyteorder(order), "r", page.dataoffsets[0], (planes, rows, columns, samples)
    )
    region[:] = stored[:, start[0] : start[0] + region.shape[1], start[1] : start[1] + region.shape[2]]


def _decode_segments(page, region, start):
    length, width = _segment_sides(page)
    if is_fax(page):
        raise ValueError("a fax (CCITT) cannot be read in parts; store it in another compression")
    if length * width * region.shape[-1] * region.itemsize > MOST_BYTES_AT_ONCE:
        raise ValueError(
            f"its tiles or strips of {length} x {width} pixels are too large to decode one; store it in tiles"
        )
    tables, file = page.jpegtables, page.parent.filehandle
    for index in _touched(page, length, width, start, region.shape[1:3]):
        count = page.databytecounts[index]
        # A segment that was never written holds nothing but zeros.
        if count == 0:
            continue
        file.seek(page.dataoffsets[index])
        data = file.read(count)
        if len(data) < count:
            raise ValueError(f"the file ends within the tile or strip {index}")
        segment, (plane, _, row, column, _), _ = page.decode(data, index, jpegtables=tables)
        _paste(region[plane], segment[0], (row - start[0], column - start[1]))


def _segment_sides(page):
    if page.is_tiled:
        return page.tilelength, page.tilewidth
    return min(page.rowsperstrip, page.imagelength), page.imagewidth


def _touched(page, length, width, start, size):
    """Numbers of the segments that the part touches: they are counted row by row, plane after plane."""
    across, down = -(-page.imagewidth // width), -(-page.imagelength // length)
    for plane in range(page.shaped[0]):
        for row in range(start[0] // length, -(-(start[0] + size[0]) // length)):
            for column in range(start[1] // width, -(-(start[1] + size[1]) // width)):
                yield (plane * down + row) * across + column


def _paste(region, segment, place):
    ends = [min(at + side, whole) for at, side, whole in zip(place, segment.shape, region.shape)]
    firsts = [max(at, 0) for at in place]
    taken = tuple(slice(first - at, end - at) for first, at, end in zip(firsts, place, ends))
    region[tuple(map(slice, firsts, ends))] = segment[taken]
