"""What the commands ask of an output before they begin: that it is new, or may be replaced, and can be written."""

from __future__ import annotations

from dirv_tf.io.left_behind import has_temporary_folder
from dirv_tf.io.output_paths import check_output_file, check_output_folder


def check_file_output(path, overwrite):
    """Raise an OSError where a file is not to be replaced, or could not be written.

    Parameters
    ----------
    path : Path
    overwrite : bool
    """
    if path.exists() and not overwrite:
        raise FileExistsError(f"Expected a new file (--overwrite replaces). Received: output={path}")
    check_output_file(path)


def check_result_output(path, overwrite):
    """Raise an OSError where the folder of a registration is not to be replaced, or could not be written.

    Parameters
    ----------
    path : Path
    overwrite : bool
    """
    # What a process that was killed has left in the folder goes as the result is written.
    is_free = not path.exists() or (path.is_dir() and (not any(path.iterdir()) or has_temporary_folder(path)))
    if not is_free and not overwrite:
        raise FileExistsError(
            f"Expected a new or empty folder (--overwrite replaces earlier results). Received: output={path}"
        )
    check_output_folder(path)
