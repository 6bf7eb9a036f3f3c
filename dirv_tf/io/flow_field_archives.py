"""Flow fields in pixels as NumPy archives."""

from __future__ import annotations

import numpy as np

from dirv_tf.io.array_archives import read_arrays, write_arrays
from dirv_tf.io.decoding import decoding
from dirv_tf.io.image_geometry import ImageGeometry
from dirv_tf.io.slide_pyramids import SlideLevel
from dirv_tf.validation import shown

ARCHIVE_SUFFIX = ".npz"
ARCHIVE_FORMAT = 1
# Of images that were registered at a level of a slide.
_LEVEL = ("level", "full_size", "level_step")
_ENTRIES = (
    "format", "flow_field", "fixed_origin", "fixed_axes", "moving_origin", "moving_axes", "moving_size",
    *(f"{which}_{name}" for which in ("fixed", "moving") for name in _LEVEL),
)
CONVENTIONS = (
    "flow_field: pixels, component i along array axis i, backward: registered[p] = moving[p + flow_field[p]]; "
    "geometries: world (x, y[, z]; LPS; mm) = origin + axes @ pixel; "
    "of a level of a slide: pixel of full resolution = (pixel + 0.5) * level_step - 0.5"
)


def write_archive(path, flow_field, fixed_geometry, moving_geometry, moving_size, levels=(None, None)):
    """Write a flow field, both geometries, the moving image's size and the conventions that they follow.

    Parameters
    ----------
    path : Path
        Ends with .npz.
    flow_field : ndarray, shape (n_1, ..., n_r, r)
        Stored as float32.
    fixed_geometry, moving_geometry : ImageGeometry
    moving_size : tuple of int, length r
    levels : pair of (SlideLevel or None)
        Of the fixed and of the moving image.
    """
    arrays = {
        "format": ARCHIVE_FORMAT,
        "conventions": CONVENTIONS,
        "flow_field": flow_field.astype(np.float32),
        "fixed_origin": fixed_geometry.origin,
        "fixed_axes": fixed_geometry.axes,
        "moving_origin": moving_geometry.origin,
        "moving_axes": moving_geometry.axes,
        "moving_size": moving_size,
    }
    for which, level in zip(("fixed", "moving"), levels):
        if level is not None:
            values = level.number, level.full_size, level.step
            arrays.update({f"{which}_{name}": value for name, value in zip(_LEVEL, values)})
    write_arrays(path, arrays)


def read_archive(path):
    """Read what `write_archive` wrote.

    Parameters
    ----------
    path : Path

    Returns
    -------
    tuple of (ndarray, ImageGeometry, ImageGeometry, tuple of int, pair of (SlideLevel or None))
        Flow field, geometry of the fixed and of the moving image, size of the moving image, levels of both.

    Raises
    ------
    UnreadableFileError
        If the file is damaged, lacks an entry or has another format number.
    """
    expected = f"a flow field of format {ARCHIVE_FORMAT}, as dirv_tf.io.write_flow_field writes it"
    archive = read_arrays(path, _ENTRIES, expected)
    with decoding(path, expected):
        if int(archive["format"]) != ARCHIVE_FORMAT:
            raise ValueError(f"its format is {shown(archive['format'])}")
        flow_field = archive["flow_field"]
        # Older archives are of pairs of one size.
        size = tuple(int(side) for side in archive.get("moving_size", flow_field.shape[:-1]))
        if min(size, default=0) < 1:
            raise ValueError(f"its moving image has the size {shown(size)}")
        return (
            flow_field,
            ImageGeometry(archive["fixed_origin"], archive["fixed_axes"]),
            ImageGeometry(archive["moving_origin"], archive["moving_axes"]),
            size,
            (_level(archive, "fixed", flow_field.shape[:-1]), _level(archive, "moving", size)),
        )


def _level(archive, which, size):
    if f"{which}_level" not in archive:
        return None
    number, full_size, step = (archive[f"{which}_{name}"] for name in _LEVEL)
    return SlideLevel(int(number), size, full_size.tolist(), step.tolist())
