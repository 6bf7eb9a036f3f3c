"""The `fixed` and `moving` arguments of `register`: arrays, or paths of files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dirv_tf.io import ImageGeometry, load_image, to_gray
from dirv_tf.registration.linear_map import LinearMap

# Part of the fixed image that must lie in the moving one for the headers to be believed.
_LEAST_OVERLAP = 0.2


@dataclass(frozen=True, eq=False)
class GivenImage:
    """An image as the user gave it, and what is known about it.

    Attributes
    ----------
    pixels : ndarray, shape (n_1, ..., n_r) or (n_1, ..., n_r, 1)
        As given; of a file in color, gray in the file's dtype; of one of 1 bit, 0 and 255.
    array : ndarray, shape (n_1, ..., n_r)
        The same without channel.
    geometry : ImageGeometry or None
        Of a file; None for an array.
    path : Path or None
    notes : tuple of str
        What was changed.
    choice : tuple of (channel, time)
        What was chosen from the file.
    """

    pixels: np.ndarray
    array: np.ndarray
    geometry: ImageGeometry | None = None
    path: Path | None = None
    notes: tuple = ()
    choice: tuple = (None, None)


def take_pair(fixed, moving, channel=None, time=None):
    """Return both images of a pair, each given as an array or as the path of a file.

    Parameters
    ----------
    fixed, moving : array_like, str or path
        See `take_image`.
    channel, time
        One choice for both images, or a pair: of the fixed and of the moving one.

    Returns
    -------
    tuple of (GivenImage, GivenImage)

    Raises
    ------
    FileNotFoundError, ImportError, ValueError
        As `take_image`, and when a choice is neither one nor a pair.
    """
    channels, times = _per_image("channel", channel), _per_image("time", time)
    return (
        take_image(fixed, "fixed", channels[0], times[0]),
        take_image(moving, "moving", channels[1], times[1]),
    )


def _per_image(name, choice):
    if not isinstance(choice, (list, tuple)):
        return choice, choice
    if len(choice) != 2:
        raise ValueError(
            f"Expected one {name} for both images, or two: of the fixed and of the moving image. "
            f"Received: {name}={choice!r}"
        )
    return tuple(choice)


def take_image(image, name, channel=None, time=None):
    """Return an image given as an array or as the path of a file.

    Parameters
    ----------
    image : array_like, str or path
        See `to_spatial_array` for arrays and `dirv_tf.io.load_image` for files. Files in color are turned into gray.
    name : str
        The argument's name for error messages and notes.
    channel : int, str or None
    time : int or None
        As of `dirv_tf.io.load_image`; of an array None.

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
        if channel is not None or time is not None:
            raise ValueError(
                "Expected channel and time for files alone, since an array is one image; give None for it, as in "
                f"channel=(None, 0). Received: {name} is an array, channel={channel!r}, time={time!r}"
            )
        array, _ = to_spatial_array(image, name)
        return GivenImage(np.asarray(image), array)
    file = load_image(image, channel, time)
    pixels, notes = file.pixels, list(file.notes)
    if file.is_color:
        notes.append("color was turned into gray" + ", without its alpha channel" * (pixels.shape[-1] == 4))
        pixels = to_gray(pixels)
    elif pixels.dtype == bool:
        notes.append("1 bit became 0 and 255")
        pixels = pixels.astype(np.uint8) * np.uint8(255)
    named = tuple(f"{name}: {note}" for note in notes)
    return GivenImage(pixels, pixels, file.geometry, file.path, named, (channel, time))


def pair_placement(fixed, moving, pixel_size):
    """Return where both images lie in the world, and what follows for their pixels.

    Parameters
    ----------
    fixed, moving : GivenImage
        Of one rank. An array lies on the pixels of the other image's file, where there is one.
    pixel_size : float or sequence of float, length 1 or r, or None
        Millimeters per pixel, one number or one per array axis, of images that know none themselves.

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


def to_spatial_array(image, name):
    """Return the array of an image's spatial axes, and whether the image had a channel axis.

    Parameters
    ----------
    image : array_like, shape (n_1, n_2), (n_1, n_2, n_3), or either with one trailing channel
    name : str
        The argument's name for error messages.

    Returns
    -------
    tuple of (ndarray of shape (n_1, ..., n_r) in its own dtype, bool)

    Raises
    ------
    ValueError
        For a masked array, color or other channels, or another number of axes.
    """
    if isinstance(image, np.ma.MaskedArray):
        raise ValueError(
            f"{name}: expected an array without a mask (masks are not used); fill it with .filled(value). "
            f"Received: {name}=masked array of shape {image.shape}"
        )
    array = np.asarray(image)
    channels = array.shape[-1] if array.ndim in (3, 4) else None
    if channels == 1:
        return array[..., 0], True
    # A volume of three or four voxels along its last axis would be too small for any network: this is color.
    if array.ndim == 4 or channels in (3, 4):
        raise ValueError(
            f"{name}: expected a gray image of shape (n_1, n_2) or (n_1, n_2, n_3), with at most one trailing channel; "
            f"turn color into gray first, e.g. with skimage.color.rgb2gray. Received: {name}.shape={array.shape}"
        )
    if array.ndim not in (2, 3):
        raise ValueError(
            f"{name}: expected a gray image of shape (n_1, n_2) or a volume of shape (n_1, n_2, n_3). "
            f"Received: {name}.shape={array.shape}"
        )
    return array, False


def check_same_rank(fixed, moving):
    """Raise a ValueError unless both images have the same rank.

    Parameters
    ----------
    fixed : ndarray, shape (n_1, ..., n_r)
    moving : ndarray, shape (m_1, ..., m_r)
    """
    if fixed.ndim != moving.ndim:
        raise ValueError(
            "Expected two images of the same rank (both 2D or both 3D). "
            f"Received: fixed.shape={fixed.shape}, moving.shape={moving.shape}"
        )


def checked_masks(fixed, moving, fixed_mask, moving_mask):
    """Return the masks of both images as arrays of bool; None where there is none.

    Parameters
    ----------
    fixed, moving : GivenImage
    fixed_mask, moving_mask : array_like or None

    Returns
    -------
    list of (ndarray of bool or None)

    Raises
    ------
    ValueError
        If a mask has another shape than its image, or leaves no pixel.
    """
    masks = []
    for name, image, mask in (("fixed_mask", fixed, fixed_mask), ("moving_mask", moving, moving_mask)):
        mask = None if mask is None else np.asarray(mask, bool)
        if mask is not None and (mask.shape != image.array.shape or not mask.any()):
            raise ValueError(
                f"`{name}` must have the image's shape {image.array.shape} and leave at least one pixel. "
                f"Received: {name}.shape={mask.shape} with {np.count_nonzero(mask)} pixels"
            )
        masks.append(mask)
    return masks
