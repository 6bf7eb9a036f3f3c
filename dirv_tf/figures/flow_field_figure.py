"""A predicted flow field beside the true one: components, arrows and the endpoint error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dirv_tf.figures.canvas import panel_figure, picture_panel_size
from dirv_tf.figures.central_slice import central_slice, drawn_axes, in_plane_components
from dirv_tf.figures.panels import (
    ERROR_COLORS,
    MAGNITUDE_COLORS,
    SIGNED_COLORS,
    arrow_factor,
    arrow_positions,
    arrow_spacing,
    draw_map,
    draw_vectors,
    symmetric_limits,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DIRECTIONS = ("down", "right")


def flow_field_figure(predicted: Any, true: Any = None, title: str = "", axis: int = 0) -> Figure:
    """Draw a flow field: one row per component in the plane, and one with the vectors.

    With a true field the columns are true, predicted and their difference; without, the predicted field stands alone.
    The true field sets the color scales, so that they stay the same from epoch to epoch; what lies beyond is marked
    by an arrow at the end of the color bar.

    Parameters
    ----------
    predicted : array, shape (n_1, ..., n_r, r)
        Backward flow field in pixels, component i along array axis i.
    true : None or array, shape (n_1, ..., n_r, r)
        True flow field in pixels.
    title : str
        Heading.
    axis : int
        The axis across which a volume is cut.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rank = np.shape(predicted)[-1]
    reference = predicted if true is None else true
    fields = {"predicted": predicted} if true is None else {"true": true, "predicted": predicted}
    in_plane = {name: in_plane_components(field, rank, axis) for name, field in fields.items()}
    shape = in_plane["predicted"].shape[:2]
    figure, panels = panel_figure(3, len(fields) + (true is not None), picture_panel_size(shape), title=title)
    limits = symmetric_limits(in_plane_components(reference, rank, axis))
    for column, (name, vectors) in enumerate(in_plane.items()):
        for row, (array_axis, direction) in enumerate(zip(drawn_axes(rank, axis), _DIRECTIONS)):
            heading = f"{name}, axis {array_axis} ({direction})"
            # One scale for true and predicted, so one color bar.
            bar = name == "predicted"
            draw_map(panels[row, column], vectors[..., row], heading, limits, SIGNED_COLORS, bar=bar)
    _draw_lengths(panels[2], fields, reference, rank, axis)
    if true is not None:
        error = np.asarray(predicted) - np.asarray(true)
        _draw_errors(panels[:, 2], error, rank, axis)
    return figure


def _draw_lengths(panels, fields, reference, rank, axis):
    """Lengths as colors under arrows; one scale and one stretching of the arrows for all fields."""
    longest = float(np.linalg.norm(central_slice(reference, rank, axis), axis=-1).max()) or 1.0
    for axes, (name, field) in zip(panels, fields.items()):
        vectors = in_plane_components(field, rank, axis)
        shape = vectors.shape[:2]
        positions = arrow_positions(shape)
        factor = arrow_factor(longest, arrow_spacing(shape))
        heading = f"{name}, length" + (f" (arrows ×{factor:.0f})" if factor > 1 else "")
        lengths = np.linalg.norm(central_slice(field, rank, axis), axis=-1)
        draw_map(axes, lengths, heading, (0.0, longest), MAGNITUDE_COLORS, bar=name == "predicted")
        draw_vectors(axes, vectors[np.ix_(*positions)], positions, factor)


def _draw_errors(panels, error, rank, axis):
    in_plane = in_plane_components(error, rank, axis)
    limits = symmetric_limits(in_plane)
    for row, array_axis in enumerate(drawn_axes(rank, axis)):
        heading = f"predicted - true, axis {array_axis}"
        draw_map(panels[row], in_plane[..., row], heading, limits, SIGNED_COLORS)
    lengths = np.linalg.norm(error, axis=-1)
    plane = central_slice(lengths, rank, axis)
    heading = f"endpoint error, mean {lengths.mean():.2f} px"
    draw_map(panels[2], plane, heading, (0.0, float(plane.max()) or 1.0), ERROR_COLORS)
