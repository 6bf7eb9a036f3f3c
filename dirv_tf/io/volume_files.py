"""Images and volumes in NIfTI, MetaImage and NRRD files."""

from __future__ import annotations

import numpy as np

from dirv_tf.io.decoding import UnfitFileError
from dirv_tf.io.image_choice import choose
from dirv_tf.io.itk_images import import_simpleitk, itk_geometry, read_itk_image, write_itk_image

VOLUME_SUFFIXES = (".nii.gz", ".nii", ".mha", ".mhd", ".nrrd", ".nhdr")
_DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64")


def read_volume(path, channel=None, time=None):
    """Read an image or volume of NIfTI, MetaImage or NRRD with its geometry.

    Parameters
    ----------
    path : Path
    channel, time
        Which one of several, see `choose`. The fourth axis is the time; three or four components of uint8 or uint16 are
        colors, others are channels.

    Returns
    -------
    tuple of (ndarray, ImageGeometry, bool, tuple of str)
        Pixels in array order (z, y, x) or (y, x), colors on the last axis, the file's geometry, whether it is a color
        image, and notes on what was chosen.

    Raises
    ------
    UnreadableFileError
        If the file is damaged, holds several channels or times of which none is chosen, or a volume of a single slice.
    ImportError
        If SimpleITK is not installed.
    """
    return image_of(path, read_itk_image(path), channel, time)


def image_of(path, image, channel=None, time=None):
    """Return the pixels and the geometry of a SimpleITK image, see `read_volume`.

    Parameters
    ----------
    path : Path
        For error messages.
    image : SimpleITK.Image
    channel, time
        Which one of several, see `choose`.

    Returns
    -------
    tuple of (ndarray, ImageGeometry, bool, tuple of str)
    """
    components, size = image.GetNumberOfComponentsPerPixel(), image.GetSize()[::-1]
    if len(size) not in (2, 3, 4):
        raise UnfitFileError(
            f"Expected an image of 2 or 3 axes, or of 3 and times. Received: path={path} of size {size} with "
            f"{components} component(s) per pixel"
        )
    pixels = import_simpleitk().GetArrayFromImage(image)
    letters = "TZYX"[-len(size) :]
    if components > 1:
        letters += "S" if components in (3, 4) and pixels.dtype in (np.uint8, np.uint16) else "C"
    try:
        index, letters, notes = choose(path, letters, pixels.shape, channel, time)
    except UnfitFileError as error:
        if letters.endswith("C") and components == len(size) and channel is None:
            raise UnfitFileError(f"{error}; a displacement field is read by dirv_tf.io.read_flow_field") from None
        raise
    rank = len(letters.replace("S", ""))
    if rank == 3 and 1 in size[-3:]:
        raise UnfitFileError(
            "Expected a volume of more than one slice along every axis; write a single slice as a 2D image, e.g. with "
            f"SimpleITK.WriteImage(volume[:, :, 0], path). Received: path={path} of size {size}"
        )
    # A copy, so that what was not chosen is not kept.
    pixels = pixels[index].copy() if index.count(slice(None)) < len(index) else pixels
    return pixels, itk_geometry(image), "S" in letters, notes


def write_volume(path, pixels, geometry, is_color):
    """Write a gray image or volume as NIfTI, MetaImage or NRRD.

    Parameters
    ----------
    path : Path
    pixels : ndarray, shape (n_1, ..., n_r)
        Integers, float32 or float64.
    geometry : ImageGeometry
    is_color : bool
        Must be False.

    Raises
    ------
    ValueError
        If the pixels are color or of another dtype, or the suffix means a header with a file beside it.
    ImportError
        If SimpleITK is not installed.
    """
    if path.suffix.lower() in (".mhd", ".nhdr"):
        raise ValueError(
            "Expected a format of one file; choose .mha or .nrrd. "
            f"Received: a file name ending with {path.suffix}, which is a header with its pixels in another file"
        )
    if is_color or pixels.dtype not in _DTYPES:
        raise ValueError(
            f"Expected gray pixels of {', '.join(_DTYPES)} in a NIfTI, MetaImage or NRRD file; TIFF takes the others. "
            f"Received: pixels.dtype={pixels.dtype}, pixels.shape={pixels.shape}"
        )
    write_itk_image(path, pixels, geometry)
