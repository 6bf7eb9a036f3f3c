"""The `fixed` and `moving` arguments of `register`: arrays, or paths of files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dirv_tf.io import ImageGeometry, SlideLevel, load_image, to_gray
from dirv_tf.registration.images.level_choice import choose_levels, level_note


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
    level : SlideLevel or None
        Of a slide that was not read at its finest level.
    is_slide : bool
        Whether the file has several levels.
    """

    pixels: np.ndarray
    array: np.ndarray
    geometry: ImageGeometry | None = None
    path: Path | None = None
    notes: tuple = ()
    choice: tuple = (None, None)
    level: SlideLevel | None = None
    is_slide: bool = False


def take_pair(fixed, moving, channel=None, time=None, level=None):
    """Return both images of a pair, each given as an array or as the path of a file.

    Parameters
    ----------
    fixed, moving : array_like, str or path
        See `take_image`.
    channel, time
        One choice for both images, or a pair: of the fixed and of the moving one.
    level
        Likewise the levels of slides; None: chosen by themselves, see `choose_levels`.

    Returns
    -------
    tuple of (GivenImage, GivenImage)

    Raises
    ------
    FileNotFoundError, ImportError, ValueError
        As `take_image`, and when a choice is neither one nor a pair.
    """
    channels, times, wanted = (
        per_image(name, choice) for name, choice in (("channel", channel), ("time", time), ("level", level))
    )
    levels, reasons = choose_levels((fixed, moving), wanted)
    return (
        take_image(fixed, "fixed", channels[0], times[0], levels[0], reasons[0]),
        take_image(moving, "moving", channels[1], times[1], levels[1], reasons[1]),
    )


def per_image(name, choice):
    """Return a choice for the fixed and one for the moving image, of one for both or a pair.

    Parameters
    ----------
    name : str
        The argument's name for error messages.
    choice
        Anything; a list or tuple is a pair.

    Returns
    -------
    tuple of two

    Raises
    ------
    ValueError
        For a list or tuple that is no pair.
    """
    if not isinstance(choice, (list, tuple)):
        return choice, choice
    if len(choice) != 2:
        raise ValueError(
            f"Expected one {name} for both images, or two: of the fixed and of the moving image. "
            f"Received: {name}={choice!r}"
        )
    return tuple(choice)


def take_image(image, name, channel=None, time=None, level=0, reason="as asked for"):
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
    level : int
        As of `dirv_tf.io.load_image`; of an array 0.
    reason : str
        Why this level, for the notes.

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
        if level != 0:
            raise ValueError(
                "Expected level for files of slides alone; give None for an array, as in level=(None, 2). "
                f"Received: {name} is an array, level={level!r}"
            )
        array, _ = to_spatial_array(image, name)
        return GivenImage(np.asarray(image), array)
    file = load_image(image, channel, time, level)
    pixels, notes = file.pixels, list(file.notes)
    # Pixels of the finest level are those of full resolution, as of any image.
    reduced = file.level if file.level is not None and file.level.number > 0 else None
    if reduced is not None:
        notes.append(level_note(reduced, file.geometry, reason))
    if file.is_color:
        notes.append("color was turned into gray" + ", without its alpha channel" * (pixels.shape[-1] == 4))
        pixels = to_gray(pixels)
    elif pixels.dtype == bool:
        notes.append("1 bit became 0 and 255")
        pixels = pixels.astype(np.uint8) * np.uint8(255)
    named = tuple(f"{name}: {note}" for note in notes)
    is_slide = file.level is not None
    return GivenImage(pixels, pixels, file.geometry, file.path, named, (channel, time), reduced, is_slide)


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
