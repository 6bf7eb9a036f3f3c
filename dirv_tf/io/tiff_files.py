"""TIFF images, volumes of several pages, and their pixel size."""

from __future__ import annotations

import math

import numpy as np

from dirv_tf.io.decoding import UnfitFileError, decoding
from dirv_tf.io.file_limits import check_compressed
from dirv_tf.io.image_choice import choose
from dirv_tf.io.image_geometry import ImageGeometry
from dirv_tf.io.ome_metadata import channel_names
from dirv_tf.io.orientation import is_transposed, swapped_if
from dirv_tf.io.tiff_directories import opened_tiff
from dirv_tf.io.tiff_pixel_size import ome_pixel_size, read_pixel_size
from dirv_tf.io.tiff_pixels import as_meant, check_pages, is_fax, pixel_meaning
from dirv_tf.io.tiff_warnings import damage_raises

TIFF_SUFFIXES = (".tif", ".tiff")
# Also what is read alone: Aperio's slides are TIFFs by another name.
READ_TIFF_SUFFIXES = (*TIFF_SUFFIXES, ".svs")
# tifffile's letters for one axis of pages: depth, and the two for pages of which the file says nothing.
_PAGE_AXES = "ZQI"
OME_DTYPES = ("bool", "int8", "int16", "int32", "uint8", "uint16", "uint32", "float32", "float64")
# As a share of the pixel size; other formats hold geometries in float32.
_TOLERANCE = 1e-5


def read_tiff(path, channel=None, time=None, level=0):
    """Read the first image of a TIFF file: a page, a volume of several pages, or a level of a slide.

    Parameters
    ----------
    path : Path
    channel, time
        Which one of several, see `choose`.
    level : int
        Of a slide, from the finest, 0, on; one that it has.

    Returns
    -------
    tuple of (ndarray, ImageGeometry, bool, tuple of str)
        Pixels upright, with black as the smallest number (colors on the last axis), the stated pixel size (that of the
        finest level) or 1, whether it is a color image, and notes on what was changed and chosen.

    Raises
    ------
    UnreadableFileError
        If the file is damaged or truncated, compressed in a way that tifffile cannot read without imagecodecs, of
        colors other than RGB and palettes, or holds more than one image or volume and none is chosen.
    """
    with decoding(path), damage_raises(), opened_tiff(path) as tiff:
        series = tiff.series[0].levels[level]
        meaning = pixel_meaning(path, series.keyframe, tiff.is_imagej)
        names = channel_names(tiff) if tiff.is_ome else ()
        index, letters, notes = _chosen(path, series, meaning, channel, time, names)
        fax = is_fax(series.keyframe)
        stored = None if fax else _stored(tiff, level, index[: len(series.axes)])
        pixel_size = read_pixel_size(tiff)
    in_file = letters if meaning.palette is None else letters.replace("S", "")
    if "S" in in_file and stored is not None:
        stored = np.moveaxis(stored, in_file.index("S"), -1)
    rank = len(letters.replace("S", ""))
    pixels = _fax(path) if fax else as_meant(stored, meaning, rows=rank - 2)
    if meaning.palette is not None:
        pixels = pixels[(..., index[-1])]
    known = pixel_size is not None and len(pixel_size) >= rank
    pixel_size = swapped_if(is_transposed(meaning.orientation), pixel_size[-rank:]) if known else (1.0,) * rank
    return pixels, ImageGeometry.from_pixel_size(pixel_size), "S" in letters, (*meaning.notes, *notes)


