"""The `fixed` and `moving` arguments of `register`: arrays, or paths of files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dirv_tf.io import ImageGeometry, load_image, to_gray
from dirv_tf.registration.image_arrays import to_spatial_array
from dirv_tf.registration.linear_map import LinearMap

# Part of the fixed image that must lie in the moving one for the headers to be believed.
_LEAST_OVERLAP = 0.2


@dataclass(frozen=True, eq=False)
class GivenImage:
    """An image as the user gave it, and what is known about it.

    Attributes
    ----------
    pixels : ndarray, shape (n_1, ..., n_r) or (n_1, ..., n_r, 1)
        As given; of a file in color, gray in the file's dtype.
    array : ndarray, shape (n_1, ..., n_r)
        The same without channel.
    geometry : ImageGeometry or None
        Of a file; None for an array.
    path : Path or None
    notes : tuple of str
        What was changed.
    """

    pixels: np.ndarray
    array: np.ndarray
    geometry: ImageGeometry | None = None
    path: Path | None = None
    notes: tuple = ()


def take_image(image, name):
    """Return an image given as an array or as the path of a file.

    Parameters
    ----------
    image : array_like, str or path
        See `to_spatial_array` for arrays and `dirv_tf.io.load_image` for files. Files in color are turned into gray.
    name : str
        The argument's name for error messages and notes.

    Returns
    -------
    GivenImage

    Raises
    ------
    FileNotFoundError, ImportError
        As `dirv_tf.io.load_image`.
    ValueError
        For an array that is no gray image, or a file that is no image.
    """
    if not isinstance(image, (str, os.PathLike)):
        array, _ = to_spatial_array(image, name)
        return GivenImage(np.asarray(image), array)
    file = load_image(image)
    if not file.is_color:
        return GivenImage(file.pixels, file.pixels, file.geometry, file.path)
    note = f"{name}: color was turned into gray" + ", without its alpha channel" * (file.pixels.shape[-1] == 4)
    gray = to_gray(file.pixels)
    return GivenImage(gray, gray, file.geometry, file.path, (note,))


def pair_placement(fixed, moving, spacing):
    """Return where both images lie in the world, and what follows for their pixels.

    Parameters
    ----------
    fixed, moving : GivenImage
        Of one rank. An array lies on the pixels of the other image's file, where there is one.
    spacing : float or sequence of float, length 1 or r, or None
        Millimeters per pixel, one number or one per array axis, of images that know none themselves.

    Returns
    -------
    tuple of (ImageGeometry, ImageGeometry, LinearMap, tuple of str)
        Of the fixed and of the moving image; the map from fixed to moving pixels that the geometries state; notes.

    Raises
    ------
    ValueError
        When `spacing` is no spacing, or a file states one itself.
    """
    rank = fixed.array.ndim
    unit, identity = ImageGeometry.unit(rank), LinearMap.identity(rank)
    fixed_geometry = fixed.geometry or moving.geometry or unit
    moving_geometry = moving.geometry or fixed.geometry or unit
    if spacing is not None:
        given = ImageGeometry.from_spacing(_per_axis(spacing, rank))
        for name, geometry in (("fixed", fixed_geometry), ("moving", moving_geometry)):
            if not geometry.is_close(unit):
                raise ValueError(
                    f"Expected no spacing for files that state one themselves; leave it out. Received: "
                    f"spacing={spacing}, and {name} has a spacing of {_listed(geometry.spacing)} mm"
                )
        return given, given, identity, ()
    if fixed_geometry.is_close(moving_geometry):
        return fixed_geometry, moving_geometry, identity, ()
    if fixed_geometry.is_close(unit) or moving_geometry.is_close(unit):
        note = "one file knows no geometry: the images start with their first pixels at one place"
        return fixed_geometry, moving_geometry, identity, (note,)
    initial = LinearMap.between(fixed_geometry, moving_geometry)
    sizes = fixed.array.shape, moving.array.shape
    if initial.overlap(*sizes).mean() >= _LEAST_OVERLAP:
        note = f"started where the headers put the images, {_differences(fixed_geometry, moving_geometry)}"
        return fixed_geometry, moving_geometry, initial, (note,)
    centers = [(np.array(size) - 1) / 2 for size in sizes]
    centered = LinearMap(initial.matrix, centers[1] - initial.matrix @ centers[0])
    note = "by their headers the images hardly overlap: they start with their centers at one place"
    return fixed_geometry, moving_geometry, centered, (note,)


def _differences(fixed, moving):
    if not fixed.has_same_axes(moving):
        return f"with spacings of {_listed(fixed.spacing)} (fixed) and {_listed(moving.spacing)} mm (moving)"
    return f"with origins that differ by {_listed(np.subtract(moving.origin, fixed.origin))} mm"


def _per_axis(spacing, rank):
    values = np.atleast_1d(np.asarray(spacing, np.float64))
    if values.ndim != 1 or len(values) not in (1, rank) or not np.all(np.isfinite(values) & (values > 0)):
        raise ValueError(
            f"Expected a positive spacing in mm per pixel, one number or {rank}, one per array axis. "
            f"Received: spacing={spacing}"
        )
    return tuple(np.broadcast_to(values, rank).tolist())


def _listed(values):
    return " x ".join(f"{value:.6g}" for value in values)
