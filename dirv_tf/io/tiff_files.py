"""TIFF images, volumes of several pages, and their pixel size."""

from __future__ import annotations

import numpy as np

from dirv_tf.io.decoding import decoding
from dirv_tf.io.image_geometry import ImageGeometry
from dirv_tf.io.tiff_pixel_size import ome_pixel_size, read_pixel_size
from dirv_tf.io.tiff_warnings import damage_raises

TIFF_SUFFIXES = (".tif", ".tiff")
# tifffile's letters for one axis of pages: depth, and the two for pages of which the file says nothing.
_PAGE_AXES = "ZQI"
_OME_DTYPES = ("bool", "int8", "int16", "int32", "uint8", "uint16", "uint32", "float32", "float64")
# As a share of the pixel size; other formats hold geometries in float32.
_TOLERANCE = 1e-5


def read_tiff(path):
    """Read the first image of a TIFF file: a page, a volume of several pages, or the finest level of a slide.

    Parameters
    ----------
    path : Path

    Returns
    -------
    tuple of (ndarray, ImageGeometry, bool)
        Pixels as stored (colors on the last axis), the stated pixel size or 1, whether it is a color image.

    Raises
    ------
    ValueError
        If the file is damaged or truncated, compressed in a way that tifffile cannot read without imagecodecs, or
        holds channels, times or more than one axis of pages.
    """
    import tifffile

    with decoding(path), damage_raises(), tifffile.TiffFile(path) as tiff:
        series = tiff.series[0]
        letters, shape, pixels = series.axes, series.shape, series.asarray()
        pixel_size = read_pixel_size(tiff)
    axes = [(letter, side) for letter, side in zip(letters, shape) if letter in "YX" or side > 1]
    letters, pixels = "".join(letter for letter, _ in axes), pixels.reshape([side for _, side in axes])
    is_color = "S" in letters
    if is_color:
        pixels = np.moveaxis(pixels, letters.index("S"), -1)
    pages = letters.replace("S", "").replace("Y", "").replace("X", "")
    if len(pages) > 1 or pages not in _PAGE_AXES or (is_color and pixels.shape[-1] not in (3, 4)):
        raise ValueError(
            "Expected one page, or pages that form a volume (axes ZYX), gray or in color; take one channel and one "
            f"time, and write a volume with axes ZYX. Received: path={path} with axes={letters}, shape={pixels.shape}"
        )
    rank = pixels.ndim - is_color
    known = pixel_size is not None and len(pixel_size) >= rank
    return pixels, ImageGeometry.from_pixel_size(pixel_size[-rank:]) if known else ImageGeometry.unit(rank), is_color


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
        if pixels.dtype not in _OME_DTYPES:
            raise ValueError(
                f"Expected one of {', '.join(_OME_DTYPES)} in an OME-TIFF, and in a TIFF with a pixel size; convert "
                f"the pixels, pass no geometry, or choose .mha or .nrrd. Received: pixels.dtype={pixels.dtype}"
            )
        pixel_size = ome_pixel_size(geometry.pixel_size) if has_pixel_size else {}
        options.update(ome=True, metadata={"axes": "ZYX"[-geometry.rank :] + "S" * is_color, **pixel_size})
    tifffile.imwrite(path, pixels, **options)
