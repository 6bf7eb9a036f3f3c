"""Where the headers of two images put them, and what follows for their pixels."""

from __future__ import annotations

import numpy as np

from dirv_tf.io import ImageGeometry
from dirv_tf.registration.maps.linear_map import LinearMap

# Part of the fixed image that must lie in the moving one for the headers to be believed.
_LEAST_OVERLAP = 0.2


def pair_placement(fixed, moving, pixel_size):
    """Return where both images lie in the world, and what follows for their pixels.

    Parameters
    ----------
    fixed, moving : GivenImage
        Of one rank. An array lies on the pixels of the other image's file, where there is one.
    pixel_size : float or sequence of float, length 1 or r, or None
        Millimeters per pixel, one number or one per array axis, of images that know none themselves; of slides that of
        full resolution, whatever the level.

    Returns
    -------
    tuple of (ImageGeometry, ImageGeometry, LinearMap, tuple of str)
        Of the fixed and of the moving image; the map from fixed to moving pixels that the geometries state; notes.

    Raises
    ------
    ValueError
        When `pixel_size` is no pixel size, or a file states one itself.
    """
    rank = fixed.array.ndim
    unit, identity = ImageGeometry.unit(rank), LinearMap.identity(rank)
    fixed_geometry = fixed.geometry or moving.geometry or unit
    moving_geometry = moving.geometry or fixed.geometry or unit
    if pixel_size is not None:
        given = ImageGeometry.from_pixel_size(_per_axis(pixel_size, rank))
        for name, geometry in (("fixed", fixed_geometry), ("moving", moving_geometry)):
            if not geometry.is_close(unit):
                raise ValueError(
                    f"Expected no pixel size for files that state one themselves; leave it out. Received: "
                    f"pixel_size={pixel_size}, and {name} has a pixel size of {_listed(geometry.pixel_size)} mm"
                )
        fixed_geometry, moving_geometry = (_at_level(given, image) for image in (fixed, moving))
        return fixed_geometry, moving_geometry, _between(fixed_geometry, moving_geometry), ()
    if fixed.is_slide and moving.is_slide and fixed_geometry.is_close(unit):
        # Without a pixel size, the finest pixels of two slides count as of one size.
        initial = _between(_at_level(unit, fixed), _at_level(unit, moving))
        if moving_geometry.is_close(unit) and not initial.is_identity:
            note = "started with the first pixels of both slides at one place, at full resolution"
            return fixed_geometry, moving_geometry, initial, (note,)
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


def _at_level(geometry, image):
    """Where the pixels of an image lie, from where those of full resolution do."""
    return geometry if image.level is None else image.level.geometry(geometry)


def _between(fixed, moving):
    return LinearMap.identity(fixed.rank) if fixed.is_close(moving) else LinearMap.between(fixed, moving)


def _differences(fixed, moving):
    if not fixed.has_same_axes(moving):
        return f"with pixel sizes of {_listed(fixed.pixel_size)} (fixed) and {_listed(moving.pixel_size)} mm (moving)"
    return f"with origins that differ by {_listed(np.subtract(moving.origin, fixed.origin))} mm"


def _per_axis(pixel_size, rank):
    values = np.atleast_1d(np.asarray(pixel_size, np.float64))
    if values.ndim != 1 or len(values) not in (1, rank) or not np.all(np.isfinite(values) & (values > 0)):
        raise ValueError(
            f"Expected a positive pixel size in mm per pixel, one number or {rank}, one per array axis. "
            f"Received: pixel_size={pixel_size}"
        )
    return tuple(np.broadcast_to(values, rank).tolist())


def _listed(values):
    return " x ".join(f"{value:.6g}" for value in values)
