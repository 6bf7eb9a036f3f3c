"""A registration in a folder: image, field, metrics and picture, all or nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import uuid
from pathlib import Path

import numpy as np

from dirv_tf import __version__
from dirv_tf.io import (
    FLOW_FIELD_SUFFIXES,
    IMAGE_SUFFIXES,
    ImageGeometry,
    write_flow_field,
    write_image,
    write_itk_transform,
    write_uncertainty,
)
from dirv_tf.io.array_files import ARRAY_SUFFIXES
from dirv_tf.io.atomic_write import write_json
from dirv_tf.io.dicom_files import DICOM_SUFFIXES, is_series
from dirv_tf.io.file_paths import known_suffix
from dirv_tf.io.flow_field_files import check_keeps_levels
from dirv_tf.io.folder_lock import folder_lock
from dirv_tf.io.left_behind import remove_temporary_folders
from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.io.picture_files import PICTURE_SUFFIXES
from dirv_tf.io.tiff_files import TIFF_SUFFIXES
from dirv_tf.registration.images.given_image import per_image, to_spatial_array
from dirv_tf.registration.images.level_choice import choose_levels
from dirv_tf.registration.results.saved_map import KIND, METRICS_NAME, map_content, read_content

PICTURE_NAME = "registration.png"
UNCERTAINTY_NAME = "uncertainty"
TRANSFORM_NAME = "affine.tfm"
# Images and fields, whose suffix depends on the images.
_STEMS = ("registered", "has_inverse", "without_counterpart", "flow_field", "uncertainty")
# Formats in two files (header and pixels) get their sibling in one; JPEG would change the intensities; NRRD holds any
# geometry of DICOM.
_IMAGE_SUFFIXES = {
    ".mhd": ".mha", ".nhdr": ".nrrd", ".svs": ".tif", ".jpg": ".png", ".jpeg": ".png", ".bmp": ".png", ".webp": ".png"
}  # fmt: skip
_DICOM_SUFFIX = ".nrrd"


def save_result(result, folder, overwrite=False, field_format=None):
    """Write a registration into a folder, see `RegistrationResult.save`.

    Parameters
    ----------
    result : RegistrationResult
    folder : str or path
    overwrite : bool
    field_format : str, optional

    Returns
    -------
    Path
        The folder.
    """
    folder = Path(os.path.abspath(folder))
    _remove_left_behind(folder)
    older = _older_files(folder, overwrite)
    image_suffix = _image_suffix(result.moving_path)
    field_suffix = _field_suffix(field_format, image_suffix, result.levels)
    # Beside the folder, because a rename is atomic only within one file system; within a folder that is there: it may
    # be a file system of its own, or the only place that can be written.
    place = folder if folder.exists() else folder.parent
    temporary = place / f".{folder.name}-{uuid.uuid4().hex[:12]}"
    with folder_lock(temporary), _removed_at_the_end(temporary, folder):
        _write_image(temporary / f"registered{image_suffix}", result.registered, result.fixed_geometry)
        if result.has_inverse is not None:
            mask = 255 * result.has_inverse.astype(np.uint8)
            _write_image(temporary / f"has_inverse{image_suffix}", mask, result.fixed_geometry)
        if result.without_counterpart is not None:
            mask = np.rint(255 * result.without_counterpart).astype(np.uint8)
            _write_image(temporary / f"without_counterpart{image_suffix}", mask, result.fixed_geometry)
        write_flow_field(
            temporary / f"flow_field{field_suffix}",
            result.flow_field,
            result.fixed_geometry,
            result.moving_geometry,
            moving_size=to_spatial_array(result.moving, "moving")[0].shape,
            levels=result.levels,
        )
        if result.standard_deviation is not None:
            path = temporary / f"{UNCERTAINTY_NAME}{field_suffix}"
            write_uncertainty(path, result.standard_deviation, result.fixed_geometry)
            result.plot_uncertainty(temporary / f"{UNCERTAINTY_NAME}.png")
        # Always there, also where it is the identity, so that a script can rely on it.
        in_world = result.linear.in_world(result.fixed_geometry, result.moving_geometry)
        write_itk_transform(temporary / TRANSFORM_NAME, *in_world)
        result.plot(temporary / PICTURE_NAME)
        write_json(temporary / METRICS_NAME, _content(result, [*os.listdir(temporary), METRICS_NAME]))
        _move(temporary, folder, older)
    return folder


def check_result_folder(folder, overwrite=True):
    """Raise an OSError where `save_result` could not write: before the work that leads to a result.

    Parameters
    ----------
    folder : str or path
    overwrite : bool
        Whether earlier results may be replaced.

    Raises
    ------
    FileExistsError
        If the folder holds something else, or earlier results that are to stay.
    OSError
        If nothing can be written there.
    """
    folder = Path(os.path.abspath(folder))
    _remove_left_behind(folder)
    _older_files(folder, overwrite)
    check_output_folder(folder)


def check_field_format(field_format, fixed, moving, level=None):
    """Raise a ValueError where the format of the field could not keep the levels of slides: before the work.

    Parameters
    ----------
    field_format : str or None
        As of `RegistrationResult.save`.
    fixed, moving, level
        As of `register`.
    """
    if field_format is not None:
        suffix = _field_suffix(field_format, "")
        check_keeps_levels(f"flow_field{suffix}", choose_levels((fixed, moving), per_image("level", level))[0])


@contextlib.contextmanager
def _removed_at_the_end(temporary, folder):
    """Remove the temporary folder, which no error names: its user knows the final one."""
    try:
        yield
    except OSError as error:
        path = None if error.filename is None else Path(os.fsdecode(error.filename))
        if path is None or temporary not in path.parents:
            raise
        raise type(error)(error.errno, error.strerror, str(folder / path.name)) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _remove_left_behind(folder):
    """Remove what processes that were killed have left of their results, also those that were half in their place."""

    def take_back(temporary):
        content = None if (folder / METRICS_NAME).exists() else read_content(temporary)
        for name in _ours(content["files"]) if content else ():
            (folder / name).unlink(missing_ok=True)

    remove_temporary_folders(folder.parent, folder.name)
    remove_temporary_folders(folder, folder.name, take_back)


def remove_result(folder, more=()):
    """Take away the files of an earlier registration, those named `more`, and the folder if nothing else is in it."""
    folder = Path(folder)
    try:
        names = _older_files(folder, True)
    except FileExistsError:
        return  # None of ours.
    for name in (*more, *names):
        (folder / name).unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _content(result, files):
    return {
        "kind": KIND,
        "version": __version__,
        "files": sorted(files),
        "fixed": result.fixed_path and str(result.fixed_path),
        "moving": result.moving_path and str(result.moving_path),
        "method": result.model_name,
        "size": result.size,
        "pixel_size_mm": result.fixed_geometry.pixel_size,
        "intensity_ranges": dict(zip(("fixed", "moving"), result.intensity_ranges)),
        "rounds": result.rounds,
        "seconds": result.seconds,
        "notes": result.notes,
        "affine": result.affine.tolist(),
        "map": map_content(result),
        "quality": dataclasses.asdict(result.quality),
        "metrics": result.metrics(),
    }


def _image_suffix(path):
    if path is None:
        return ".tif"
    if is_series(path):
        return _DICOM_SUFFIX
    suffix = known_suffix(path, IMAGE_SUFFIXES)
    return _DICOM_SUFFIX if suffix in DICOM_SUFFIXES else _IMAGE_SUFFIXES.get(suffix, suffix)


def _field_suffix(field_format, image_suffix, levels=()):
    if field_format is None:
        return image_suffix if image_suffix in FLOW_FIELD_SUFFIXES and not any(levels) else ".npz"
    suffix = f".{field_format}"
    if suffix not in FLOW_FIELD_SUFFIXES:
        formats = ", ".join(known[1:] for known in FLOW_FIELD_SUFFIXES)
        raise ValueError(f"Expected field_format to be one of {formats}. Received: field_format={field_format!r}")
    return suffix


def _write_image(path, image, geometry):
    array, _ = to_spatial_array(image, "registered")
    # What the format cannot hold of the geometry stands with the flow field.
    if path.suffix in TIFF_SUFFIXES:
        geometry = ImageGeometry.from_pixel_size(geometry.pixel_size)
    elif path.suffix in (*PICTURE_SUFFIXES, *ARRAY_SUFFIXES):
        geometry = ImageGeometry.unit(geometry.rank)
    write_image(path, array, geometry)


def _older_files(folder, overwrite):
    """Names of the files of an earlier registration in the folder, the metrics last."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return []
    older = read_content(folder)
    names = older["files"] if older else []
    if not names:
        raise FileExistsError(
            f"Expected a new or empty folder, or one with the results of a registration. Received: folder={folder}"
        )
    if not overwrite:
        raise FileExistsError(
            f"Expected a new or empty folder; overwrite=True replaces earlier results. Received: folder={folder}"
        )
    return _ours(names)


def _ours(names):
    # Whatever the list says, nothing but files that a registration writes may be removed.
    ours = [name for name in names if name.split(".")[0] in _STEMS and Path(name).name == name]
    return [*ours, TRANSFORM_NAME, PICTURE_NAME, METRICS_NAME]


def _move(temporary, folder, older):
    if not folder.exists():
        os.rename(temporary, folder)
        return
    # The metrics go last: until then, the folder can be told to be one of ours.
    names = sorted(os.listdir(temporary), key=lambda name: name == METRICS_NAME)
    for name in names:
        os.replace(temporary / name, folder / name)
    for name in set(older) - set(names):
        (folder / name).unlink(missing_ok=True)
