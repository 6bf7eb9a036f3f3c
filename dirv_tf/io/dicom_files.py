"""Images in DICOM files, and volumes that a folder holds slice by slice."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from dirv_tf.io.decoding import UnfitFileError, decoding
from dirv_tf.io.dicom_elements import check_elements
from dirv_tf.io.file_limits import check_compressed
from dirv_tf.io.image_geometry import ImageGeometry
from dirv_tf.io.itk_images import import_simpleitk, quiet_itk, stated_bytes
from dirv_tf.io.volume_files import image_of

DICOM_SUFFIXES = (".dcm", ".dicom")
_UID = re.compile(r"[0-9]+(\.[0-9]+)+")
# DICOM PS3.6: description of the series, position and orientation of a slice, kind of gray.
_DESCRIPTION, _POSITION, _ORIENTATION, _PHOTOMETRIC = "0008|103e", "0020|0032", "0020|0037", "0028|0004"
# Of the distance of slices; positions are rounded in files.
_UNEVENNESS = 0.05


def is_series(path):
    """Return whether a path is a folder, or the UID of a series behind a folder.

    Parameters
    ----------
    path : Path

    Returns
    -------
    bool
    """
    return path.is_dir() or (not path.exists() and path.parent.is_dir() and _UID.fullmatch(path.name) is not None)


def read_dicom(path, channel=None, time=None):
    """Read a DICOM file: an image, or a volume of several frames.

    Parameters
    ----------
    path : Path
    channel, time
        Which one of several, see `choose`.

    Returns
    -------
    tuple of (ndarray, ImageGeometry, bool, tuple of str)
        As of `read_volume`. A single slice is an image of two axes with nothing but its pixel size.

    Raises
    ------
    UnreadableFileError
        If the file cannot be read.
    ImportError
        If SimpleITK is not installed.
    """
    reader = import_simpleitk().ImageFileReader()
    with decoding(path), quiet_itk():
        reader.SetImageIO("GDCMImageIO")
        reader.SetFileName(str(path))
        check_elements(path)
        reader.ReadImageInformation()
        check_compressed(path, stated_bytes(reader))
        image = reader.Execute()
        notes = _gray_notes(reader.GetMetaData(_PHOTOMETRIC) if reader.HasMetaDataKey(_PHOTOMETRIC) else "")
    return _flat_or_deep(path, image, channel, time, notes)


def read_dicom_series(path, channel=None, time=None):
    """Read the volume whose slices are the DICOM files of a folder.

    Parameters
    ----------
    path : Path
        The folder, or, where it holds several series, the folder with the UID of one behind: ``folder / "1.2.840.1"``.
    channel, time
        Which one of several, see `choose`.

    Returns
    -------
    tuple of (ndarray, ImageGeometry, bool, tuple of str)
        As of `read_volume`.

    Raises
    ------
    FileNotFoundError
        If a series is named and the folder holds none.
    UnreadableFileError
        If there is no series, there are several and none is named, a file cannot be read, or the slices have no places
        at even distances.
    ImportError
        If SimpleITK is not installed.
    """
    simpleitk = import_simpleitk()
    folder, uid = (path, None) if path.is_dir() else (path.parent, path.name)
    with decoding(path), quiet_itk():
        for file in folder.iterdir():
            # GDCM looks into all files of a folder.
            if file.is_file():
                check_elements(file)
        names = {
            each: simpleitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), each)
            for each in simpleitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))
        }
    _check_all_are_read(folder, {Path(name).name for files in names.values() for name in files})
    if not names and uid is not None:
        raise FileNotFoundError(f"Expected an image file. Received: path={path}, which does not exist")
    if not names:
        raise UnfitFileError(
            f"Expected an image file, or a folder with the DICOM files of a series. Received: path={path}, which is a "
            "folder without DICOM files"
        )
    if uid is None and len(names) == 1:
        (uid,) = names
    if uid not in names:
        known = "; ".join(f"{each} ({_described(files)})" for each, files in names.items())
        chosen = "no choice" if uid is None else f"the series {uid}"
        raise UnfitFileError(
            "Expected one series; name it behind the folder, as FOLDER/UID. "
            f"Received: {chosen} in {folder}, which holds {len(names)} series: {known}"
        )
    reader = simpleitk.ImageSeriesReader()
    with decoding(path), quiet_itk():
        reader.SetFileNames(names[uid])
        reader.MetaDataDictionaryArrayUpdateOn()
        # Of a tilted gantry the axes are not at right angles.
        reader.ForceOrthogonalDirectionOff()
        image = reader.Execute()
        if len(names[uid]) > 1:
            _check_places(path, reader, len(names[uid]))
        notes = _gray_notes(_tag(reader, 0, _PHOTOMETRIC))
    return _flat_or_deep(path, image, channel, time, notes)


def _check_all_are_read(folder, names):
    """Raise an error for damaged files, which GDCM passes over: of a volume the last slice would be missing."""
    unread = sorted(
        file.name for file in folder.iterdir() if file.suffix.lower() in DICOM_SUFFIXES and file.name not in names
    )
    if unread:
        raise UnfitFileError(
            f"Expected DICOM files that can be read. Received: {', '.join(unread[:5])}{' ...' * (len(unread) > 5)} in "
            f"{folder}"
        )


def _described(files):
    reader = import_simpleitk().ImageFileReader()
    reader.SetFileName(files[0])
    with quiet_itk():
        reader.ReadImageInformation()
    text = reader.GetMetaData(_DESCRIPTION).strip() if reader.HasMetaDataKey(_DESCRIPTION) else ""
    return ", ".join([*([text] if text else []), f"{len(files)} file" + "s" * (len(files) > 1)])


def _tag(reader, number, key):
    return reader.GetMetaData(number, key) if reader.HasMetaDataKey(number, key) else ""


def _check_places(path, reader, count):
    """Raise an error unless all slices have one orientation and lie at even distances."""
    numbers = [[_numbers(_tag(reader, number, key)) for number in range(count)] for key in (_POSITION, _ORIENTATION)]
    if any(len(each) != length for values, length in zip(numbers, (3, 6)) for each in values):
        raise UnfitFileError(
            f"Expected slices that say where they lie (Image Position and Orientation). Received: path={path} with "
            "slices that do not"
        )
    positions, orientations = map(np.array, numbers)
    step = (positions[-1] - positions[0]) / (count - 1)
    off = np.linalg.norm(positions - positions[0] - np.arange(count)[:, np.newaxis] * step, axis=-1).max()
    # Slices at one place have no distance at all.
    if np.abs(orientations - orientations[0]).max() > 1e-3 or not off < _UNEVENNESS * np.linalg.norm(step):
        raise UnfitFileError(
            "Expected slices of one orientation at even distances: none missing, none twice, one time alone; put one "
            f"volume's files in a folder of their own. Received: path={path} with {count} slices up to {off:.3g} mm off"
        )


def _numbers(text):
    return [float(part) for part in text.split("\\")] if text.strip() else []


def _gray_notes(photometric):
    is_inverted = photometric.strip() == "MONOCHROME1"
    return ("inverted, since it is stored with white as 0 (MONOCHROME1)",) if is_inverted else ()


def _flat_or_deep(path, image, channel, time, notes):
    if image.GetDimension() == 3 and image.GetSize()[2] == 1:
        pixels, _, is_color, chosen = image_of(path, image[:, :, 0], channel, time)
        note = "a single slice, whose place in the body is left aside"
        return pixels, ImageGeometry.from_pixel_size(image.GetSpacing()[1::-1]), is_color, (*notes, *chosen, note)
    pixels, geometry, is_color, chosen = image_of(path, image, channel, time)
    return pixels, geometry, is_color, (*notes, *chosen)
