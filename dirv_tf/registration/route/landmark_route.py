"""A pair registered from its landmarks on: they say where it lies, and stay a term of the optimization."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
from scipy.interpolate import RBFInterpolator

from dirv_tf.io import ImageGeometry, Landmarks, match_landmarks, read_landmarks
from dirv_tf.io.slide_pyramids import SlideLevel, full_geometry
from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.maps.apply_field import check_inside
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.optimization.control_grid import ControlGrid
from dirv_tf.registration.optimization.landmark_term import checked_landmarks, steps_at
from dirv_tf.registration.optimization.multi_resolution import register_multi_resolution
from dirv_tf.registration.optimization.pair_optimization import optimized
from dirv_tf.registration.optimization.warped_pair import positions
from dirv_tf.registration.route.intensity_trial import SAME_CONTRAST, contrast_distance

# Pixels from one place to the next at which what is not linear is interpolated between landmarks.
_SPACING = 8
# A set of points whose spread along one direction is a smaller share of that along another says nothing about it.
_FLAT = 0.05


# What `register` may be told beside landmarks, of the options that say where the pair lies or are for a network.
_BESIDE = {"model": (None,), "refine": (False,), "tile": (None,), "align": (None, "auto"), "optimize": (None, True)}


def check_beside_landmarks(**options: Any) -> None:
    """Raise a ValueError for options of `register` that landmarks leave without effect."""
    wrong = {
        name: value for name, value in options.items() if not (value is None or isinstance(value, (str, bool)))
        or value not in _BESIDE[name]
    }
    if wrong:
        raise ValueError(
            f"Expected no {', '.join(_BESIDE)} beside landmarks: these say where the pair lies, and its field is "
            f"optimized without a network. Received: {', '.join(f'{name}={value!r}' for name, value in wrong.items())}"
        )


def given_landmarks(
    landmarks: Any,
    sizes: Sequence[tuple[int, ...]],
    geometries: Sequence[ImageGeometry],
    levels: Sequence[SlideLevel | None] = (None, None),
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return landmarks as `register` takes them as arrays of pixels; None where there are none.

    Parameters
    ----------
    landmarks : pair of array_like of shape (n, r), of Landmarks, or of paths; or None
        Of the fixed and of the moving image. Equal rows correspond, or those with equal names.
    sizes : pair of tuple of int
        Of the images that are registered, pixels.
    geometries : pair of ImageGeometry
        Of the images, for files that count in millimeters.
    levels : pair of (SlideLevel or None)
        Of slides: the level that is registered; the landmarks count pixels of full resolution.

    Returns
    -------
    pair of ndarray of float64, shape (n, r); or None

    Raises
    ------
    FileNotFoundError
        For a file that is not there.
    ValueError
        If there are no two sets of landmarks that correspond, or one lies outside its image.
    """
    if landmarks is None:
        return None
    if not isinstance(landmarks, (tuple, list)) or len(landmarks) != 2:
        raise ValueError(f"`landmarks` must be a pair (fixed, moving). Received: {type(landmarks).__name__}")
    rank = len(sizes[0])
    read = [
        read_landmarks(each, rank, full_geometry(geometry, level)) if isinstance(each, (str, os.PathLike)) else each
        for each, geometry, level in zip(landmarks, geometries, levels)
    ]
    named = [isinstance(each, Landmarks) for each in read]
    if any(named) and not all(named):
        kinds = ", ".join(type(each).__name__ for each in landmarks)
        raise ValueError(f"`landmarks` must be both arrays, or both have names as files do. Received: {kinds}")
    if all(named):
        matched = match_landmarks(*read)
        names, read = matched.names, [matched.fixed_points, matched.moving_points]
    else:
        names = None
    points = cast("tuple[np.ndarray, np.ndarray]", checked_landmarks(read, rank))
    names = names or tuple(f"row {number}" for number in range(len(points[0])))
    for each, size, level in zip(points, sizes, levels):
        check_inside(Landmarks(names, each), size if level is None else level.full_size, rank)
    fixed, moving = (each if level is None else level.from_full(each) for each, level in zip(points, levels))
    return fixed, moving


