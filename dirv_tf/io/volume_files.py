"""Images and volumes in NIfTI, MetaImage and NRRD files."""

from __future__ import annotations

from dirv_tf.io.itk_images import import_simpleitk, itk_geometry, read_itk_image, write_itk_image

VOLUME_SUFFIXES = (".nii.gz", ".nii", ".mha", ".mhd", ".nrrd", ".nhdr")
_DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64")


def read_volume(path):
    """Read a gray image or volume of NIfTI, MetaImage or NRRD with its geometry.

    Parameters
    ----------
    path : Path

    Returns
    -------
    tuple of (ndarray, ImageGeometry, bool)
        Pixels in array order (z, y, x) or (y, x), the file's geometry, False (no color).

    Raises
    ------
    ValueError
        If the file is damaged, holds vectors or times, or a volume of a single slice.
    ImportError
        If SimpleITK is not installed.
    """
    image = read_itk_image(path)
    components, size = image.GetNumberOfComponentsPerPixel(), image.GetSize()[::-1]
    if components != 1 or len(size) not in (2, 3):
        raise ValueError(
            "Expected a gray image of 2 or 3 axes; take one time or component, and read a displacement field with "
            f"dirv_tf.io.read_flow_field. Received: path={path} of size {size} with {components} component(s) per pixel"
        )
    if len(size) == 3 and 1 in size:
        raise ValueError(
            "Expected a volume of more than one slice along every axis; write a single slice as a 2D image, e.g. with "
            f"SimpleITK.WriteImage(volume[:, :, 0], path). Received: path={path} of size {size}"
        )
    return import_simpleitk().GetArrayFromImage(image), itk_geometry(image), False


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
