"""Images in the formats of ITK, through SimpleITK (optional: ``pip install 'dirv_tf[volumes]'``)."""

from __future__ import annotations

import contextlib
import gzip
import math
import os
import re
import struct
import tempfile
from pathlib import Path

import numpy as np

from dirv_tf.io.atomic_write import reason_of_failed_write
from dirv_tf.io.decoding import decoding
from dirv_tf.io.file_limits import check_compressed, check_stored
from dirv_tf.io.file_paths import known_suffix
from dirv_tf.io.image_geometry import ImageGeometry
from dirv_tf.io.volume_headers import check_magnitude, stored_pixels

_NIFTI = (".nii", ".nii.gz")
_HEADERS = (".mhd", ".nhdr")
_SUFFIXES = (*_NIFTI, ".mha", ".nrrd", *_HEADERS)
# ITK's names of them.
_FORMATS = {"NiftiImageIO": _NIFTI, "MetaImageIO": (".mha", ".mhd"), "NrrdImageIO": (".nrrd", ".nhdr")}


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
    UnreadableFileError
        If the file cannot be read, is truncated, states more pixels than its size or the free memory allows, or names a
        file of pixels outside its own folder.
    ImportError
        If SimpleITK is not installed.
    """
    reader, suffix = import_simpleitk().ImageFileReader(), known_suffix(path, _SUFFIXES)
    with decoding(path), quiet_itk(), _readable_path(path) as readable:
        # The format of the name alone: ITK would try all others, too, some of which follow further files.
        reader.SetImageIO(next(name for name, suffixes in _FORMATS.items() if suffix in suffixes))
        stored = _check_nifti_geometry(path) if suffix in _NIFTI else stored_pixels(path)
        reader.SetFileName(str(readable))
        reader.ReadImageInformation()
        needed = stated_bytes(reader)
        if stored is None:
            _check_nifti(path, reader, needed)
        else:
            _check_stored(path, stored, needed)
        return reader.Execute()


def stated_bytes(reader):
    """Return how many bytes the pixels take that a header states.

    Parameters
    ----------
    reader : SimpleITK.ImageFileReader
        That has read the header.

    Returns
    -------
    int
    """
    pixels, components = math.prod(reader.GetSize()), max(1, reader.GetNumberOfComponents())
    bits = re.search(r"(\d+)-bit", import_simpleitk().GetPixelIDValueAsString(reader.GetPixelID()))
    return pixels * components * (int(bits.group(1)) if bits else 64) // 8


def _check_stored(path, stored, needed):
    if stored.storage == "raw" and len(stored.files) == 1 and stored.files[0].is_file():
        # ITK fills what is missing with whatever was in memory.
        check_stored(stored.files[0], needed, stored.offset)
    elif stored.storage == "text":
        # Of a number there is at least one digit and what separates it from the next.
        check_compressed(path, needed, sum(file.stat().st_size for file in stored.files if file.is_file()))
    else:
        packed = [file for file in stored.files if file.is_file()]
        check_compressed(path, needed, sum(file.stat().st_size for file in packed or [path]))


def _check_nifti_geometry(path):
    """Raise a ValueError for places beyond all measure, before ITK computes with them."""
    with gzip.open(path) if _is_packed(path) else open(path, "rb") as stream:
        header = stream.read(348)
    if len(header) < 348:
        raise ValueError("no NIfTI header")
    order = "<" if header[:4] == struct.pack("<I", 348) else ">"
    # NIfTI-1: pixdim[1:4]; the quaternion and its offset, and the affine matrix, where their codes say that they count.
    codes = struct.unpack_from(order + "2h", header, 252)
    parts = [(80, 3)] + [(256, 6)] * (codes[0] > 0) + [(280, 12)] * (codes[1] > 0)
    for number in (number for at, count in parts for number in struct.unpack_from(f"{order}{count}f", header, at)):
        check_magnitude(number)


def _check_nifti(path, reader, needed):
    """ITK fills what is missing of a truncated NIfTI file with whatever was in memory."""
    offset = max(0, int(float(reader.GetMetaData("vox_offset"))))
    if not _is_packed(path):
        check_stored(path, needed, offset)
        return
    check_compressed(path, offset + needed)
    length = _unpacked_length(path, offset + needed)
    if length < offset + needed:
        raise ValueError(f"{offset + needed} bytes needed, {length} there")


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


def _is_packed(path):
    with open(path, "rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def _written_length(path, suffix):
    try:
        return _unpacked_length(path) if suffix.endswith(".gz") else path.stat().st_size
    except (EOFError, OSError):
        return 0  # It ends in the middle, or was never begun.


def _unpacked_length(path, enough=math.inf):
    length = 0
    with gzip.open(path) as stream:
        while length < enough and (block := stream.read(1 << 22)):
            length += len(block)
    return length


@contextlib.contextmanager
def quiet_itk():
    """Keep ITK from writing to standard error what is raised as an error."""
    process = import_simpleitk().ProcessObject
    before = process.GetGlobalWarningDisplay()
    process.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        process.SetGlobalWarningDisplay(before)


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
