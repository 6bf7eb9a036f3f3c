"""A registered volume cut across each of its axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dirv_tf.figures.canvas import panel_figure, picture_panel_size
from dirv_tf.figures.central_slice import central_slice, in_plane_components
from dirv_tf.figures.panels import SIGNED_COLORS, draw_deformed_grid, draw_image, draw_map, symmetric_limits

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def volume_planes_figure(fixed: Any, moving: Any, registered: Any, flow_field: Any, title: str = "") -> Figure:
    """Draw a volume before and after its registration, a row per axis that it is cut across.

    Columns: fixed, moving with the fixed volume's grid, registered, and the differences moving - fixed and
    registered - fixed on one color scale per row.

    Parameters
    ----------
    fixed, moving, registered : array, shape (n_1, ..., n_r)
        Intensities in [0, 1].
    flow_field : array, shape (n_1, ..., n_r, r)
        Backward, pixels, component i along array axis i.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rank = np.ndim(fixed)
    side = picture_panel_size((max(np.shape(fixed)),) * 2, 1.9)
    figure, panels = panel_figure(rank, 5, side, gaps=(0.35, 0.25), margins=(0.25, 0.65, 0.15, 0.55), title=title)
    for axis, row in enumerate(panels):
        planes = [central_slice(each, rank, axis) for each in (fixed, moving, registered)]
        draw_image(row[0], planes[0], "fixed")
        row[0].set_ylabel(f"across\naxis {axis}", fontsize=9, rotation=0, ha="right", va="center")
        draw_image(row[1], planes[1], "moving + fixed grid")
        draw_deformed_grid(row[1], in_plane_components(flow_field, rank, axis))
        draw_image(row[2], planes[2], "registered")
        before, after = (255.0 * (plane - planes[0]) for plane in planes[1:])
        limits = symmetric_limits(before)
        draw_map(row[3], before, "moving - fixed", limits, SIGNED_COLORS, bar=False)
        draw_map(row[4], after, "registered - fixed", limits, SIGNED_COLORS, unit="of 255")
    return figure
