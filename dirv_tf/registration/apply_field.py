"""Apply a flow field to what belongs to the moving image: other images, label maps, landmarks."""

from __future__ import annotations

import warnings

import numpy as np

from dirv_tf import geometry
from dirv_tf.registration.block_warping import warp_in_blocks

# Far below the distance at which two people place the same landmark; above it, the field has no inverse there.
_LARGEST_RESIDUAL = 0.05


def apply_to_image(image, flow_field):
    """Warp an image with linear interpolation.

    Parameters
    ----------
    image : array_like, shape (n_1, ..., n_r) or (n_1, ..., n_r, C)
        On the moving image's pixels; channels are warped alike.
    flow_field : array_like, shape (n_1, ..., n_r, r), pixels
        Backward, array-axis order.

    Returns
    -------
    ndarray, shape and dtype of `image`
        Integers are rounded.

    Raises
    ------
    ValueError
        When the sizes differ.
    """
    image, flow_field = np.asarray(image), np.asarray(flow_field, np.float32)
    if not _check(image, flow_field):
        return warp_in_blocks(image, flow_field)
    return np.stack([warp_in_blocks(channel, flow_field) for channel in np.moveaxis(image, -1, 0)], axis=-1)


def apply_to_labels(labels, flow_field):
    """Warp a label map by nearest neighbor, so that no label arises that was not there.

    Parameters
    ----------
    labels : array_like of int, shape (n_1, ..., n_r)
        On the moving image's pixels.
    flow_field : array_like, shape (n_1, ..., n_r, r), pixels

    Returns
    -------
    ndarray, shape and dtype of `labels`

    Raises
    ------
    ValueError
        When the sizes differ or the labels are no integers.
    """
    labels, flow_field = np.asarray(labels), np.asarray(flow_field, np.float32)
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"Expected a label map of integers. Received: labels.dtype={labels.dtype}")
    if _check(labels, flow_field):
        raise ValueError(f"Expected a label map without channels. Received: labels.shape={labels.shape}")
    return geometry.warp_labels(labels[np.newaxis, ..., np.newaxis], flow_field[np.newaxis]).numpy()[0, ..., 0]


def apply_to_landmarks(landmarks, flow_field, inverse=False):
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

    Returns
    -------
    Landmarks

    Raises
    ------
    ValueError
        When a landmark lies outside the image or has another number of coordinates than the field has axes.

    Warns
    -----
    UserWarning
        When no place was found for a landmark, because the field cannot be inverted there.
    """
    flow_field = np.asarray(flow_field, np.float32)
    check_inside(landmarks, flow_field.shape[:-1])
    points = np.asarray(landmarks.points, np.float32)[np.newaxis]
    if inverse:
        return type(landmarks)(landmarks.names, geometry.warp_points(points, flow_field[np.newaxis]).numpy()[0])
    carried, residuals = geometry.warp_points_inverse(points, flow_field[np.newaxis])
    uncertain = [name for name, far in zip(landmarks.names, residuals.numpy()[0] > _LARGEST_RESIDUAL) if far]
    if uncertain:
        warnings.warn(
            f"The field has no inverse where {len(uncertain)} of {len(landmarks.names)} landmarks should go, so that "
            f"their places are uncertain: {', '.join(uncertain[:5])}{' …' * (len(uncertain) > 5)}.",
            stacklevel=2,
        )
    return type(landmarks)(landmarks.names, carried.numpy()[0])


def check_inside(landmarks, size):
    """Raise a ValueError unless all landmarks have a coordinate per axis and lie inside an image.

    Parameters
    ----------
    landmarks : Landmarks
    size : tuple of int
        Pixels per axis.
    """
    points = np.asarray(landmarks.points)
    if points.shape[-1] != len(size):
        raise ValueError(
            f"Expected landmarks with {len(size)} coordinates, as many as the field has axes. "
            f"Received: landmarks with {points.shape[-1]}"
        )
    outside = ((points < -0.5) | (points > np.asarray(size) - 0.5)).any(axis=-1)
    if outside.any():
        index = int(np.argmax(outside))
        place = ", ".join(f"{coordinate:g}" for coordinate in points[index])
        raise ValueError(
            f"Expected landmarks inside the image of {' x '.join(map(str, size))} pixels. Received: {outside.sum()} "
            f"outside, first {landmarks.names[index]!r} at ({place}) in array-axis order"
        )


def _check(image, flow_field):
    """Whether the image has channels; a ValueError where its size is not the field's."""
    rank = flow_field.shape[-1]
    if flow_field.ndim != rank + 1 or image.ndim not in (rank, rank + 1) or image.shape[:rank] != flow_field.shape[:-1]:
        raise ValueError(
            f"Expected an image of the field's size, {' x '.join(map(str, flow_field.shape[:-1]))}. "
            f"Received: image.shape={image.shape}, flow_field.shape={flow_field.shape}"
        )
    return image.ndim > rank
