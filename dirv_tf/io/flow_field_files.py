"""Flow fields in files: NumPy archives in pixels, and displacement fields that ITK's programs apply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dirv_tf.io.atomic_write import atomic_path
from dirv_tf.io.decoding import decoding
from dirv_tf.io.file_paths import existing_file, known_suffix, new_file
from dirv_tf.io.flow_field_archives import ARCHIVE_SUFFIX, read_archive, write_archive
from dirv_tf.io.image_geometry import ImageGeometry
from dirv_tf.io.itk_displacements import to_flow_field, to_world_displacements
from dirv_tf.io.itk_images import import_simpleitk, itk_geometry, read_itk_image, write_itk_image
from dirv_tf.io.slide_pyramids import SlideLevel, full_geometry
from dirv_tf.validation import UnreadableFileError, shown

FLOW_FIELD_SUFFIXES = (ARCHIVE_SUFFIX, ".nii.gz", ".nii", ".mha", ".nrrd")
# Coarser rounding than this would be seen; float32 is enough unless the images lie very far apart.
_ROUNDING_IN_PIXELS = 1e-5


@dataclass(frozen=True, eq=False)
class FlowFieldFile:
    """What a file of a flow field holds.

    Attributes
    ----------
    flow_field : ndarray of float32, shape (n_1, ..., n_r, r)
        Backward, in pixels, array-axis order.
    fixed_geometry, moving_geometry : ImageGeometry
        Of the images that the field maps from and to.
    moving_size : tuple of int, length r, or None
        Of the moving image; None where the file does not say.
    levels : pair of (SlideLevel or None)
        Of the slides, fixed and moving, that were registered at a level; None for other images.
    """

    flow_field: np.ndarray
    fixed_geometry: ImageGeometry
    moving_geometry: ImageGeometry
    moving_size: tuple[int, ...] | None = None
    levels: tuple[SlideLevel | None, SlideLevel | None] = (None, None)


def write_flow_field(
    path: Any,
    flow_field: Any,
    fixed_geometry: ImageGeometry | None = None,
    moving_geometry: ImageGeometry | None = None,
    overwrite: bool = False,
    moving_size: Sequence[int] | None = None,
    levels: tuple[SlideLevel | None, SlideLevel | None] = (None, None),
) -> None:
    """Write a flow field, whole or not at all.

    Parameters
    ----------
    path : str or Path
        ``.npz`` for a NumPy archive of the pixels, both geometries and the moving image's size. ``.nii.gz``, ``.nii``,
        ``.mha`` or ``.nrrd`` for an image of world displacements (mm; x, y[, z]; LPS) on the fixed image's grid, as
        SimpleITK.DisplacementFieldTransform, antsApplyTransforms and 3D Slicer apply it to the moving image.
    flow_field : array_like, shape (n_1, ..., n_r, r), r = 2 or 3
        Backward, in pixels, array-axis order.
    fixed_geometry : ImageGeometry, optional
        Default: `ImageGeometry.unit`.
    moving_geometry : ImageGeometry, optional
        Default: the fixed image's.
    overwrite : bool
        Whether an older file may be replaced.
    moving_size : sequence of int, length r, optional
        Pixels per axis of the moving image, which an archive keeps. Default: the fixed image's.
    levels : pair of (SlideLevel or None)
        Of the fixed and of the moving image, where they are levels of slides; an archive alone keeps them, and without
        them the field would not say how long its pixels are.

    Raises
    ------
    FileExistsError
        If there is a file and `overwrite` is False.
    ValueError
        If the suffix is unknown or that of a format that cannot keep the levels, the array is no field, is not finite,
        or a geometry or size has another rank.
    ImportError
        If the format needs SimpleITK and that is not installed.
    """
    suffix = known_suffix(path, FLOW_FIELD_SUFFIXES)
    check_keeps_levels(path, levels)
    path = new_file(path, overwrite)
    flow_field = np.asarray(flow_field)
    _check_field(flow_field, "flow_field")
    rank = flow_field.shape[-1]
    fixed_geometry = fixed_geometry or ImageGeometry.unit(rank)
    moving_geometry = moving_geometry or fixed_geometry
    _check_ranks(rank, fixed_geometry=fixed_geometry, moving_geometry=moving_geometry)
    moving_size = tuple(flow_field.shape[:-1] if moving_size is None else moving_size)
    if len(moving_size) != rank:
        raise ValueError(f"Expected a size of {rank} axes. Received: moving_size={moving_size}")
    for level, name, size in zip(levels, ("fixed", "moving"), (flow_field.shape[:-1], moving_size)):
        if level is not None and level.size != size:
            raise ValueError(f"Expected a level of the {name} image's size {size}. Received: levels={levels}")
    if suffix == ARCHIVE_SUFFIX:
        with atomic_path(path) as temporary:
            write_archive(temporary, flow_field, fixed_geometry, moving_geometry, moving_size, levels)
        return
    displacements = to_world_displacements(flow_field, fixed_geometry, moving_geometry)
    rounding = np.spacing(np.float32(np.abs(displacements).max())) / min(moving_geometry.pixel_size)
    dtype = np.float32 if rounding < _ROUNDING_IN_PIXELS else np.float64
    with atomic_path(path) as temporary:
        write_itk_image(temporary, displacements.astype(dtype), fixed_geometry, is_vector=True)


def check_keeps_levels(path: Any, levels: Sequence[SlideLevel | int | None]) -> None:
    """Raise a ValueError where levels of slides are to be kept in a file of a format that has no place for them.

    Parameters
    ----------
    path : str or Path
        The file, or its name alone.
    levels : pair of (SlideLevel, int or None)
        Of the fixed and of the moving image; None and 0 for images that are not reduced.
    """
    if any(levels) and not str(path).lower().endswith(ARCHIVE_SUFFIX):
        reduced = " and ".join(name for name, level in zip(("fixed", "moving"), levels) if level)
        raise ValueError(
            f"Expected a field of a level of a slide in {ARCHIVE_SUFFIX}, which alone keeps the level; choose "
            f"{ARCHIVE_SUFFIX}. Received: {path}, and a level of the {reduced} image"
        )


def read_flow_field(path: Any, moving_geometry: ImageGeometry | None = None) -> FlowFieldFile:
    """Read a flow field, also one that another program wrote as an ITK displacement field.

    Parameters
    ----------
    path : str or Path
        One of the formats of `write_flow_field`.
    moving_geometry : ImageGeometry, optional
        Where the pixels of the moving image lie, which a displacement field does not say; of a slide those of its level
        or of full resolution. Default: where those of the fixed image lie.

    Returns
    -------
    FlowFieldFile

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UnreadableFileError
        If the file is damaged or holds no field.
    ValueError
        If `moving_geometry` contradicts it.
    ImportError
        If the format needs SimpleITK and that is not installed.
    """
    path = existing_file(path, "a file of a flow field")
    is_archive = known_suffix(path, FLOW_FIELD_SUFFIXES) == ARCHIVE_SUFFIX
    with decoding(path, "a flow field"):
        if is_archive:
            flow_field, fixed, moving, moving_size, levels = read_archive(path)
        else:
            displacements, fixed = _read_displacements(path)
    if not is_archive:
        moving, moving_size, levels = moving_geometry or fixed, None, (None, None)
        _check_ranks(fixed.rank, moving_geometry=moving)
        flow_field = to_flow_field(displacements, fixed, moving)
    _check_field(flow_field, f"the field in {path}", UnreadableFileError)
    _check_ranks(flow_field.shape[-1], UnreadableFileError, fixed_geometry=fixed, moving_geometry=moving)
    if moving_size is not None and len(moving_size) != fixed.rank:
        raise UnreadableFileError(
            f"Expected a size of the moving image of {fixed.rank} axes. "
            f"Received: moving_size={shown(moving_size)} in {path}"
        )
    if moving_geometry is not None and not _is_of_moving(moving_geometry, moving, levels[1]):
        raise ValueError(
            "Expected the geometry of the moving image for which the field was made. "
            f"Received: moving_geometry={moving_geometry}, while {path} holds {moving}"
        )
    return FlowFieldFile(flow_field.astype(np.float32), fixed, moving, moving_size, levels)


def _is_of_moving(geometry, moving, level):
    """Whether a geometry is that of the moving image, or of the slide that it is a level of."""
    if level is None:
        return geometry.is_close(moving)
    # A TIFF of a level has no place for where its first pixel lies.
    return any(geometry.has_same_axes(each) for each in (moving, full_geometry(moving, level)))


def _read_displacements(path):
    image = read_itk_image(path)
    size, components = image.GetSize()[::-1], image.GetNumberOfComponentsPerPixel()
    if len(size) not in (2, 3) or components != len(size):
        raise UnreadableFileError(
            "Expected a 2D or 3D image of vectors with one component per axis. "
            f"Received: path={path} of size {size} with {components} component(s) per pixel"
        )
    return import_simpleitk().GetArrayFromImage(image), itk_geometry(image)


def _check_field(field, name, error_type=ValueError):
    is_field = field.ndim in (3, 4) and field.shape[-1] == field.ndim - 1
    if not is_field or field.size == 0 or field.dtype.kind not in "iuf":
        raise error_type(
            "Expected a field of shape (n_1, n_2, 2) or (n_1, n_2, n_3, 3), one component per axis. "
            f"Received: {name} of shape {field.shape} and dtype {field.dtype}"
        )
    if not np.all(np.isfinite(field)):
        raise error_type(f"Expected finite displacements. Received: {name} with NaN or infinite components")


def _check_ranks(rank, error_type=ValueError, **geometries):
    for name, geometry in geometries.items():
        if geometry.rank != rank:
            raise error_type(f"Expected a geometry of {rank} axes. Received: {name}={geometry}")