def _chosen(path, series, meaning, channel, time, names):
    """Return the index into the series, for a palette also into its colors; the letters that are left; notes."""
    axes, shape = series.axes, series.shape
    if meaning.samples == "channels":
        axes = axes.replace("S", "C")
    if meaning.palette is not None:
        axes, shape = axes + "S", (*shape, 3)
    pages = [letter for letter, side in zip(axes, shape) if letter not in "TCSYX" and side > 1]
    if len(pages) > 1 or (pages and pages[0] not in _PAGE_AXES) or axes.count("C") > 1:
        raise UnfitFileError(
            "Expected one page, or pages that form a volume, of one or more channels and times; write a volume with "
            f"axes ZYX. Received: path={path} with axes={series.axes}, shape={series.shape}"
        )
    if meaning.samples == "gray and alpha" and "S" in axes:
        index, letters, notes = choose(path, axes.replace("S", ""), _without(shape, axes.index("S")), channel, time)
        index = (*index[: axes.index("S")], 0, *index[axes.index("S") :])
    else:
        index, letters, notes = choose(path, axes, shape, channel, time, names)
    # Axes of one page, of which only rows and columns are to stay.
    lone = {letter for letter, side in zip(axes, shape) if letter not in "TCSYX" and side == 1}
    index = tuple(0 if letter in lone else part for letter, part in zip(axes, index))
    return index, "".join(letter for letter in letters if letter not in lone), notes


def _fax(path):
    """Return the page of a fax, whose compression (CCITT) neither tifffile nor imagecodecs knows, as it is meant."""
    from PIL import Image

    with decoding(path), Image.open(path, formats=("TIFF",)) as image:
        if image.n_frames > 1:
            raise UnfitFileError(f"Expected a fax (CCITT) of one page. Received: path={path} of {image.n_frames} pages")
        check_compressed(path, math.prod(image.size))
        image.load()
        return np.asarray(image)


def _without(values, place):
    return (*values[:place], *values[place + 1 :])


def _stored(tiff, level, index):
    """Return a part of a series, decoded from no more pages than it touches, if the series tells which they are."""
    series = tiff.series[0].levels[level]
    page, pages = series.keyframe, series.pages
    leading = len(series.shape) - len(page.shape)
    if leading > 0 and series.shape[leading:] == page.shape and len(pages) == math.prod(series.shape[:leading]):
        numbers = np.arange(len(pages)).reshape(series.shape[:leading])[index[:leading]]
        if numbers.size < len(pages) and all(each is not None for each in pages):
            check_pages(tiff.filehandle.path, page, numbers.size)
            part = tiff.asarray(key=np.ravel(numbers).tolist(), series=0, level=level)
            part = part.reshape(numbers.shape + page.shape)
            return part[(slice(None),) * numbers.ndim + index[leading:]]
    check_pages(tiff.filehandle.path, page, math.prod(series.shape) / math.prod(page.shape))
    return series.asarray()[index]


def write_tiff(path, pixels, geometry, is_color):
    """Write a TIFF file, with one page per index of the first axis of a volume; a pixel size makes it an OME-TIFF.

    Parameters
    ----------
    path : Path
    pixels : ndarray, shape (n_1, ..., n_r), or (n_1, ..., n_r, 3 or 4) for color
    geometry : ImageGeometry
        Spacing only.
    is_color : bool

    Raises
    ------
    ValueError
        If the geometry has an origin or directions of its own, or a pixel size where OME-TIFF does not know the dtype.
    """
    import tifffile

    if not geometry.is_close(ImageGeometry.from_pixel_size(geometry.pixel_size), _TOLERANCE):
        raise ValueError(
            "Expected a geometry of nothing but a pixel size in a TIFF file; choose .mha, .nrrd or .nii.gz, or pass "
            f"ImageGeometry.from_pixel_size(geometry.pixel_size). Received: geometry={geometry}"
        )
    options = {"photometric": "rgb" if is_color else "minisblack"}
    if is_color and pixels.shape[-1] == 4:
        options["extrasamples"] = ("unassalpha",)
    has_pixel_size = not geometry.is_close(ImageGeometry.unit(geometry.rank), _TOLERANCE)
    if has_pixel_size or path.stem.lower().endswith(".ome"):
        if pixels.dtype not in OME_DTYPES:
            raise ValueError(
                f"Expected one of {', '.join(OME_DTYPES)} in an OME-TIFF, and in a TIFF with a pixel size; convert "
                f"the pixels, pass no geometry, or choose .mha or .nrrd. Received: pixels.dtype={pixels.dtype}"
            )
        pixel_size = ome_pixel_size(geometry.pixel_size) if has_pixel_size else {}
        options.update(ome=True, metadata={"axes": "ZYX"[-geometry.rank :] + "S" * is_color, **pixel_size})
    tifffile.imwrite(path, pixels, **options)
