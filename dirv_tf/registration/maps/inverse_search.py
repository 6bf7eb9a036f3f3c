"""The search behind an inverse: for all pixels of the moving image at once, where they lie in the fixed one."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from scipy import ndimage

from dirv_tf import geometry
from dirv_tf.registration.maps.field_composition import blocks_of_pixels
from dirv_tf.registration.maps.linear_map import LinearMap

# Most pixels of a smooth field are found by the cheap fixed-point iteration, from a pixel that maps next to them. The
# others get more of it, then damped Newton steps, a few at a time, so that those that are found soon do not wait.
_FEW, _MORE, _DAMPED = 6, 10, 8
# What may be left of the equation, in pixels of the fixed image, before the next stage and at the end: far below what
# is seen, and above the rounding in large images.
_NEAR, _LARGEST = 1e-3, 0.01
# Points that are looked for at once.
_CHUNK = 2**19


def search_places(
    field: np.ndarray,
    linear: LinearMap,
    moving_size: tuple[int, ...],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Solve ``y + field(y) = q`` for each pixel ``q`` of the moving image.

    Parameters
    ----------
    field : ndarray of float32, shape (n_1, ..., n_r, r), pixels
    linear : LinearMap
        The linear part of the map, which can be inverted; beyond the border of the fixed image the map goes on by it.
    moving_size : tuple of int, length r
    progress : callable, optional
        Called with the number of pixels found and of all pixels.

    Returns
    -------
    tuple of ndarray: float32, shape (m_1, ..., m_r, r), and bool, shape (m_1, ..., m_r)
        The places ``y``, finite everywhere, and where they solve the equation to 0.01 pixels.
    """
    back = linear.inverse()
    places = _starts(field, moving_size)
    left = np.empty(moving_size, np.float32)
    report = progress or (lambda found, total: None)
    # A program of this very size would take longer to compile than to run.
    with geometry.for_any_shape():
        # y + field(y) = q means y + beyond(y) = back(q).
        beyond = tf.constant(_beyond(field, linear)[np.newaxis])
        found = 0
        for rows, pixels in blocks_of_pixels(moving_size):
            targets = back.applied(pixels).astype(np.float32)
            start = np.where(np.isnan(places[rows]), targets, places[rows])
            places[rows], left[rows] = _iterated(targets, beyond, start)
            found += int((left[rows] <= _NEAR).sum())
            report(found, left.size)
        missing = np.flatnonzero(left > _NEAR)
        start = places.reshape(-1, places.shape[-1])[missing]
        _go_on((_iterated_on, _stepped, _stepped), places, left, missing, start, back, beyond, report)
        solved = left <= _LARGEST
        if solved.any() and not solved.all():
            # Beside a fold, a search from afar ends in the fold, where the error has a minimum that is not zero: from
            # the place of the nearest pixel that was found, there is no fold on the way.
            missing = np.flatnonzero(~solved)
            nearest = ndimage.distance_transform_edt(~solved, return_distances=False, return_indices=True)
            start = places[tuple(along.ravel()[missing] for along in nearest)]
            del nearest
            _go_on((_stepped, _stepped), places, left, missing, start, back, beyond, report)
            solved = left <= _LARGEST
    report(left.size, left.size)
    return places, solved


def _beyond(field, linear):
    """Return the field beyond its linear part, in pixels of the fixed image; by rows, for the sake of memory."""
    if linear.is_identity:
        return field
    beyond = np.empty_like(field)
    back = linear.inverse()
    for rows, pixels in blocks_of_pixels(field.shape[:-1]):
        beyond[rows] = back.applied(pixels + field[rows]) - pixels
    return beyond


def _starts(field, moving_size):
    """Return for each pixel of the moving image a fixed pixel that maps next to it; NaN where none does."""
    starts = np.full((*moving_size, field.shape[-1]), np.nan, np.float32)
    for rows, pixels in blocks_of_pixels(field.shape[:-1]):
        targets = np.rint(pixels + field[rows])
        inside = ((targets >= 0) & (targets < moving_size)).all(axis=-1)
        starts[tuple(targets[inside].astype(np.int64).T)] = pixels[inside]
    return starts


def _go_on(stages, places, left, missing, start, back, beyond, report):
    """Look for missing pixels, given by their index, from a start of their own; write what is found in place."""
    shape = left.shape
    places, left = places.reshape(-1, len(shape)), left.reshape(-1)
    for search in stages:
        for first in range(0, len(missing), _CHUNK):
            chunk = slice(first, first + _CHUNK)
            targets = back.applied(np.column_stack(np.unravel_index(missing[chunk], shape))).astype(np.float32)
            start[chunk], left[missing[chunk]] = search(targets, beyond, start[chunk])
            places[missing[chunk]] = start[chunk]
        far = left[missing] > _NEAR
        missing, start = missing[far], start[far]
        report(left.size - len(missing), left.size)


def _iterated(targets, beyond, start, steps=_FEW):
    """Return the points ``y`` with ``y + beyond(y) = target``, shape (..., r), and what is left of the equation."""
    return _run(_fixed_point, targets, beyond, start, tf.constant(steps))


def _iterated_on(targets, beyond, start):
    return _iterated(targets, beyond, start, _MORE)


def _stepped(targets, beyond, start):
    return _run(_newton, targets, beyond, start)


def _run(graph, targets, beyond, start, *arguments):
    rank = targets.shape[-1]
    found, left = graph(rank)(targets.reshape(1, -1, rank), beyond, start.reshape(1, -1, rank), *arguments)
    return found.numpy().reshape(targets.shape), left.numpy().reshape(targets.shape[:-1])


# As graphs for all sizes: step by step, small operations take longer to start than to run.
@functools.cache
def _fixed_point(rank):
    @tf.function(input_signature=[*_signature(rank), tf.TensorSpec([], tf.int32)], autograph=False)
    def search(targets, beyond, start, steps):
        def onward(points, best, left):
            moved = targets - geometry.sample_linear(beyond, points)
            # The step is what is left of the equation. Where the iteration runs away, the best point is kept.
            length = tf.norm(moved - points, axis=-1)
            closer = length < left
            return moved, tf.where(closer[..., tf.newaxis], points, best), tf.where(closer, length, left)

        state = (start, start, tf.fill(tf.shape(start)[:-1], tf.float32.max))
        _, found, left = tf.while_loop(lambda *_: True, onward, state, maximum_iterations=steps + 1)
        return found, left

    return search


@functools.cache
def _newton(rank):
    @tf.function(input_signature=_signature(rank), autograph=False)
    def search(targets, beyond, start):
        return geometry.warp_points_inverse(targets, beyond, _DAMPED, start)

    return search


def _signature(rank):
    points, field = tf.TensorSpec([1, None, rank], tf.float32), tf.TensorSpec([1, *[None] * rank, rank], tf.float32)
    return [points, field, points]