def registered_from_landmarks(pair: Pair, similarity: str, effort: str) -> tuple[LinearMap, Found]:
    """Register a pair that has landmarks.

    The start is a linear map by the landmarks, translation, rotation or affine as their number allows, and a smooth
    field through what that leaves. From there on the images are compared, and the landmarks are a term of the energy.

    Parameters
    ----------
    pair : Pair
        With landmarks; its linear map is what is known of the places of its images.
    similarity : {"auto", "mse", "ncc", "lncc", "mind"}
        "auto": intensities where those of both images are distributed alike, else local structure.
    effort : {"fast", "default", "best"}

    Returns
    -------
    tuple of (LinearMap, Found)
        The linear part and the whole map.
    """
    fixed_points, moving_points = cast("tuple[np.ndarray, np.ndarray]", pair.landmarks)
    initial = pair.linear
    linear = linear_by_landmarks(initial, fixed_points, moving_points)
    pair = replace(pair, linear=linear)
    start = smooth_through_landmarks(linear, fixed_points, moving_points, pair.fixed.shape)
    counted = pair.support(start)
    if not counted.any():
        raise ValueError(
            "Expected landmarks that bring a part of the fixed image into the moving one. "
            f"Received: {len(fixed_points)} landmarks that leave none"
        )
    if similarity == "auto":
        alike = contrast_distance(pair.fixed[counted], pair.warped(start)[counted]) <= SAME_CONTRAST
        similarity = "mse" if alike else "lncc"
    field = register_multi_resolution(
        pair.fixed, pair.moving, start, similarity, effort,
        mask=pair.mask, moving_mask=pair.moving_mask, landmarks=pair.landmarks,
    )
    found = Found(field, f"landmarks, then optimization from coarse to fine ({similarity})")
    if similarity == "mse":
        found = optimized(pair, found, similarity, effort)
    before, aligned = (
        np.linalg.norm(each.applied(fixed_points) - moving_points, axis=-1).mean() for each in (initial, linear)
    )
    after = distances(found.flow_field, fixed_points, moving_points).mean()
    note = (
        f"{len(fixed_points)} landmark{'s' * (len(fixed_points) > 1)}: mean distance {before:.2f} px, {aligned:.2f} px "
        f"after their linear map, {after:.2f} px after the registration"
    )
    return linear, replace(found, notes=(*found.notes, note))


def distances(flow_field: np.ndarray, fixed_points: np.ndarray, moving_points: np.ndarray) -> np.ndarray:
    """Return how far a field (n_1, ..., n_r, r) takes landmarks from their partners: shape (n,), pixels."""
    return np.linalg.norm(fixed_points + steps_at(flow_field, fixed_points) - moving_points, axis=-1)


def linear_by_landmarks(initial: LinearMap, fixed_points: np.ndarray, moving_points: np.ndarray) -> LinearMap:
    """Return the linear map by landmarks, in the sense of squares.

    Parameters
    ----------
    initial : LinearMap
        What is known of the places of the images.
    fixed_points, moving_points : ndarray, shape (n, r), pixels

    Returns
    -------
    LinearMap
        `initial` and then, by the number of landmarks: a translation of fewer than r, or where they lie in one place
        or, in 3D, on one line; a rotation and translation of fewer than 2 r + 2, or where they lie flat; else an affine
        map.
    """
    before = initial.applied(fixed_points)
    rank, centers = before.shape[1], (before.mean(axis=0), moving_points.mean(axis=0))
    one, two = before - centers[0], moving_points - centers[1]
    spread = np.linalg.svd(one, compute_uv=False)
    spread = np.concatenate([spread, np.zeros(rank - len(spread))])
    if len(before) >= 2 * rank + 2 and spread[-1] > _FLAT * spread[0]:
        matrix = np.linalg.lstsq(one, two, rcond=None)[0].T
        if not LinearMap(matrix, centers[1]).is_invertible or np.linalg.det(matrix) <= 0:
            matrix = _rotation(one, two)
    elif len(before) >= rank and spread[-2] > _FLAT * spread[0] > 0:
        matrix = _rotation(one, two)
    else:
        matrix = np.eye(rank)
    return LinearMap(matrix, centers[1] - matrix @ centers[0]).after(initial)


def _rotation(one, two):
    """Return the rotation nearest to a map of centered points (Kabsch)."""
    left, _, right = np.linalg.svd(two.T @ one)
    signs = np.ones(len(left))
    signs[-1] = np.sign(np.linalg.det(left @ right))
    return (left * signs) @ right


def smooth_through_landmarks(
    linear: LinearMap, fixed_points: np.ndarray, moving_points: np.ndarray, size: tuple[int, ...]
) -> np.ndarray:
    """Return a field that is the linear map and a smooth interpolation of what that leaves at the landmarks.

    Thin-plate splines where there are enough landmarks for their affine part, else what grows with the distance.

    Parameters
    ----------
    linear : LinearMap
    fixed_points, moving_points : ndarray, shape (n, r), pixels
    size : tuple of int, length r

    Returns
    -------
    ndarray of float32, shape (n_1, ..., n_r, r), pixels
    """
    left = moving_points - linear.applied(fixed_points)
    # Landmarks at one place would have no solution.
    places, rows = np.unique(np.round(fixed_points, 3), axis=0, return_inverse=True)
    sums = np.zeros_like(places)
    np.add.at(sums, rows.ravel(), left)
    values = sums / np.bincount(rows.ravel())[:, None]
    spread = np.linalg.svd(places - places.mean(axis=0), compute_uv=False)
    plates = len(places) > len(size) and spread[-1] > _FLAT * spread[0]
    kernel, degree = ("thin_plate_spline", 1) if plates else ("linear", 0)
    interpolated = RBFInterpolator(places, values, kernel=kernel, degree=degree)
    grid = ControlGrid(size, (_SPACING,) * len(size))
    points = np.moveaxis(positions(grid.shape) * np.float32(_SPACING), 0, -1)
    beyond = interpolated(points.reshape(-1, len(size))).reshape(points.shape)
    added = grid.interpolate(np.ascontiguousarray(np.moveaxis(beyond, -1, 0), np.float32))
    return linear.flow_field(size) + np.moveaxis(added, 0, -1)
