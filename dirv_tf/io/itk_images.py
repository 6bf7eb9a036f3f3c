"""Images in the formats of ITK, through SimpleITK (optional: ``pip install 'dirv_tf[volumes]'``)."""

from __future__ import annotations

import contextlib
import gzip
import math
import os
import tempfile
from pathlib import Path

import numpy as np

from dirv_tf.io.atomic_write import reason_of_failed_write
from dirv_tf.io.decoding import decoding
from dirv_tf.io.file_paths import known_suffix
from dirv_tf.io.image_geometry import ImageGeometry

_NIFTI = (".nii", ".nii.gz")
_HEADERS = (".mhd", ".nhdr")
_SUFFIXES = (*_NIFTI, ".mha", ".nrrd", *_HEADERS)


def import_simpleitk():
    """Return the module SimpleITK.

    Raises
    ------
    ImportError
        If it is not installed; the message says how to install it.
    """
    try:
        import SimpleITK
    except ImportError as error:
        raise ImportError(
            "NIfTI, MetaImage, NRRD and DICOM files need SimpleITK: pip install 'dirv_tf[volumes]'"
        ) from error
    return SimpleITK


def read_itk_image(path):
    """Read a file of NIfTI, MetaImage or NRRD.

    Parameters
    ----------
    path : Path

    Returns
    -------
    SimpleITK.Image

    Raises
    ------
    ValueError
        If the file cannot be read or is truncated.
    ImportError
        If SimpleITK is not installed.
    """
    reader = import_simpleitk().ImageFileReader()
    with decoding(path), _readable_path(path) as readable:
        reader.SetFileName(str(readable))
        reader.ReadImageInformation()
        if known_suffix(path, _SUFFIXES) in _NIFTI:
            _check_length(path, {key: reader.GetMetaData(key) for key in reader.GetMetaDataKeys()})
        return reader.Execute()


@contextlib.contextmanager
def _readable_path(path):
    """Give a path that ITK reads rightly.

    ITK knows no upper-case suffixes, and of `a.nii.gz` beside `a.nii` it takes the header of the one and the pixels of
    the other.
    """
    suffix = known_suffix(path, _SUFFIXES)
    stem = path.name[: -len(suffix)]
    beside = [path.with_name(stem + other) for other in (*_NIFTI, ".hdr", ".img", ".img.gz") if other != suffix]
    is_mixed_up = suffix in _NIFTI and any(other.exists() for other in beside)
    # A header names its file of pixels relative to its own folder.
    if suffix in _HEADERS or (path.name.endswith(suffix) and not is_mixed_up):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / f"image{suffix}"
        os.symlink(path.resolve(), link)
        yield link


def _check_length(path, header):
    """ITK fills what is missing of a truncated NIfTI file with whatever was in memory."""
    sides = [int(header[f"dim[{axis}]"]) for axis in range(1, int(header["dim[0]"]) + 1)]
    needed = float(header["vox_offset"]) + math.prod(sides) * int(header["bitpix"]) / 8
    with open(path, "rb") as stream:
        compressed = stream.read(2) == b"\x1f\x8b"
    length = _unpacked_length(path) if compressed else path.stat().st_size
    if length < needed:
        raise ValueError(f"{needed:.0f} bytes needed, {length} there")


def _written_length(path, suffix):
    try:
        return _unpacked_length(path) if suffix.endswith(".gz") else path.stat().st_size
    except (EOFError, OSError):
        return 0  # It ends in the middle, or was never begun.


def _unpacked_length(path):
    length = 0
    with gzip.open(path) as stream:
        while block := stream.read(1 << 22):
            length += len(block)
    return length


def itk_geometry(image) -> ImageGeometry:
    """Return the geometry of a SimpleITK image.

    Parameters
    ----------
    image : SimpleITK.Image
        2D or 3D; 4D, whose last axis (the times) is left aside.

    Returns
    -------
    ImageGeometry
    """
    rank = image.GetDimension()
    steps = np.reshape(image.GetDirection(), (rank, rank)) * image.GetSpacing()
    # ITK counts its axes from the fastest, which is the last one of the array.
    return ImageGeometry(image.GetOrigin()[:3], steps[:3, :3][:, ::-1])


def write_itk_image(path, array, geometry, is_vector=False):
    """Write an array as a file of NIfTI, MetaImage or NRRD.

    Parameters
    ----------
    path : Path
        Ends with .nii, .nii.gz, .mha or .nrrd.
    array : ndarray, shape (n_1, ..., n_r), or (n_1, ..., n_r, c) for vectors
    geometry : ImageGeometry
    is_vector : bool
        Whether the last axis of the array holds the components of vectors.

    Raises
    ------
    ValueError
        If the axes are not at right angles and the format is NIfTI, for which ITK would bend them.
    ImportError
        If SimpleITK is not installed.
    OSError
        If the file cannot be written whole.
    """
    simpleitk = import_simpleitk()
    steps = np.asarray(geometry.axes)[:, ::-1]
    pixel_size = np.linalg.norm(steps, axis=0)
    directions = steps / pixel_size
    is_skewed = np.abs(directions.T @ directions - np.eye(geometry.rank)).max() > 1e-4
    if is_skewed and known_suffix(path, _SUFFIXES) in _NIFTI:
        raise ValueError(
            "Expected axes at right angles to each other in a NIfTI file; choose .mha or .nrrd. "
            f"Received: geometry={geometry}"
        )
    image = simpleitk.GetImageFromArray(np.ascontiguousarray(array), isVector=is_vector)
    image.SetOrigin(geometry.origin)
    image.SetSpacing(pixel_size.tolist())
    image.SetDirection(directions.ravel().tolist())
    try:
        simpleitk.WriteImage(image, str(path))
    except RuntimeError as error:
        # ITK says in many words that the disk is full, or that it failed.
        raise reason_of_failed_write(path) from error
    # Of a NIfTI file that it could not write whole, ITK says nothing to its caller.
    suffix = known_suffix(path, _SUFFIXES)
    if suffix in _NIFTI and _written_length(path, suffix) < array.nbytes:
        raise reason_of_failed_write(path)
