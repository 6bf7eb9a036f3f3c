"""Linear maps as files of ITK transforms, which SimpleITK, ANTs and 3D Slicer read."""

from __future__ import annotations

from typing import Any

import numpy as np

from dirv_tf.io.atomic_write import write_text
from dirv_tf.io.file_paths import known_suffix, new_file

TRANSFORM_SUFFIXES = (".tfm",)


def write_itk_transform(path: Any, matrix: Any, translation: Any, overwrite: bool = False) -> None:
    """Write a linear map of the world as an ITK transform, whole or not at all.

    The file is text, so that SimpleITK is not needed. It says ``AffineTransform``, whatever kind of linear map it is.

    Parameters
    ----------
    path : str or Path
        Ends with ``.tfm``.
    matrix : array_like, shape (r, r)
    translation : array_like, shape (r,), mm
        World point ``x`` (x, y[, z]; LPS; mm) of the fixed image lies at ``matrix x + translation`` of the moving one:
        the direction in which ITK's resamplers apply a transform.
    overwrite : bool
        Whether an older file may be replaced.

    Raises
    ------
    FileExistsError
        If there is a file and `overwrite` is False.
    ValueError
        If the name ends with something else, or the numbers are no linear map of 2 or 3 axes.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from dirv_tf.io import write_itk_transform
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "shift.tfm"
    >>> write_itk_transform(path, [[1, 0], [0, 1]], [2.5, 0])
    >>> print(path.read_text(), end="")
    #Insight Transform File V1.0
    #Transform 0
    Transform: AffineTransform_double_2_2
    Parameters: 1.0 0.0 0.0 1.0 2.5 0.0
    FixedParameters: 0.0 0.0
    """
    known_suffix(path, TRANSFORM_SUFFIXES)
    matrix, translation = np.asarray(matrix, np.float64), np.asarray(translation, np.float64)
    rank = len(matrix) if matrix.ndim else 0
    if rank not in (2, 3) or matrix.shape != (rank, rank) or translation.shape != (rank,):
        raise ValueError(
            "Expected a matrix of shape (r, r) and a translation of shape (r,), r = 2 or 3. "
            f"Received: matrix.shape={matrix.shape}, translation.shape={translation.shape}"
        )
    if not (np.isfinite(matrix).all() and np.isfinite(translation).all()):
        raise ValueError(f"Expected finite numbers. Received: matrix={matrix}, translation={translation}")
    parameters = [*matrix.ravel().tolist(), *translation.tolist()]
    lines = (
        "#Insight Transform File V1.0",
        "#Transform 0",
        f"Transform: AffineTransform_double_{rank}_{rank}",
        f"Parameters: {' '.join(map(repr, parameters))}",
        # The center of rotation, which the translation includes.
        f"FixedParameters: {' '.join(map(repr, [0.0] * rank))}",
    )
    write_text(new_file(path, overwrite), "\n".join(lines) + "\n")
