"""The field that a network of uncertainty judges: an array, or the file of any program."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from dirv_tf.io import ImageGeometry, read_flow_field
from dirv_tf.registration.images.given_image import GivenImage
from dirv_tf.registration.results.derived_results import difference_of_grids


def field_to_judge(flow_field: Any, fixed: GivenImage, moving: GivenImage) -> np.ndarray:
    """Return a field for two images, or raise an error where it is none, or one for other images.

    Parameters
    ----------
    flow_field : array_like, shape (n_1, ..., n_r, r); or str or path
        As of `dirv_tf.uncertainty`.
    fixed, moving : GivenImage
        Of one rank.

    Returns
    -------
    ndarray of float32, shape (n_1, ..., n_r, r), pixels

    Raises
    ------
    FileNotFoundError, ImportError
        As `dirv_tf.io.read_flow_field`.
    ValueError
        For an array of another shape or with numbers that are not finite; for a file of a field on another grid than
        that of the images, as far as both say where their pixels lie.
    """
    size = fixed.array.shape
    if isinstance(flow_field, (str, os.PathLike)):
        flow_field = _read(flow_field, fixed, moving)
    field = np.asarray(flow_field, np.float32)
    if field.shape != (*size, len(size)) or not np.isfinite(field).all():
        raise ValueError(
            f"`flow_field` must be finite and of shape {(*size, len(size))}, one component per axis of the fixed "
            f"image. Received: flow_field.shape={field.shape}, {np.count_nonzero(~np.isfinite(field))} numbers that "
            "are not finite"
        )
    return field


def _read(path, fixed, moving):
    fixed_geometry, moving_geometry = _known_geometry(fixed), _known_geometry(moving)
    if fixed_geometry is not None and not os.fspath(path).lower().endswith(".npz"):
        # Beside a fixed image that knows its place in the world, millimeters at zero are one, too.
        moving_geometry = moving.geometry
    file = read_flow_field(path, moving_geometry)
    _check_grid(path, "fixed", fixed, file.flow_field.shape[:-1], file.levels[0], file.fixed_geometry, fixed_geometry)
    # Its geometry was compared as the file was read.
    _check_grid(path, "moving", moving, file.moving_size, file.levels[1], file.moving_geometry, None)
    return file.flow_field


def _check_grid(path, name, image, size, level, geometry, known_geometry):
    if level is not None and not image.is_slide:
        # A TIFF of a level has no place for where its first pixel lies.
        known_geometry = None
    levels = (level, image.level) if image.is_slide else None
    found = difference_of_grids((size, image.array.shape), (geometry, known_geometry), levels)
    if found is not None:
        raise ValueError(
            f"Expected a field that was made for these images. Received: {path}, for a {name} image of {found[0]}; "
            f"{name}={image.path or 'an array'} of {found[1]}"
        )


def _known_geometry(image):
    """Return where the pixels of an image lie; None of an array and of a file that does not say it."""
    geometry = image.geometry
    return None if geometry is None or geometry.is_close(ImageGeometry.unit(geometry.rank)) else geometry
