"""Several arrays in one file, NumPy's .npz."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np


def write_arrays(path: Any, arrays: Mapping[str, Any]) -> None:
    """Write arrays as `numpy.savez` does, byte for byte, and close the file also where the disk is full.

    NumPy leaves an archive that it cannot finish to the garbage collector, which prints a trace.

    Parameters
    ----------
    path : str or Path
        Temporary, see `dirv_tf.io.atomic_write`.
    arrays : mapping of str to array_like
        No Python objects.

    Raises
    ------
    OSError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = tempfile.mkdtemp() + "/arrays.npz"
    >>> write_arrays(path, {"a": [1, 2], "b": 3.0})
    >>> {name: array.tolist() for name, array in np.load(path).items()}
    {'a': [1, 2], 'b': 3.0}
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, array in arrays.items():
            # The size is not known beforehand, and may be more than 2 GiB.
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.asanyarray(array), allow_pickle=False)
