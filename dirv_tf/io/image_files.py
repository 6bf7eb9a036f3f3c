"""Images and volumes in files: no scaling of intensities, no color conversion."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dirv_tf.io.array_files import ARRAY_SUFFIXES, read_array, write_array
from dirv_tf.io.atomic_write import atomic_path
from dirv_tf.io.decoding import decoding
from dirv_tf.io.dicom_files import DICOM_SUFFIXES, is_series, read_dicom, read_dicom_series
from dirv_tf.io.file_paths import existing_file, known_suffix, new_file
from dirv_tf.io.image_geometry import ImageGeometry
from dirv_tf.io.picture_files import PICTURE_SUFFIXES, WRITTEN_PICTURE_SUFFIXES, read_picture, write_picture
from dirv_tf.io.reduced_reading import read_reduced
from dirv_tf.io.slide_pyramids import SlideLevel, slide_geometry, slide_levels
from dirv_tf.io.tiff_files import READ_TIFF_SUFFIXES, TIFF_SUFFIXES, read_tiff, write_tiff
from dirv_tf.io.volume_files import VOLUME_SUFFIXES, read_volume, write_volume
from dirv_tf.validation import UnreadableFileError

_READERS = (
    (READ_TIFF_SUFFIXES, read_tiff),
    (PICTURE_SUFFIXES, read_picture),
    (VOLUME_SUFFIXES, read_volume),
    (ARRAY_SUFFIXES, read_array),
    (DICOM_SUFFIXES, read_dicom),
)
_WRITERS = (
    (TIFF_SUFFIXES, write_tiff),
    (WRITTEN_PICTURE_SUFFIXES, write_picture),
    (VOLUME_SUFFIXES, write_volume),
    (ARRAY_SUFFIXES, write_array),
)
IMAGE_SUFFIXES, WRITTEN_SUFFIXES = (
    tuple(suffix for suffixes, _ in formats for suffix in suffixes) for formats in (_READERS, _WRITERS)
)


@dataclass(frozen=True, eq=False)
class ImageFile:
    """What an image file holds.

    Attributes
    ----------
    pixels : ndarray, in the file's dtype (1-bit images: bool), native byte order
        Shape (n_1, ..., n_r), r = 2 or 3; color has a last axis of 3 or 4 (red, green, blue[, alpha]). Upright, with
        black as the smallest number.
    geometry : ImageGeometry
        Spacing, origin and directions; `ImageGeometry.unit` where the file states none.
    path : Path
    is_color : bool
    notes : tuple of str
        What was changed for that, such as turned upright, and what was chosen.
    level : SlideLevel or None
        Of a slide, the one that was read; None for images without levels.
    """

    pixels: np.ndarray
    geometry: ImageGeometry
    path: Path
    is_color: bool
    notes: tuple[str, ...] = ()
    level: SlideLevel | None = None


def load_image(
    path: Any, channel: int | str | None = None, time: int | str | None = None, level: int = 0
) -> ImageFile:
    """Read an image or a volume with its geometry.

    What a file says of its pixels is done: images are turned upright (EXIF, TIFF), inverted where white is stored as 0,
    palettes become color. The notes say so.

    Parameters
    ----------
    path : str or Path
        TIFF (gray or color; several pages are a volume, one page per index of the first axis; of a slide one level),
        PNG, JPEG, BMP, WebP, NumPy's .npy; with SimpleITK also NIfTI, MetaImage, NRRD and DICOM: a file, or a
        folder with one series. Of several series, name one behind the folder: ``"folder/1.2.840.113"``.
    channel : int or str, optional
        Number, from 0, or name (OME-TIFF) of one channel of several, or of one color (0 or "red", ...).
    time : int, optional
        Number, from 0, of one time of several.
    level : int
        Of a slide, that is, a TIFF with one image at several resolutions: 0 is the finest. `slide_levels` lists them.

    Returns
    -------
    ImageFile

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UnreadableFileError
        If it is empty, damaged, of an unknown format, no gray or color image of 2 or 3 axes, or holds several channels,
        times or series of which none is chosen; the message lists them. If it states more pixels than its size or the
        free memory allows, or a header names files outside its own folder.
    ValueError
        If there is no such level.
    ImportError
        If the format needs SimpleITK and that is not installed.

    Examples
    --------
    >>> import tempfile
    >>> path = f"{tempfile.mkdtemp()}/colors.npy"
    >>> np.save(path, np.zeros((4, 5, 3), np.uint8))
    >>> load_image(path, channel="green").notes
    ('channel 1 (green) of 3 was taken',)
    """
    path = Path(path)
    if is_series(path):
        read = read_dicom_series
    else:
        suffix = known_suffix(existing_file(path, "an image file"), IMAGE_SUFFIXES)
        read = next(read for suffixes, read in _READERS if suffix in suffixes)
    found = None if level == 0 else _level(path, level)
    with decoding(path):
        if found is None:
            pixels, geometry, is_color, notes = read(path, channel, time)
        elif found.is_stored:
            pixels, geometry, is_color, notes = read_tiff(path, channel, time, found.number)
        else:
            pixels, is_color, notes = read_reduced(path, found, channel, time)
            geometry = slide_geometry(path)
        if found is None and read is read_tiff:
            levels = slide_levels(path)
            found = levels[0] if len(levels) > 1 else None
        elif found is not None:
            # A level without a pixel size of its own counts its own pixels.
            is_known = not geometry.is_close(ImageGeometry.unit(geometry.rank))
            geometry = found.geometry(geometry) if is_known else geometry
    if pixels.dtype.kind not in "buif":
        raise UnreadableFileError(f"Expected an image of real numbers. Received: path={path} with dtype={pixels.dtype}")
    return ImageFile(_in_native_order(pixels), geometry, path, is_color, notes, found)


def read_image(path: Any) -> np.ndarray:
    """Read the pixels of an image or a volume; `load_image` also gives the geometry.

    Parameters
    ----------
    path : str or Path
        As for `load_image`, which also says what is raised.

    Returns
    -------
    ndarray, in the file's dtype
        Shape (n_1, n_2) for a gray image, (n_1, n_2, n_3) for a volume; color images carry a last axis of channels.
    """
    return load_image(path).pixels


def write_image(path: Any, pixels: Any, geometry: ImageGeometry | None = None, overwrite: bool = False) -> None:
    """Write an image or a volume, in its own dtype, whole or not at all.

    Parameters
    ----------
    path : str or Path
        The suffix chooses the format. TIFF takes every dtype, volumes (one page per index of the first axis) and a
        pixel size (as OME-TIFF); PNG uint8 and uint16 gray, uint8 color; JPEG, which changes the pixels, uint8; NIfTI,
        MetaImage and NRRD gray integers, float32 and float64 with the whole geometry; .npy every dtype.
    pixels : array_like, shape (n_1, ..., n_r) or (n_1, ..., n_r, 3 or 4) for color
        Three axes without a geometry are a color image where the last one is 3 or 4 long, else a volume.
    geometry : ImageGeometry, optional
        Default: `ImageGeometry.unit`.
    overwrite : bool
        Whether an older file may be replaced.

    Raises
    ------
    FileExistsError
        If there is a file and `overwrite` is False.
    ValueError
        If the suffix is unknown, or the format cannot hold the shape, the dtype or the geometry; the message names
        formats that can.
    ImportError
        If the format needs SimpleITK and that is not installed.
    """
    suffix = known_suffix(path, WRITTEN_SUFFIXES)
    path = new_file(path, overwrite)
    pixels = _in_native_order(np.asarray(pixels))
    looks_like_color = pixels.ndim == 4 or (pixels.ndim == 3 and pixels.shape[-1] in (3, 4))
    rank = geometry.rank if geometry is not None else pixels.ndim - looks_like_color
    is_color = pixels.ndim == rank + 1 and pixels.shape[-1] in (3, 4)
    if rank not in (2, 3) or pixels.size == 0 or (pixels.ndim != rank and not is_color):
        raise ValueError(
            "Expected a 2D or 3D image, gray or with a last axis of 3 or 4 colors, of the geometry's rank. "
            f"Received: pixels.shape={pixels.shape}, geometry={geometry}"
        )
    if 1 in pixels.shape[:rank]:
        # Most formats cannot tell it from an image of fewer axes, and give that back.
        raise ValueError(
            "Expected more than one pixel along every axis; write a single slice as a 2D image. "
            f"Received: pixels.shape={pixels.shape}"
        )
    write = next(write for suffixes, write in _WRITERS if suffix in suffixes)
    with atomic_path(path) as temporary:
        write(temporary, pixels, geometry or ImageGeometry.unit(rank), is_color)


def _level(path, number):
    levels = slide_levels(path)
    if isinstance(number, bool) or not isinstance(number, numbers.Integral) or not 0 <= number < max(1, len(levels)):
        known = "; ".join(f"{each.number} ({each.size[0]} x {each.size[1]})" for each in levels) or "0"
        raise ValueError(
            f"Expected a level of the image, by level= or --level: {known}. Received: level={number!r}, path={path}"
        )
    return levels[number]


def _in_native_order(pixels):
    # A foreign byte order is the file's business: the dtype would not equal the plain one, and TensorFlow refuses it.
    return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
