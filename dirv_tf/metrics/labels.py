"""How well two label images agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

PERCENTILE = 95


def label_overlap(
    fixed_labels: ArrayLike, warped_labels: ArrayLike, pixel_size: Sequence[float] | None = None
) -> dict[str, dict[int, float] | float]:
    """Return Dice coefficients and 95 % Hausdorff distances of all labels but 0.

    Parameters
    ----------
    fixed_labels : array_like of int or bool, shape (n_1, ..., n_r)
        Labels of the fixed image.
    warped_labels : array_like of int or bool, same shape
        Labels of the moving image, warped onto the fixed one (`dirv_tf.geometry.warp_labels`).
    pixel_size : sequence of float, length r, optional
        In mm, array-axis order; with it distances are in mm, else in pixels.

    Returns
    -------
    dict
        ``dice`` and ``hd95``: dict of float by label, for every label of either image; ``dice_mean``, ``hd95_mean``.
        A label that one image lacks has Dice 0, which counts in the mean, and no distance (NaN), which does not;
        ``hd95_mean`` is NaN where no label is in both.

    Raises
    ------
    ValueError
        If the shapes differ, the labels are not integers or all 0, or the pixel size does not fit.

    Notes
    -----
    HD95 is the larger of the two 95th percentiles (linear between ranks) of the distances from the surface of one shape
    to the surface of the other. The surface consists of the pixels that have a neighbor along an axis outside the
    shape or the image. Learn2Reg's measure is the same over surface elements that lie between the pixels.

    Examples
    --------
    >>> import numpy as np
    >>> from dirv_tf import metrics
    >>> labels = np.kron([[1, 0], [0, 2]], np.ones((4, 4), int))
    >>> metrics.label_overlap(labels, np.roll(labels, 1, axis=0))["dice"]
    {1: 0.75, 2: 0.75}
    """
    fixed_labels, warped_labels = np.asarray(fixed_labels), np.asarray(warped_labels)
    kinds = {fixed_labels.dtype.kind, warped_labels.dtype.kind}
    if fixed_labels.shape != warped_labels.shape or fixed_labels.ndim not in (2, 3) or not kinds <= set("iub"):
        raise ValueError(
            "Expected two 2D or 3D images of integer labels of one shape. "
            f"Received: fixed_labels of shape {fixed_labels.shape} and dtype {fixed_labels.dtype}, "
            f"warped_labels of shape {warped_labels.shape} and dtype {warped_labels.dtype}"
        )
    steps = np.ones(fixed_labels.ndim) if pixel_size is None else np.asarray(pixel_size, np.float64)
    if steps.shape != (fixed_labels.ndim,) or not np.all(np.isfinite(steps)) or np.any(steps <= 0):
        raise ValueError(f"Expected {fixed_labels.ndim} positive numbers. Received: pixel_size={pixel_size}")
    labels = sorted(({*np.unique(fixed_labels).tolist()} | {*np.unique(warped_labels).tolist()}) - {0})
    if not labels:
        raise ValueError("Expected at least one label other than 0. Received: fixed_labels and warped_labels of zeros")
    dice, distances = {}, {}
    for label in labels:
        fixed, warped = _cropped(fixed_labels == label, warped_labels == label)
        dice[int(label)] = float(2 * np.count_nonzero(fixed & warped) / (fixed.sum() + warped.sum()))
        distances[int(label)] = _hausdorff_distance(fixed, warped, steps)
    known = [distance for distance in distances.values() if not np.isnan(distance)]
    return {
        "dice": dice,
        "hd95": distances,
        "dice_mean": float(np.mean(list(dice.values()))),
        "hd95_mean": float(np.mean(known)) if known else float("nan"),
    }


def _cropped(first, second):
    """Both masks within the box around either of them: small structures then cost little."""
    either = first | second
    box = []
    for axis in range(either.ndim):
        inside = np.flatnonzero(either.any(axis=tuple(other for other in range(either.ndim) if other != axis)))
        box.append(slice(inside[0], inside[-1] + 1))
    return first[tuple(box)], second[tuple(box)]


def _hausdorff_distance(first, second, pixel_size):
    from scipy.ndimage import binary_erosion, distance_transform_edt

    if not (first.any() and second.any()):
        return float("nan")
    surfaces = [mask & ~binary_erosion(mask) for mask in (first, second)]
    to_surface = [distance_transform_edt(~surface, sampling=pixel_size) for surface in surfaces]
    directed = [to_surface[1][surfaces[0]], to_surface[0][surfaces[1]]]
    return float(max(np.percentile(distances, PERCENTILE) for distances in directed))
