"""Standard deviations of flow fields in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dirv_tf.io.array_archives import read_arrays, write_arrays
from dirv_tf.io.atomic_write import atomic_path
from dirv_tf.io.decoding import decoding
from dirv_tf.io.file_paths import existing_file, known_suffix, new_file
from dirv_tf.io.flow_field_archives import ARCHIVE_SUFFIX
from dirv_tf.io.flow_field_files import FLOW_FIELD_SUFFIXES
from dirv_tf.io.image_geometry import ImageGeometry
from dirv_tf.io.itk_images import import_simpleitk, itk_geometry, read_itk_image, write_itk_image

_NAME = "standard_deviation"


def write_uncertainty(
    path: Any, standard_deviation: Any, geometry: ImageGeometry | None = None, overwrite: bool = False
) -> None:
    """Write the standard deviation of a flow field, whole or not at all.

    Parameters
    ----------
    path : str or Path
        ``.npz`` for a NumPy archive with the array ``standard_deviation`` in pixels. ``.nii.gz``, ``.nii``, ``.mha`` or
        ``.nrrd`` for an image on the fixed image's grid with one component per axis, in mm along the image's own axes,
        the last array axis first as ITK counts them.
    standard_deviation : array_like, shape (n_1, ..., n_r, r), r = 2 or 3, pixels
        Array-axis order, above 0.
    geometry : ImageGeometry, optional
        Of the fixed image. Default: `ImageGeometry.unit`.
    overwrite : bool
        Whether an older file may be replaced.

    Raises
    ------
    FileExistsError
        If there is a file and `overwrite` is False.
    ValueError
        If the suffix is unknown, or the array is no standard deviation of a field.
    ImportError
        If the format needs SimpleITK and that is not installed.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> path = tempfile.mkdtemp() + "/uncertainty.npz"
    >>> write_uncertainty(path, np.ones((4, 5, 2)))
    >>> read_uncertainty(path).shape
    (4, 5, 2)
    """
    suffix = known_suffix(path, FLOW_FIELD_SUFFIXES)
    path = new_file(path, overwrite)
    values = _checked(standard_deviation, "standard_deviation")
    geometry = geometry or ImageGeometry.unit(values.shape[-1])
    with atomic_path(path) as temporary:
        if suffix == ARCHIVE_SUFFIX:
            write_arrays(temporary, {_NAME: values})
        else:
            in_mm = (values * np.asarray(geometry.pixel_size, np.float32))[..., ::-1]
            write_itk_image(temporary, np.ascontiguousarray(in_mm), geometry, is_vector=True)


def read_uncertainty(path: Any) -> np.ndarray:
    """Read what `write_uncertainty` wrote.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    ndarray of float32, shape (n_1, ..., n_r, r), pixels

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UnreadableFileError
        If it holds something else.
    ImportError
        If the format needs SimpleITK and that is not installed.
    """
    suffix, path = known_suffix(path, FLOW_FIELD_SUFFIXES), existing_file(path, "an uncertainty file")
    if suffix == ARCHIVE_SUFFIX:
        arrays = read_arrays(path, [_NAME], "an archive with a standard deviation")
        with decoding(path, "an archive with a standard deviation"):
            return _checked(arrays[_NAME], _NAME)
    image = read_itk_image(Path(path))
    with decoding(path, "an image with a standard deviation"):
        in_mm = import_simpleitk().GetArrayFromImage(image)[..., ::-1]
        return _checked(in_mm / np.asarray(itk_geometry(image).pixel_size), _NAME)


def _checked(values, name):
    values = np.ascontiguousarray(values, np.float32)
    if values.ndim not in (3, 4) or values.shape[-1] != values.ndim - 1:
        raise ValueError(
            f"Expected one component per axis, (n_1, ..., n_r, r). Received: {name}.shape={values.shape}"
        )
    if not np.isfinite(values).all() or values.min(initial=1) <= 0:
        raise ValueError(f"Expected finite numbers above 0. Received: {name} with a smallest of {values.min():.6g}")
    return values
