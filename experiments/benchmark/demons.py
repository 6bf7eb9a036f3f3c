"""The classical method: diffeomorphic demons of SimpleITK, coarse to fine."""

from __future__ import annotations

import numpy as np

SHRINKS = (4, 2, 1)
ITERATIONS = 50
SMOOTHING = 1.5


def demons_flow_field(
    fixed, moving, shrinks=SHRINKS, iterations=ITERATIONS, smoothing=SMOOTHING, update_smoothing=0.0, tolerance=0.02
):
    """Register two images by diffeomorphic demons (Vercauteren et al. 2009) on several levels.

    Parameters
    ----------
    fixed, moving : np.ndarray, shape (n_1, ..., n_r), float32
    shrinks : sequence of int
        Shrinking of the images per level, coarse to fine; the last is 1.
    iterations : int
        At most, per level.
    smoothing, update_smoothing : float
        Standard deviations in pixels of the smoothing of the field and of its updates; 0 leaves updates as they are.
    tolerance : float
        A level ends when its updates become smaller, root mean square in pixels.

    Returns
    -------
    np.ndarray, shape (n_1, ..., n_r, r)
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
    demons.SetNumberOfIterations(iterations)
    demons.SetStandardDeviations(smoothing)
    demons.SetMaximumRMSError(tolerance)
    if update_smoothing:
        demons.SetSmoothUpdateField(True)
        demons.SetUpdateFieldStandardDeviations(update_smoothing)
    field = None
    for shrink in shrinks:
        level = images if shrink == 1 else [_shrunk(SimpleITK, image, shrink) for image in images]
        if field is None:
            field = demons.Execute(*level)
        else:
            field = demons.Execute(*level, SimpleITK.Resample(field, level[0]))
    # World order is x, y: the columns come first.
    return np.ascontiguousarray(SimpleITK.GetArrayFromImage(field)[..., ::-1])


def _shrunk(itk, image, factor):
    return itk.Shrink(itk.SmoothingRecursiveGaussian(image, factor / 2), [factor] * image.GetDimension())
