"""PNG and JPEG images."""

from __future__ import annotations

import numpy as np

from dirv_tf.io.decoding import decoding
from dirv_tf.io.image_geometry import ImageGeometry

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")
# Pillow's names of the ways to store pixels; "I" is what older versions make of 16-bit gray.
_DTYPES = {"1": bool, "L": np.uint8, "I": np.uint16, "I;16": np.uint16, "I;16B": np.uint16}
_COLOR = ("RGB", "RGBA")
JPEG_QUALITY = 95


def read_picture(path):
    """Read a PNG or JPEG image.

    Pillow itself and not scikit-image, which hides how the pixels were stored: that four channels are the inks of a
    print and not red, green, blue and alpha, or that 16-bit color was cut to 8 bits.

    Parameters
    ----------
    path : Path

    Returns
    -------
    tuple of (ndarray, ImageGeometry, bool)
        Pixels (bool, uint8 or uint16), unit pixel size, whether it is a color image. Palettes become color.

    Raises
    ------
    ValueError
        If the file is damaged, has gray with alpha, ink colors or 16-bit color.
    """
    from PIL import Image

    with decoding(path), Image.open(path) as image:
        image.load()
        stored = image.mode
        if stored == "P":
            image = image.convert("RGBA" if "transparency" in image.info else "RGB")
        mode, pixels = image.mode, np.asarray(image)
    if stored in _COLOR and _png_bit_depth(path) == 16:
        raise ValueError(
            "Expected 8 bits per channel in a color PNG (more are not decoded); convert it to TIFF. "
            f"Received: path={path} with 16 bits"
        )
    if mode not in _DTYPES and mode not in _COLOR:
        raise ValueError(
            "Expected a gray, RGB or RGBA image; convert it, and drop the alpha channel of a gray image. "
            f"Received: path={path} with pixels of the kind {mode!r}"
        )
    return pixels.astype(_DTYPES.get(mode, np.uint8)), ImageGeometry.unit(2), mode in _COLOR


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
