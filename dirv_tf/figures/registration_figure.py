"""One registered pair: images, deformed grid, differences before and after (thesis Figs. 9 and 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dirv_tf.figures.canvas import panel_figure, picture_panel_size
from dirv_tf.figures.central_slice import central_slice, in_plane_components
from dirv_tf.figures.panels import SIGNED_COLORS, draw_deformed_grid, draw_image, draw_map, symmetric_limits

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def registration_figure(
    fixed: Any, moving: Any, registered: Any, flow_field: Any, title: str = "", axis: int = 0
) -> Figure:
    """Draw a pair before and after its registration.

    Upper row: fixed, moving and registered image. Lower row: the fixed image's pixel grid as it lies in the moving
    image, the difference moving - fixed and, on the same color scale, the difference registered - fixed. Below the
    differences stand their statistics, over the whole image or volume, in gray levels of 255.

    Parameters
    ----------
    fixed, moving : array, shape (n_1, ..., n_r)
        Intensities in [0, 1].
    registered : array, shape (n_1, ..., n_r)
        The moving image warped by the flow field.
    flow_field : array, shape (n_1, ..., n_r, r)
        Backward, pixels, component i along array axis i.
    title : str
        Heading.
    axis : int
        The axis across which a volume is cut.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rank = np.ndim(fixed)
    before, after = moving - fixed, registered - fixed
    planes = [central_slice(each, rank, axis) for each in (fixed, moving, registered, before, after)]
    fixed_plane, moving_plane, registered_plane, before_plane, after_plane = planes
    figure, panels = panel_figure(
        2, 3, picture_panel_size(fixed_plane.shape), gaps=(0.4, 0.3), margins=(0.25, 0.65, 0.45, 0.2), title=title
    )
    draw_image(panels[0, 0], fixed_plane, "fixed")
    draw_image(panels[0, 1], moving_plane, "moving")
    draw_image(panels[0, 2], registered_plane, "registered")
    draw_image(panels[1, 0], moving_plane, "moving + fixed grid")
    draw_deformed_grid(panels[1, 0], in_plane_components(flow_field, rank, axis))
    # The scale comes from the difference before, so that it is the same whatever the registration did.
    limits = symmetric_limits(255.0 * before_plane)
    draw_map(panels[1, 1], 255.0 * before_plane, "moving - fixed", limits, SIGNED_COLORS, bar=False)
    draw_map(panels[1, 2], 255.0 * after_plane, "registered - fixed", limits, SIGNED_COLORS, unit="of 255")
    panels[1, 1].set_xlabel(difference_statistics(before), fontsize=8, labelpad=5)
    panels[1, 2].set_xlabel(difference_statistics(after), fontsize=8, labelpad=5)
    return figure


def difference_statistics(difference):
    """Return the statistics of an intensity difference in words.

    Parameters
    ----------
    difference : array
        Difference of intensities in [0, 1].

    Returns
    -------
    str
        Mean, standard deviation, greatest absolute value and L_int (mean absolute difference, thesis eq. 26), all
        times 255.
    """
    # Plain text: matplotlib takes a quarter of a second to set up its typesetting of formulas.
    scaled = 255.0 * np.asarray(difference, dtype=np.float64)
    magnitude = np.abs(scaled)
    return (
        f"mean {scaled.mean():+.2f}   std {scaled.std():.2f}\n"
        f"max {magnitude.max():.1f}   L_int {magnitude.mean():.2f}"
    )
