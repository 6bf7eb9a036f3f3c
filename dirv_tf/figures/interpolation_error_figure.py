"""What a field loses on control points: the true field rebuilt from them, beside itself (thesis 7.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dirv_tf.figures.canvas import panel_figure, picture_panel_size
from dirv_tf.figures.central_slice import central_slice, drawn_axes
from dirv_tf.figures.panels import (
    ERROR_COLORS,
    MAGNITUDE_COLORS,
    SIGNED_COLORS,
    draw_image,
    draw_map,
    symmetric_limits,
)
from dirv_tf.figures.registration_figure import difference_statistics

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def interpolation_error_figure(
    fixed: Any,
    moving: Any,
    rebuilt_image: Any,
    true_field: Any,
    rebuilt_field: Any,
    spacing: int | Sequence[int] = 4,
    title: str = "",
    axis: int = 0,
) -> Figure:
    """Draw the true field, what its control points make of it, and the images that both give.

    Parameters
    ----------
    fixed, moving : array, shape (n_1, ..., n_r)
        Intensities in [0, 1].
    rebuilt_image : array, shape (n_1, ..., n_r)
        The moving image warped by the rebuilt field.
    true_field, rebuilt_field : array, shape (n_1, ..., n_r, r)
        Backward, pixels: the true field, and the one interpolated between the true vectors at the control points.
    spacing : int or sequence of int
        Pixels between control points, for all axes or per axis.
    title : str
        Heading.
    axis : int
        The axis across which a volume is cut.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rank = np.ndim(fixed)
    before, after = moving - fixed, rebuilt_image - fixed
    shape = central_slice(fixed, rank, axis).shape
    figure, panels = panel_figure(
        2, 3, picture_panel_size(shape), gaps=(0.65, 0.65), margins=(0.25, 0.65, 0.45, 0.2), title=title
    )
    draw_image(panels[0, 0], central_slice(fixed, rank, axis), "fixed")
    limits = symmetric_limits(255.0 * central_slice(before, rank, axis))
    names = ("moving - fixed", "rebuilt from control points - fixed")
    for axes, name, difference in zip(panels[0, 1:], names, (before, after)):
        draw_map(axes, 255.0 * central_slice(difference, rank, axis), name, limits, SIGNED_COLORS, unit="of 255")
        axes.set_xlabel(difference_statistics(difference), fontsize=8, labelpad=5)
    lengths = [np.linalg.norm(central_slice(field, rank, axis), axis=-1) for field in (true_field, rebuilt_field)]
    limits = (0.0, float(lengths[0].max()) or 1.0)
    draw_map(panels[1, 0], lengths[0], "true field, length", limits, MAGNITUDE_COLORS)
    draw_map(panels[1, 1], lengths[1], "rebuilt field, length", limits, MAGNITUDE_COLORS)
    steps = np.broadcast_to(spacing, (rank,))[list(drawn_axes(rank, axis))]
    rows, columns = (points.ravel() for points in np.mgrid[0 : shape[0] : steps[0], 0 : shape[1] : steps[1]])
    panels[1, 1].plot(columns, rows, ".", color="white", markersize=1.5)
    error = np.linalg.norm(rebuilt_field - true_field, axis=-1)
    drawn = central_slice(error, rank, axis)
    draw_map(panels[1, 2], drawn, f"rebuilt - true, mean {error.mean():.3f} px", (0.0, float(drawn.max()) or 1.0),
             ERROR_COLORS)
    return figure
