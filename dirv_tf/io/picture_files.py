"""PNG and JPEG images; BMP and WebP are read."""

from __future__ import annotations

import math

import numpy as np

from dirv_tf.io.decoding import UnfitFileError, decoding
from dirv_tf.io.file_limits import check_compressed
from dirv_tf.io.image_choice import choose
from dirv_tf.io.image_geometry import ImageGeometry
from dirv_tf.io.orientation import UPRIGHT, is_transposed, known_orientation, swapped_if, upright
from dirv_tf.validation import UnreadableFileError

WRITTEN_PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")
PICTURE_SUFFIXES = (*WRITTEN_PICTURE_SUFFIXES, ".bmp", ".webp")
# Pillow's names of the ways to store pixels; "I" is what older versions make of 16-bit gray.
_DTYPES = {"1": bool, "L": np.uint8, "I": np.uint16, "I;16": np.uint16, "I;16B": np.uint16}
_COLOR = ("RGB", "RGBA")
# Pillow would also take any other format under these suffixes, some of which start other programs.
_FORMATS = ("PNG", "JPEG", "BMP", "WEBP")
# Bytes of a pixel of four colors; Pillow and NumPy hold the image, one after the other, and color may be converted.
_BYTES_PER_PIXEL = 4
_EXIF_ORIENTATION = 0x0112
JPEG_QUALITY = 95


def read_picture(path, channel=None, time=None):
    """Read a PNG, JPEG, BMP or WebP image.

    Pillow itself and not scikit-image, which hides how the pixels were stored: that four channels are the inks of a
    print and not red, green, blue and alpha, or that 16-bit color was cut to 8 bits.

    Parameters
    ----------
    path : Path
    channel, time
        Which one of several, see `choose`.

    Returns
    -------
    tuple of (ndarray, ImageGeometry, bool, tuple of str)
        Pixels (bool, uint8 or uint16) upright, unit pixel size, whether it is a color image, and notes on what was
        changed and chosen. Palettes and inks (CMYK) become color; the alpha channel of a gray image is left out.

    Raises
    ------
    UnreadableFileError
        If the file is damaged, has 16-bit color, several frames, or pixels of another kind.
    """
    from PIL import Image

    notes = []
    with decoding(path), Image.open(path, formats=_FORMATS) as image:
        check_compressed(path, _BYTES_PER_PIXEL * math.prod(image.size))
        _check_depth_and_frames(path, image)
        image.load()
        orientation = known_orientation(image.getexif().get(_EXIF_ORIENTATION, UPRIGHT))
        if image.mode == "P":
            image = image.convert("RGBA" if "transparency" in image.info else "RGB")
        elif image.mode == "LA":
            notes.append("its alpha channel was left aside")
            image = image.getchannel("L")
        elif image.mode == "CMYK":
            notes.append("its ink colors (CMYK) were turned into RGB")
            image = image.convert("RGB")
        mode, pixels = image.mode, np.asarray(image)
    if mode not in _DTYPES and mode not in _COLOR:
        raise UnfitFileError(
            f"Expected a gray, RGB or RGBA image; convert it. Received: path={path} with pixels of the kind {mode!r}"
        )
    if orientation != UPRIGHT:
        notes.insert(0, f"turned upright by its EXIF orientation ({orientation})")
    pixels = upright(pixels.astype(_DTYPES.get(mode, np.uint8)), orientation)
    index, letters, chosen = choose(path, "YXS"[: pixels.ndim], pixels.shape, channel, time)
    return pixels[index], ImageGeometry.unit(2), "S" in letters, (*notes, *chosen)


def picture_size(path):
    """Return the rows and columns of a picture, upright.

    A PNG may state its orientation behind its pixels, and is decoded.

    Parameters
    ----------
    path : Path

    Returns
    -------
    pair of int

    Raises
    ------
    UnreadableFileError
        If the file is damaged, or has more pixels than Pillow decodes.
    """
    from PIL import Image

    try:
        with decoding(path), Image.open(path, formats=_FORMATS) as image:
            columns, rows = image.size
            orientation = known_orientation(image.getexif().get(_EXIF_ORIENTATION, UPRIGHT))
    except ValueError as error:
        if isinstance(error.__cause__, Image.DecompressionBombError):
            raise UnreadableFileError(
                f"Expected a PNG or JPEG of at most {2 * Image.MAX_IMAGE_PIXELS:,} pixels, because it must be decoded "
                f"whole; convert it to a TIFF with tiles, of which parts can be read. Received: path={path}"
            ) from error
        raise
    return swapped_if(is_transposed(orientation), (rows, columns))


def _check_depth_and_frames(path, image):
    # Two pictures in a JPEG are a camera's preview or depth beside the photograph.
    frames = 1 if image.format in ("JPEG", "MPO") else getattr(image, "n_frames", 1)
    if frames > 1:
        raise UnfitFileError(f"Expected a single picture; store one frame. Received: path={path} with {frames} frames")
    if image.mode in ("RGB", "RGBA", "LA") and _png_bit_depth(path) == 16:
        raise UnfitFileError(
            "Expected 8 bits per channel in a PNG in color or with alpha (more are not decoded); convert it to TIFF. "
            f"Received: path={path} with 16 bits"
        )


def _png_bit_depth(path):
    with open(path, "rb") as stream:
        start = stream.read(25)
    return start[24] if start.startswith(b"\x89PNG") else None


def write_picture(path, pixels, geometry, is_color):
    """Write a PNG or JPEG image.

    Parameters
    ----------
    path : Path
    pixels : ndarray, shape (n_1, n_2), or (n_1, n_2, 3 or 4) for color
        uint8; PNG also takes gray uint16.
    geometry : ImageGeometry
        Must be the unit geometry: these formats hold none.
    is_color : bool

    Raises
    ------
    ValueError
        If the format cannot hold the pixels or the geometry.
    """
    from PIL import Image

    is_jpeg = path.suffix.lower() != ".png"
    dtypes = ("uint8",) if is_jpeg or is_color else ("uint8", "uint16")
    if geometry.rank != 2 or pixels.dtype not in dtypes or (is_jpeg and is_color and pixels.shape[-1] == 4):
        raise ValueError(
            "Expected a 2D image of uint8 (PNG: also gray uint16 and an alpha channel); TIFF takes the others, .mha, "
            f".nrrd and .nii.gz the gray ones. Received: a file name ending with {path.suffix}, "
            f"pixels.dtype={pixels.dtype}, pixels.shape={pixels.shape}"
        )
    if not geometry.is_close(ImageGeometry.unit(2), 1e-5):
        raise ValueError(
            "Expected no pixel size, origin or directions in a PNG or JPEG, which cannot hold them; choose .tif for a "
            f"pixel size, .mha, .nrrd or .nii.gz for all, or pass no geometry. Received: geometry={geometry}"
        )
    options = {"quality": JPEG_QUALITY} if is_jpeg else {}
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, **options)
