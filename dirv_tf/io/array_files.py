"""Images and volumes as NumPy arrays in files (.npy)."""

from __future__ import annotations

import math

import numpy as np

from dirv_tf.io.decoding import UnfitFileError, decoding
from dirv_tf.io.file_limits import check_stored
from dirv_tf.io.image_choice import choose
from dirv_tf.io.image_geometry import ImageGeometry

ARRAY_SUFFIXES = (".npy",)


def read_array(path, channel=None, time=None):
    """Read an image or a volume from a .npy file.

    Parameters
    ----------
    path : Path
        Holds an array of shape (n_1, n_2) or (n_1, n_2, n_3), gray with a trailing axis of 1, or in color with one of 3
        or 4, as `register` takes arrays.
    channel, time
        Which one of several, see `choose`.

    Returns
    -------
    tuple of (ndarray, ImageGeometry, bool, tuple of str)
        Pixels, unit pixel size, whether it is a color image, and notes on what was chosen.

    Raises
    ------
    UnreadableFileError
        If the file is damaged, holds Python objects, or an array of another shape.
    """
    with decoding(path), open(path, "rb") as stream:
        check_stored(path, stated_bytes(stream), stream.tell())
        stream.seek(0)
        array = np.lib.format.read_array(stream, allow_pickle=False)
    if array.ndim in (3, 4) and array.shape[-1] == 1:
        array = array[..., 0]
    is_color = array.ndim in (3, 4) and array.shape[-1] in (3, 4)
    rank = array.ndim - is_color
    if rank not in (2, 3) or 0 in array.shape:
        raise UnfitFileError(
            "Expected an array of 2 or 3 axes, or with one more axis of 3 or 4 colors; save one channel and one time. "
            f"Received: path={path} of shape {array.shape}"
        )
    index, letters, notes = choose(path, "ZYX"[-rank:] + "S" * is_color, array.shape, channel, time)
    return array[index], ImageGeometry.unit(rank), "S" in letters, notes


def stated_bytes(stream):
    """Read the header of an array in the format of .npy files, and return how many bytes the array takes.

    Parameters
    ----------
    stream : binary file
        At the beginning of the array; behind its header afterwards.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If there is no such header, or the array holds Python objects.
    """
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(stream)
    if dtype.hasobject:
        raise ValueError("Python objects, which are never read (allow_pickle=False)")
    if any(side < 0 for side in shape):
        raise ValueError(f"an array of shape {shape}")
    return math.prod(shape) * dtype.itemsize


def write_array(path, pixels, geometry, is_color):
    """Write an image or a volume as a .npy file.

    Parameters
    ----------
    path : Path
    pixels : ndarray, shape (n_1, ..., n_r), or (n_1, ..., n_r, 3 or 4) for color
    geometry : ImageGeometry
        Must be the unit geometry: the format holds none.
    is_color : bool

    Raises
    ------
    ValueError
        If there is a geometry.
    """
    if not geometry.is_close(ImageGeometry.unit(geometry.rank), 1e-5):
        raise ValueError(
            "Expected no pixel size, origin or directions in a .npy file, which cannot hold them; choose .tif for a "
            f"pixel size, .mha, .nrrd or .nii.gz for all, or pass no geometry. Received: geometry={geometry}"
        )
    np.save(path, pixels, allow_pickle=False)
