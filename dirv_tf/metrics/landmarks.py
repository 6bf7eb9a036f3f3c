"""Target registration errors of landmarks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def landmark_errors(
    fixed_points: ArrayLike,
    warped_points: ArrayLike,
    size: Sequence[int],
    pixel_size: Sequence[float] | None = None,
    moving_points: ArrayLike | None = None,
) -> dict[str, float]:
    """Return the errors of landmarks that a registration carried to the fixed image.

    TRE is the Euclidean distance of a carried landmark from its partner, rTRE the distance in pixels divided by the
    diagonal of the fixed image (Borovec et al., ANHIR, IEEE TMI 39, 2020).

    Parameters
    ----------
    fixed_points : array_like, shape (n, r)
        Landmarks of the fixed image, in pixels, array-axis order.
    warped_points : array_like, shape (n, r)
        Their partners of the moving image after `dirv_tf.geometry.warp_points_inverse`.
    size : sequence of int, length r
        Sides of the fixed image in pixels.
    pixel_size : sequence of float, length r, optional
        Of the fixed image in mm, array-axis order; with it TRE is in mm, else in pixels.
    moving_points : array_like, shape (n, r), optional
        The partners as they were before the registration.

    Returns
    -------
    dict of float
        ``tre_mean``, ``tre_median``, ``tre_p90`` (the 90th percentile, linear between ranks), ``tre_max``; the same
        with ``rtre``; with `moving_points` all of them with ``_before``, and ``robustness``: the share of landmarks,
        0 to 1, whose error fell.

    Raises
    ------
    ValueError
        If the shapes do not fit each other, there is no landmark, a coordinate is not finite, or a side or a pixel size
        is not positive.

    Examples
    --------
    >>> from dirv_tf import metrics
    >>> metrics.landmark_errors([[10, 10], [20, 20]], [[13, 14], [20, 20]], size=(30, 40))["tre_mean"]
    2.5
    """
    fixed_points = np.asarray(fixed_points, np.float64)
    rank = fixed_points.shape[-1] if fixed_points.ndim == 2 else 0
    if rank not in (2, 3) or len(fixed_points) == 0:
        raise ValueError(
            "Expected one or more landmarks of shape (n, 2) or (n, 3). "
            f"Received: fixed_points.shape={fixed_points.shape}"
        )
    size = _per_axis(size, rank, "size")
    pixel_size = None if pixel_size is None else _per_axis(pixel_size, rank, "pixel_size")
    errors, relative_errors = _errors(fixed_points, warped_points, "warped_points", size, pixel_size)
    measured = {**_summary("tre", errors), **_summary("rtre", relative_errors)}
    if moving_points is not None:
        before, relative_before = _errors(fixed_points, moving_points, "moving_points", size, pixel_size)
        summaries = {**_summary("tre", before), **_summary("rtre", relative_before)}
        measured.update({f"{name}_before": value for name, value in summaries.items()})
        measured["robustness"] = float(np.mean(errors < before))
    return measured


def _errors(fixed_points, points, name, size, pixel_size):
    points = np.asarray(points, np.float64)
    if points.shape != fixed_points.shape:
        raise ValueError(
            f"Expected {name} of the shape of fixed_points. "
            f"Received: {name}.shape={points.shape}, fixed_points.shape={fixed_points.shape}"
        )
    differences = points - fixed_points
    wrong = len(differences) - np.count_nonzero(np.all(np.isfinite(differences), axis=-1))
    if wrong:
        raise ValueError(
            f"Expected finite coordinates in {name} and fixed_points. Received: {wrong} pairs with NaN or infinite ones"
        )
    pixels = np.linalg.norm(differences, axis=-1)
    lengths = pixels if pixel_size is None else np.linalg.norm(differences * pixel_size, axis=-1)
    return lengths, pixels / np.linalg.norm(size)


def _per_axis(values, rank, name):
    array = np.asarray(values, np.float64)
    if array.shape != (rank,) or not np.all(np.isfinite(array)) or np.any(array <= 0):
        raise ValueError(f"Expected {rank} positive numbers. Received: {name}={values}")
    return array


def _summary(name, values):
    statistics = {"mean": np.mean, "median": np.median, "p90": lambda each: np.percentile(each, 90), "max": np.max}
    return {f"{name}_{statistic}": float(reduce(values)) for statistic, reduce in statistics.items()}
