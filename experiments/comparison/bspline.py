"""Registration by B-splines with SimpleITK: an affine map first, then a grid of control points, coarse to fine."""

from __future__ import annotations

import numpy as np

GRID = 8
AFFINE_ITERATIONS = 100
# In pixels. Steps of a whole pixel threw some pairs of tissue images far off on the finest level.
LARGEST_AFFINE_STEP = 0.2


def bspline_flow_field(fixed, moving, levels=3, smoothing=1.0, iterations=100, order=3):
    """Register two images by an affine map and B-splines, 8 pixels apart, that minimize the mean squared difference.

    Parameters
    ----------
    fixed, moving : np.ndarray, shape (n_1, ..., n_r), float32
        Intensities in [0, 1]; sides are multiples of 8.
    levels : int
        Levels of the image pyramid; the grid is the same on all.
    smoothing : float
        Standard deviation of the images' smoothing, in pixels of the shrunk image, on all levels but the finest.
    iterations : int
        Of L-BFGS-B, per level.
    order : int
        Degree of the B-splines.

    Returns
    -------
    np.ndarray, shape (n_1, ..., n_r, r), float32
        Backward flow field, pixels, array-axis order.

    Raises
    ------
    ImportError
        Without SimpleITK.
    ValueError
        When a side is no multiple of 8.
    """
    try:
        import SimpleITK as itk
    except ImportError as error:
        raise ImportError("B-splines need SimpleITK: pip install 'dirv_tf[volumes]'") from error
    if any(side % GRID for side in fixed.shape):
        raise ValueError(f"Expected sides that are multiples of {GRID}. Received: fixed.shape={fixed.shape}")
    # By 255, because L-BFGS-B stops at an absolute size of the gradient, far too early for intensities in [0, 1].
    images = [itk.GetImageFromArray(255 * image) for image in (fixed, moving)]
    affine = itk.AffineTransform(fixed.ndim)
    affine.SetCenter([(side - 1) / 2 for side in fixed.shape[::-1]])
    spline = itk.BSplineTransformInitializer(images[0], [side // GRID for side in fixed.shape[::-1]], order)

    def optimize(transform, choose_optimizer):
        # One registration per level: within one of several levels L-BFGS-B begins every level where the first began,
        # so that only the finest would count.
        for shrink in (2**level for level in reversed(range(levels))):
            method = itk.ImageRegistrationMethod()
            method.SetMetricAsMeanSquares()
            method.SetInterpolator(itk.sitkLinear)
            method.SetShrinkFactorsPerLevel([shrink])
            method.SetSmoothingSigmasPerLevel([smoothing * shrink if shrink > 1 else 0.0])
            choose_optimizer(method)
            method.SetInitialTransform(transform, inPlace=True)
            method.Execute(*images)

    def descend(method):
        method.SetOptimizerAsRegularStepGradientDescent(LARGEST_AFFINE_STEP, 1e-4, AFFINE_ITERATIONS)
        method.SetOptimizerScalesFromPhysicalShift()

    optimize(affine, descend)
    # B-splines whose coefficients are an affine map's displacements at the control points are that map, so the spline
    # goes on from it alone, which is faster than a composition of both.
    grid = spline.GetCoefficientImages()[0]
    place = (grid.GetSize(), grid.GetOrigin(), grid.GetSpacing(), grid.GetDirection())
    displacements = itk.GetArrayFromImage(itk.TransformToDisplacementField(affine, itk.sitkVectorFloat64, *place))
    spline.SetParameters(np.moveaxis(displacements, -1, 0).ravel().tolist())
    optimize(spline, lambda method: method.SetOptimizerAsLBFGSB(numberOfIterations=iterations))

    field = itk.TransformToDisplacementField(spline, itk.sitkVectorFloat64, images[0].GetSize())
    # World order is x, y: the columns come first.
    return np.ascontiguousarray(itk.GetArrayFromImage(field)[..., ::-1], np.float32)
