"""Inversion of flow fields: from the map of a registration to the one that leads back."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dirv_tf import geometry
from dirv_tf.registration.maps.field_composition import blocks_of_pixels, checked_field, mapped
from dirv_tf.registration.maps.inverse_search import search_places
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.validation import image_size

# Two places of the fixed image that are no further apart are one, in pixels.
_SAME_PLACE = 0.5


@dataclass(frozen=True, eq=False)
class InverseField:
    """The inverse of a flow field, and where there is none.

    Attributes
    ----------
    flow_field : ndarray of float32, shape (m_1, ..., m_r, r), pixels
        On the pixels of the moving image, backward like every other: pixel ``q`` of the moving image lies at
        ``q + flow_field(q)`` in the fixed one. Finite everywhere. Beyond the border of the fixed image the linear part
        of the map goes on; where the map folds it is one of several places.
    has_inverse : ndarray of bool, shape (m_1, ..., m_r)
        Pixels of the moving image that lie at exactly one place of the fixed one.
    outside_percent : float
        Pixels of the moving image that lie beyond the border of the fixed one.
    folded_percent : float
        Pixels of the moving image that several places of the fixed one map to, because the field folds, or whose place
        was not found.
    residual_mean, residual_max : float
        Distance in pixels from a pixel of the moving image to where the map takes the place found for it, over the
        pixels that have an inverse: how well the equation is solved. NaN where there are none.
    round_trip_mean, round_trip_max : float
        Distance from a pixel of the fixed image, to the moving image and back, in pixels, over those whose place
        there has an inverse: what is lost by keeping the inverse on a grid. NaN where there are none.
    """

    flow_field: np.ndarray
    has_inverse: np.ndarray
    outside_percent: float
    folded_percent: float
    residual_mean: float
    residual_max: float
    round_trip_mean: float
    round_trip_max: float

    @property
    def without_inverse_percent(self) -> float:
        """Pixels of the moving image without an inverse."""
        return self.outside_percent + self.folded_percent


def invert_field(
    flow_field: Any,
    moving_size: Sequence[int] | None = None,
    linear: LinearMap | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> InverseField:
    """Find where each pixel of the moving image lies in the fixed one.

    The equation ``y + flow_field(y) = q`` is solved for every pixel ``q`` of the moving image. The linear part is
    inverted exactly; what the map is beyond it by the fixed-point iteration, from a pixel that maps next to ``q``, and
    by damped Newton steps (`dirv_tf.geometry.warp_points_inverse`) where that does not suffice. It is done in blocks:
    memory is needed for the field, its inverse, and once more the field.

    Parameters
    ----------
    flow_field : array_like, shape (n_1, ..., n_r, r), pixels
        Backward: pixel ``p`` of the fixed image lies at ``p + flow_field(p)`` in the moving one.
    moving_size : sequence of int, length r, optional
        Pixels per axis of the moving image. Default: those of the fixed one.
    linear : LinearMap, optional
        The linear part of the map. Default: the affine map nearest to the field.
    progress : callable, optional
        Called with the number of pixels of the moving image found and of all of them.

    Returns
    -------
    InverseField

    Raises
    ------
    ValueError
        When the field is none or not finite, the size has another rank, or the linear part presses the image flat.

    References
    ----------
    Chen et al., "A simple fixed-point approach to invert a deformation field", Medical Physics 35, 2008. Where that
    iteration does not converge, as on steep fields, the damped steps take over.

    Examples
    --------
    >>> import numpy as np
    >>> from dirv_tf.registration import invert_field
    >>> inverse = invert_field(np.full((16, 16, 2), 2.0), moving_size=(18, 20))
    >>> inverse.flow_field.shape, inverse.flow_field[5, 5].tolist()
    ((18, 20, 2), [-2.0, -2.0])
    >>> inverse.has_inverse[:4, 5].tolist()  # no pixel of the fixed image shows the first two rows
    [False, False, True, True]
    """
    field = checked_field(flow_field, "flow_field")
    size, rank = field.shape[:-1], field.shape[-1]
    moving_size = size if moving_size is None else image_size()("moving_size", tuple(moving_size))
    if len(moving_size) != rank:
        raise ValueError(f"Expected a size of {rank} axes, as the field has. Received: moving_size={moving_size}")
    linear = LinearMap.nearest(field) if linear is None else linear
    if not linear.is_invertible:
        raise ValueError(
            "Expected a map whose linear part can be inverted. Received: a linear part that presses the image flat, "
            f"with the matrix {linear.matrix.round(4).tolist()}"
        )
    # First the places, then in the same memory the displacements to them.
    inverse, has_inverse = search_places(field, linear, moving_size, progress)
    outside = 0
    for rows, places in blocks_of_pixels(moving_size):
        found = inverse[rows]
        inside = ((found >= -0.5) & (found <= np.array(size) - 0.5)).all(axis=-1)
        outside += int((~inside).sum())
        has_inverse[rows] &= inside
        inverse[rows] = found - places
    # The moving image may be the coarser one, whose pixels hold less.
    tolerance = _SAME_PLACE * max(1.0, float(np.linalg.norm(linear.inverse().matrix, 2)))
    orientation = np.sign(np.linalg.det(linear.matrix))
    # First the round trip, which strikes pixels under a fold.
    round_trip = _mean_and_largest(_round_trip(field, inverse, has_inverse, tolerance, orientation))
    percent = 100.0 / has_inverse.size
    folded = has_inverse.size - int(has_inverse.sum()) - outside
    residual = _mean_and_largest(_residual(field, inverse, has_inverse, linear))
    return InverseField(inverse, has_inverse, percent * outside, percent * folded, *residual, *round_trip)


def _residual(field, inverse, has_inverse, linear):
    """Follow each moving pixel that has an inverse to the fixed image and back: yield the distances."""
    for rows, pixels in blocks_of_pixels(inverse.shape[:-1]):
        known = has_inverse[rows]
        pixels, found = pixels[known], (pixels + inverse[rows])[known]
        yield np.linalg.norm(mapped(found, field, linear) - pixels, axis=-1)


def _round_trip(field, inverse, has_inverse, tolerance, orientation):
    """Follow each fixed pixel to the moving image and back: yield the distances.

    Where that leads elsewhere, or the map is turned over, several places of the fixed image share one of the moving
    image. The pixels of the moving image around it are struck from `has_inverse`, and the distance does not count.
    """
    rank, last = field.shape[-1], np.array(inverse.shape[:-1]) - 1
    for rows, places in blocks_of_pixels(field.shape[:-1]):
        targets = places + field[rows]
        within = ((targets >= 0) & (targets <= last)).all(axis=-1)
        is_turned = _is_turned(field, rows, orientation)[within]
        places, targets = places[within], targets[within]
        distances = np.linalg.norm(mapped(targets, inverse, LinearMap.identity(rank)) - places, axis=-1)
        # The pixels between which the inverse is interpolated.
        around = [
            tuple(rounded(targets[:, axis]).astype(np.int64) for axis, rounded in enumerate(corner))
            for corner in itertools.product((np.floor, np.ceil), repeat=rank)
        ]
        known = np.logical_and.reduce([has_inverse[corner] for corner in around])
        elsewhere = known & ((distances > tolerance) | is_turned)
        for corner in around:
            has_inverse[tuple(along[elsewhere] for along in corner)] = False
        yield distances[known & ~elsewhere]


def _mean_and_largest(parts):
    """Return the mean and the largest of distances that come in parts; NaN of none."""
    total, count, largest = 0.0, 0, np.nan
    for distances in parts:
        if distances.size:
            total, count, largest = total + distances.sum(), count + distances.size, np.fmax(largest, distances.max())
    return (float(total / count), float(largest)) if count else (np.nan, np.nan)


def _is_turned(field, rows, orientation):
    """Whether the map turns the pixels of some rows over, against its linear part: inside a fold."""
    # Central differences look one row beyond these.
    first = max(0, rows.start - 1)
    with geometry.for_any_shape():
        determinant = geometry.jacobian_determinant(field[np.newaxis, first : rows.stop + 1])[0].numpy()
    return orientation * determinant[rows.start - first :][: rows.stop - rows.start] <= 0
