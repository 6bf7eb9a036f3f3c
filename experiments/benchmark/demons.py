"""The classical method: diffeomorphic demons of SimpleITK, coarse to fine."""

from __future__ import annotations

import numpy as np

SHRINKS = (4, 2, 1)
ITERATIONS = 50
SMOOTHING = 1.5


def demons_flow_field(fixed, moving):
    """Register two images by diffeomorphic demons (Vercauteren et al. 2009) on three levels.

    Parameters
    ----------
    fixed, moving : np.ndarray, shape (n_1, n_2), float32

    Returns
    -------
    np.ndarray, shape (n_1, n_2, 2)
        Backward flow field, pixels, array-axis order.

    Raises
    ------
    ImportError
        Without SimpleITK.
    """
    try:
        import SimpleITK
    except ImportError as error:
        raise ImportError("Demons need SimpleITK: pip install 'dirv_tf[volumes]'") from error
    images = [SimpleITK.GetImageFromArray(image) for image in (fixed, moving)]
    demons = SimpleITK.DiffeomorphicDemonsRegistrationFilter()
    demons.SetNumberOfIterations(ITERATIONS)
    demons.SetStandardDeviations(SMOOTHING)
    field = None
    for shrink in SHRINKS:
        level = images if shrink == 1 else [_shrunk(SimpleITK, image, shrink) for image in images]
        if field is None:
            field = demons.Execute(*level)
        else:
            field = demons.Execute(*level, SimpleITK.Resample(field, level[0]))
    # World order is x, y: the columns come first.
    return np.ascontiguousarray(SimpleITK.GetArrayFromImage(field)[..., ::-1])


def _shrunk(itk, image, factor):
    return itk.Shrink(itk.SmoothingRecursiveGaussian(image, factor / 2), [factor] * image.GetDimension())
