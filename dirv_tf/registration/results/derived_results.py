"""Results made from other results: the inverse of a registration, and one registration after another."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from dirv_tf.registration.images.given_image import to_spatial_array
from dirv_tf.registration.maps.apply_field import warp_in_blocks
from dirv_tf.registration.maps.field_composition import compose_fields
from dirv_tf.registration.maps.field_inversion import invert_field
from dirv_tf.registration.maps.linear_map import inside

if TYPE_CHECKING:
    from dirv_tf.registration.results.result import RegistrationResult

# Above this share of pixels, in percent, a fold speaks against an inverse: the same as for the field itself.
_FOLDED = 0.5


def inverse_of(result: RegistrationResult, progress: Callable[[int, int], None] | None = None) -> RegistrationResult:
    """Return the registration the other way, see `RegistrationResult.inverse`.

    Parameters
    ----------
    result : RegistrationResult
    progress : callable, optional

    Returns
    -------
    RegistrationResult
    """
    begun = time.perf_counter()
    found = invert_field(result.flow_field, to_spatial_array(result.moving, "moving")[0].shape, result.linear, progress)
    alignment = result.alignment
    if alignment is not None:
        # The search found this between the two images as the headers place them, now seen from the other one.
        back = result.initial.after(result.linear.inverse())
        alignment = dataclasses.replace(alignment, matrix=back.matrix, translation=back.translation)
    doubts = result.doubts
    if found.folded_percent > _FOLDED:
        doubts = (*doubts, f"{found.folded_percent:.1f} % of the pixels have no inverse because the map folds")
    return dataclasses.replace(
        result,
        registered=_warped(result.fixed, found.flow_field),
        flow_field=found.flow_field,
        displacement_field=_at_control_points(found.flow_field, result.spacing),
        fixed=result.moving,
        moving=result.fixed,
        model_name=f"inverse of {result.model_name}",
        seconds=time.perf_counter() - begun,
        fixed_geometry=result.moving_geometry,
        moving_geometry=result.fixed_geometry,
        fixed_path=result.moving_path,
        moving_path=result.fixed_path,
        choices=result.choices[::-1],
        levels=result.levels[::-1],
        intensity_ranges=_ranges(result)[::-1],
        notes=(f"the inverse of a map {_from_to(result)}", *inverse_lines(found)),
        rounds=1,
        initial=result.initial.inverse(),
        linear=result.linear.inverse(),
        alignment=alignment,
        doubts=doubts,
        has_inverse=found.has_inverse,
        standard_deviation=None,
        without_counterpart=None,
    )


def inverse_lines(found):
    """Say in words where a field has no inverse, and what the inverse on its grid loses.

    Parameters
    ----------
    found : InverseField

    Returns
    -------
    tuple of str
    """
    where = (
        f"no inverse: {found.without_inverse_percent:.1f} % of the pixels, {found.outside_percent:.1f} % outside the "
        f"other image and {found.folded_percent:.1f} % where the map folds"
    )
    if np.isnan(found.round_trip_max):
        return (where,)
    return (
        where,
        f"there and back: from the pixels of the inverse, where there is one, {found.residual_max:.4f} pixels from the "
        f"start at most; from those of the other image, which fall between them, {found.round_trip_mean:.3f} on "
        f"average, {found.round_trip_max:.3f} at most",
    )


def composition_of(first: RegistrationResult, second: RegistrationResult) -> RegistrationResult:
    """Return the map of two registrations one after the other, see `RegistrationResult.compose`.

    Parameters
    ----------
    first, second : RegistrationResult

    Returns
    -------
    RegistrationResult
    """
    begun = time.perf_counter()
    middle = to_spatial_array(first.moving, "moving")[0].shape
    check_meeting(
        middle, second.size, first.moving_geometry, second.fixed_geometry, (first.levels[1], second.levels[0])
    )
    field = compose_fields(first.flow_field, second.flow_field, second.linear)
    fixed_range, moving_range = _ranges(first)[0], _ranges(second)[1]
    return dataclasses.replace(
        first,
        registered=_warped(second.moving, field),
        flow_field=field,
        displacement_field=_at_control_points(field, first.spacing),
        moving=second.moving,
        model_name=f"{first.model_name}; then {second.model_name}",
        seconds=time.perf_counter() - begun,
        moving_geometry=second.moving_geometry,
        moving_path=second.moving_path,
        choices=(first.choices[0], second.choices[1]),
        levels=(first.levels[0], second.levels[1]),
        intensity_ranges=(fixed_range, moving_range),
        notes=(
            f"a map {_from_to(first)}, followed by one {_from_to(second)}", passing_line(first.flow_field, middle)
        ),
        rounds=1,
        initial=second.initial.after(first.initial),
        linear=second.linear.after(first.linear),
        alignment=None,
        doubts=tuple(
            f"{name} map: {warning}"
            for name, each in (("first", first), ("second", second))
            for warning in each.quality.warnings
        ),
        has_inverse=None,
        standard_deviation=None,
        without_counterpart=None,
    )


def check_meeting(
    first_size, second_size, first_geometry, second_geometry, levels, names=("the first", "the second")
):
    """Raise a ValueError unless a first map ends on the grid on which a second one begins.

    Parameters
    ----------
    first_size : tuple of int or None
        Of the moving image of the first; None where it is not known.
    second_size : tuple of int
        Of the fixed image of the second.
    first_geometry, second_geometry : ImageGeometry
    levels : pair of (SlideLevel or None)
        Of the moving image of the first, and of the fixed image of the second.
    names : pair of str
        Of the maps, for the message.
    """
    found = difference_of_grids((first_size, second_size), (first_geometry, second_geometry), levels)
    if found is not None:
        raise ValueError(
            f"Expected a map whose moving image is the fixed image of the next one. Received: in {names[0]} a moving "
            f"image of {found[0]}, in {names[1]} a fixed image of {found[1]}"
        )


def difference_of_grids(sizes, geometries, levels=None):
    """Say in words of what two images are that do not lie on one grid.

    Parameters
    ----------
    sizes : pair of (tuple of int or None)
        Pixels per axis; None where they are not known.
    geometries : pair of (ImageGeometry or None)
        None where it is not known.
    levels : pair of (SlideLevel or None), optional
        Of slides, where they are to be compared; None in the pair for an image that is no level of one.

    Returns
    -------
    pair of str, or None where everything that is known agrees
    """
    if None not in sizes and tuple(sizes[0]) != tuple(sizes[1]):
        return tuple(f"{' x '.join(map(str, size))} pixels" for size in sizes)
    if None not in geometries and not geometries[0].is_close(geometries[1]):
        return tuple(map(str, geometries))
    if levels is not None and levels[0] != levels[1]:
        return tuple("an image without levels" if level is None else str(level) for level in levels)
    return None


def passing_line(first_field, middle_size):
    """Say in words how much of a composed map passes outside the image in the middle.

    Parameters
    ----------
    first_field : ndarray, shape (n_1, ..., n_r, r), pixels
    middle_size : tuple of int, length r

    Returns
    -------
    str
    """
    outside = 100.0 * float(1 - inside(first_field, middle_size).mean())
    return f"{outside:.1f} % of the pixels pass outside the image in the middle, where the next map goes on linearly"


def _warped(image, flow_field):
    array, has_channel = to_spatial_array(image, "image")
    warped = warp_in_blocks(array, flow_field)
    return warped[..., np.newaxis] if has_channel else warped


def _at_control_points(flow_field, spacing):
    return flow_field[tuple(slice(None, None, step) for step in spacing)].copy()


def _ranges(result):
    return result.intensity_ranges


def _from_to(result):
    fixed, moving = result.fixed_path, result.moving_path
    return f"from {fixed.name if fixed else 'a fixed image'} to {moving.name if moving else 'a moving image'}"

