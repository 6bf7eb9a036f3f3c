"""Apply a flow field to what belongs to the moving image: other images, label maps, landmarks."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import ndimage

from dirv_tf import geometry
from dirv_tf.io import Landmarks, SlideLevel
from dirv_tf.registration.maps.linear_map import LinearMap

# Coordinates and samples of a block in double precision: about 100 MB.
_BLOCK_PIXELS = 2**21
# Far below the distance at which two people place the same landmark; above it, the field has no inverse there.
_LARGEST_RESIDUAL = 0.05


def apply_to_image(image: Any, flow_field: Any, moving_size: Sequence[int] | None = None) -> np.ndarray:
    """Warp an image with linear interpolation.

    Parameters
    ----------
    image : array_like, shape (m_1, ..., m_r) or (m_1, ..., m_r, C)
        On the moving image's pixels; channels are warped alike.
    flow_field : array_like, shape (n_1, ..., n_r, r), pixels
        Backward, array-axis order, on the fixed image's pixels.
    moving_size : sequence of int, length r, optional
        Pixels per axis of the moving image that was registered; an image of another size is refused. Default: any size
        is taken.

    Returns
    -------
    ndarray, shape (n_1, ..., n_r) or (n_1, ..., n_r, C), dtype of `image`
        Integers are rounded.

    Raises
    ------
    ValueError
        When the ranks differ, or the image does not have the size of the moving one.
    """
    image, flow_field = np.asarray(image), np.asarray(flow_field, np.float32)
    if not _check(image, flow_field, moving_size):
        return warp_in_blocks(image, flow_field)
    return np.stack([warp_in_blocks(channel, flow_field) for channel in np.moveaxis(image, -1, 0)], axis=-1)


def apply_to_labels(labels: Any, flow_field: Any, moving_size: Sequence[int] | None = None) -> np.ndarray:
    """Warp a label map by nearest neighbor, so that no label arises that was not there.

    Parameters
    ----------
    labels : array_like of int, shape (m_1, ..., m_r)
        On the moving image's pixels.
    flow_field : array_like, shape (n_1, ..., n_r, r), pixels
    moving_size : sequence of int, length r, optional
        As of `apply_to_image`.

    Returns
    -------
    ndarray, shape (n_1, ..., n_r), dtype of `labels`

    Raises
    ------
    ValueError
        As `apply_to_image`, and when the labels are no integers.
    """
    labels, flow_field = np.asarray(labels), np.asarray(flow_field, np.float32)
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"Expected a label map of integers. Received: labels.dtype={labels.dtype}")
    if _check(labels, flow_field, moving_size):
        raise ValueError(f"Expected a label map without channels. Received: labels.shape={labels.shape}")
    return geometry.warp_labels(labels[np.newaxis, ..., np.newaxis], flow_field[np.newaxis]).numpy()[0, ..., 0]


def apply_to_landmarks(
    landmarks: Landmarks,
    flow_field: Any,
    inverse: bool = False,
    moving_size: Sequence[int] | None = None,
    levels: tuple[SlideLevel | None, SlideLevel | None] = (None, None),
) -> Landmarks:
    """Carry landmarks of the moving image along with it, to where their content lies in the registered image.

    A backward field says for every pixel of the fixed image where its content comes from; the landmarks therefore go
    through its inverse, which is solved for every point.

    Parameters
    ----------
    landmarks : Landmarks
        In the moving image (of the fixed image where `inverse` is true), pixels.
    flow_field : array_like, shape (n_1, ..., n_r, r), pixels
    inverse : bool
        Whether to go the other way, from the fixed to the moving image.
    moving_size : sequence of int, length r, optional
        Pixels per axis of the moving image; its landmarks must lie inside. Default: not checked.
    levels : pair of (SlideLevel or None)
        At which the fixed and the moving image were registered, where they are slides. Landmarks count pixels of full
        resolution, before and after, whatever the level.

    Returns
    -------
    Landmarks

    Raises
    ------
    ValueError
        When a landmark lies outside its image or has another number of coordinates than the field has axes.

    Warns
    -----
    UserWarning
        When no place was found for a landmark, because the field cannot be inverted there.
    """
    flow_field = np.asarray(flow_field, np.float32)
    before, after = levels if inverse else levels[::-1]
    size = flow_field.shape[:-1] if inverse else moving_size
    check_inside(landmarks, size if before is None else before.full_size, flow_field.shape[-1])
    points = landmarks.points if before is None else before.from_full(landmarks.points)
    points = np.asarray(points, np.float32)[np.newaxis]
    if inverse:
        found = geometry.warp_points(points, flow_field[np.newaxis]).numpy()[0]
        return type(landmarks)(landmarks.names, found if after is None else after.to_full(found))
    start = _nearly_there(points, flow_field)
    carried, residuals = geometry.warp_points_inverse(points, flow_field[np.newaxis], start=start)
    uncertain = [name for name, far in zip(landmarks.names, residuals.numpy()[0] > _LARGEST_RESIDUAL) if far]
    if uncertain:
        warnings.warn(
            f"The field has no inverse where {len(uncertain)} of {len(landmarks.names)} landmarks should go, so that "
            f"their places are uncertain: {', '.join(uncertain[:5])}{' …' * (len(uncertain) > 5)}.",
            stacklevel=2,
        )
    found = carried.numpy()[0]
    return type(landmarks)(landmarks.names, found if after is None else after.to_full(found))


def check_inside(landmarks, size, rank):
    """Raise a ValueError unless all landmarks have a coordinate per axis and lie inside an image.

    Parameters
    ----------
    landmarks : Landmarks
    size : sequence of int, length r, or None
        Pixels per axis, where they are known.
    rank : int
        Number of axes r.
    """
    points = np.asarray(landmarks.points)
    if points.shape[-1] != rank:
        raise ValueError(
            f"Expected landmarks with {rank} coordinates, as many as the field has axes. "
            f"Received: landmarks with {points.shape[-1]}"
        )
    if size is None:
        return
    outside = ((points < -0.5) | (points > np.asarray(size) - 0.5)).any(axis=-1)
    if outside.any():
        index = int(np.argmax(outside))
        place = ", ".join(f"{coordinate:g}" for coordinate in points[index])
        raise ValueError(
            f"Expected landmarks inside the image of {' x '.join(map(str, size))} pixels. Received: {outside.sum()} "
            f"outside, first {landmarks.names[index]!r} at ({place}) in array-axis order"
        )


def _nearly_there(points, flow_field):
    """Where the affine map nearest to the field puts points of the moving image."""
    nearest = LinearMap.nearest(flow_field)
    # Also of a map that presses the image flat.
    found = (points - nearest.translation) @ np.linalg.pinv(nearest.matrix).T
    return np.clip(found, 0, np.array(flow_field.shape[:-1]) - 1).astype(np.float32)


def _check(image, flow_field, moving_size):
    """Whether the image has channels; a ValueError where it is not one that the field can warp."""
    rank = flow_field.shape[-1]
    if flow_field.ndim != rank + 1 or image.ndim not in (rank, rank + 1):
        raise ValueError(
            f"Expected an image of the field's {rank} axes, with at most one more for channels. "
            f"Received: image.shape={image.shape}, flow_field.shape={flow_field.shape}"
        )
    if moving_size is not None and image.shape[:rank] != tuple(moving_size):
        raise ValueError(
            f"Expected an image of the moving image's size, {' x '.join(map(str, moving_size))}. "
            f"Received: image.shape={image.shape}"
        )
    return image.ndim > rank


def warp_in_blocks(image, flow_field):
    """Warp an image backward: ``warped[p] = image(p + flow_field[p])``, linear, clamped to the border.

    As `dirv_tf.geometry.warp_image`, but in double precision, whatever the dtype, and with little memory beside the
    image, the field and the result, however large they are.

    Parameters
    ----------
    image : ndarray of real numbers, shape (m_1, ..., m_r)
    flow_field : ndarray, shape (n_1, ..., n_r, r), pixels
        Backward, array-axis order; it may have another size.

    Returns
    -------
    ndarray, shape (n_1, ..., n_r), dtype of `image`
        Integers are rounded.
    """
    warped, source = np.empty(flow_field.shape[:-1], image.dtype), _sampled_by_scipy(image)
    rows = max(1, _BLOCK_PIXELS // max(1, int(np.prod(warped.shape[1:]))))
    for first in range(0, len(warped), rows):
        field = np.moveaxis(flow_field[first : first + rows], -1, 0)
        coordinates = np.indices(field.shape[1:], np.float64) + field
        coordinates[0] += first
        warped[first : first + rows] = _rounded(_linear(source, coordinates), image.dtype)
    return warped


def sample_linear(image, coordinates):
    """Sample an image between its pixels: linear, clamped to the border, computed in double precision.

    Parameters
    ----------
    image : ndarray of real numbers, shape (m_1, ..., m_r)
    coordinates : ndarray, shape (r, ...), pixels

    Returns
    -------
    ndarray, shape (...), dtype of `image`
        Integers are rounded.
    """
    return _rounded(_linear(_sampled_by_scipy(image), coordinates), image.dtype)


def _sampled_by_scipy(image):
    # SciPy knows no half precision.
    return image.astype(np.float32) if image.dtype == np.float16 else image


def _linear(image, coordinates):
    return ndimage.map_coordinates(image, coordinates, np.float64, order=1, mode="nearest")


def _rounded(values, dtype):
    return (np.rint(values) if np.issubdtype(dtype, np.integer) else values).astype(dtype)
