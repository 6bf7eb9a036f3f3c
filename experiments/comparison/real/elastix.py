"""Registration by elastix, where the package itk-elastix is installed."""

from __future__ import annotations

import importlib.metadata
import tempfile

import numpy as np

STAGES = ("translation", "affine", "bspline")


def elastix_version() -> str | None:
    """Return the version of itk-elastix, or None where it is not installed."""
    try:
        return importlib.metadata.version("itk-elastix")
    except importlib.metadata.PackageNotFoundError:
        return None


def elastix_flow_field(fixed: np.ndarray, moving: np.ndarray, threads: int = 1) -> np.ndarray:
    """Register two images by elastix's default parameter maps: a translation, an affine map, then B-splines.

    Parameters
    ----------
    fixed, moving : ndarray of float32, shapes (n_1, ..., n_r) and (m_1, ..., m_r)
    threads : int

    Returns
    -------
    ndarray of float32, shape (n_1, ..., n_r, r)
        Backward flow field, pixels, array-axis order.

    Raises
    ------
    ImportError
        Without itk-elastix.
    """
    try:
        import itk
    except ImportError as error:
        raise ImportError("elastix needs the package itk-elastix") from error
    itk.MultiThreaderBase.SetGlobalDefaultNumberOfThreads(threads)
    parameters = itk.ParameterObject.New()
    for stage in STAGES:
        parameters.AddParameterMap(parameters.GetDefaultParameterMap(stage))
    images = [itk.image_view_from_array(np.ascontiguousarray(image, np.float32)) for image in (fixed, moving)]
    _, found = itk.elastix_registration_method(
        *images, parameter_object=parameters, number_of_threads=threads, log_to_console=False
    )
    # transformix also writes the field into a folder, by default the current one.
    with tempfile.TemporaryDirectory() as folder:
        field = itk.array_from_image(itk.transformix_deformation_field(images[1], found, output_directory=folder))
    # World order is x, y: the columns come first.
    return np.ascontiguousarray(field[..., ::-1], np.float32)
