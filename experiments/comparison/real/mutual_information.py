"""Registration of two stains by SimpleITK: an affine map from many angles, then B-splines, by mutual information."""

from __future__ import annotations

import numpy as np

ANGLES = 12
_LINEAR_ITERATIONS = 60
_BINS = 32
# Intervals along the longer side on the coarsest level; twice as many on the level above.
_COARSEST_MESH = 4
# Share of the pixels that the mutual information is estimated from, on a regular grid.
_SAMPLED = 0.5


def mutual_information_flow_field(
    fixed: np.ndarray, moving: np.ndarray, threads: int = 1, angles: int = ANGLES, iterations: int = 12
) -> np.ndarray:
    """Register two images by Mattes mutual information.

    A rigid map is looked for from `angles` rotations about the middle on an eighth of the size; the most similar one
    is refined as an affine map on a quarter and a half. B-splines are added on a quarter and a half of the size, with 4
    and 8 intervals along the longer side.

    Parameters
    ----------
    fixed, moving : ndarray of float32, shapes (n_1, n_2) and (m_1, m_2)
    threads : int
    angles : int
        Starts of the search.
    iterations : int
        Largest number per level of the B-splines.

    Returns
    -------
    ndarray of float32, shape (n_1, n_2, 2)
        Backward flow field, pixels, array-axis order.

    Raises
    ------
    ImportError
        Without SimpleITK.

    References
    ----------
    Mattes et al., "PET-CT image registration in the chest using free-form deformations", IEEE TMI 22, 2003.
    """
    try:
        import SimpleITK as itk
    except ImportError as error:
        raise ImportError("this method needs SimpleITK: pip install 'dirv_tf[volumes]'") from error
    itk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    images = [itk.GetImageFromArray(np.ascontiguousarray(image, np.float32)) for image in (fixed, moving)]

    def method(shrinks, share=1.0):
        chosen = itk.ImageRegistrationMethod()
        chosen.SetMetricAsMattesMutualInformation(_BINS)
        if share < 1:
            chosen.SetMetricSamplingStrategy(chosen.REGULAR)
            chosen.SetMetricSamplingPercentage(share)
        chosen.SetInterpolator(itk.sitkLinear)
        chosen.SetShrinkFactorsPerLevel(shrinks)
        chosen.SetSmoothingSigmasPerLevel([shrink / 2 for shrink in shrinks])
        return chosen

    def linear(transform, shrinks):
        search = method(shrinks)
        search.SetOptimizerAsRegularStepGradientDescent(4.0, 0.01, _LINEAR_ITERATIONS)
        search.SetOptimizerScalesFromPhysicalShift()
        search.SetInitialTransform(transform, inPlace=True)
        search.Execute(*images)
        return search.GetMetricValue()

    centers = [np.array([(side - 1) / 2 for side in image.shape[::-1]]) for image in (fixed, moving)]
    found = []
    for number in range(angles):
        angle = 2 * np.pi * number / angles
        rigid = itk.Euler2DTransform(centers[0].tolist(), angle, (centers[1] - centers[0]).tolist())
        try:
            found.append((linear(rigid, [8]), number, rigid))
        except RuntimeError:
            # The images have come apart; the other starts go on.
            continue
    start = min(found)[2] if found else itk.Euler2DTransform()
    affine = itk.AffineTransform(start.GetMatrix(), start.GetTranslation(), start.GetCenter())
    try:
        linear(affine, [4, 2])
    except RuntimeError:
        affine = itk.AffineTransform(start.GetMatrix(), start.GetTranslation(), start.GetCenter())

    mesh = [max(1, round(_COARSEST_MESH * side / max(fixed.shape))) for side in fixed.shape[::-1]]
    spline = itk.BSplineTransformInitializer(images[0], mesh, 3)
    deformable = method([4, 2], _SAMPLED)
    deformable.SetMovingInitialTransform(affine)
    deformable.SetInitialTransformAsBSpline(spline, inPlace=True, scaleFactors=[1, 2])
    # The gradient of the mutual information per pixel is far below the accuracy that SimpleITK's examples ask for.
    deformable.SetOptimizerAsLBFGS2(solutionAccuracy=1e-6, numberOfIterations=iterations)
    deformable.Execute(*images)
    whole = itk.CompositeTransform([affine, spline])
    field = itk.TransformToDisplacementField(whole, itk.sitkVectorFloat64, images[0].GetSize())
    return np.ascontiguousarray(itk.GetArrayFromImage(field)[..., ::-1], np.float32)
