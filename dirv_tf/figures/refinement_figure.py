"""Recurrent refinement round by round (thesis 5.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dirv_tf.figures.canvas import panel_figure, picture_panel_size
from dirv_tf.figures.central_slice import central_slice
from dirv_tf.figures.panels import SIGNED_COLORS, draw_image, draw_map, symmetric_limits
from dirv_tf.figures.registration_figure import difference_statistics

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def refinement_figure(fixed: Any, moving: Any, registered: Any, title: str = "", axis: int = 0) -> Figure:
    """Draw the registered image after every round, and its difference to the fixed image below.

    Parameters
    ----------
    fixed, moving : array, shape (n_1, ..., n_r)
        Intensities in [0, 1].
    registered : sequence over rounds of array, shape (n_1, ..., n_r)
        Registered images; none where already the first round did not help.
    title : str
        Heading.
    axis : int
        The axis across which a volume is cut.

    Returns
    -------
    matplotlib.figure.Figure
        The first column is the moving image. All differences have the color scale of its own; below stand their
        statistics over the whole image or volume, in gray levels of 255.
    """
    rank = np.ndim(fixed)
    images = {"moving": moving, **{f"round {number}": image for number, image in enumerate(registered, 1)}}
    plane = central_slice(fixed, rank, axis)
    figure, panels = panel_figure(
        2, len(images), picture_panel_size(plane.shape, 2.0), gaps=(0.35, 0.3), margins=(0.25, 0.65, 0.45, 0.2),
        title=title,
    )
    limits = symmetric_limits(255.0 * central_slice(moving - fixed, rank, axis))
    for column, (name, image) in enumerate(images.items()):
        draw_image(panels[0, column], central_slice(image, rank, axis), name)
        difference = image - fixed
        last = column == len(images) - 1
        drawn = 255.0 * central_slice(difference, rank, axis)
        draw_map(panels[1, column], drawn, f"{name} - fixed", limits, SIGNED_COLORS, unit="of 255", bar=last)
        panels[1, column].set_xlabel(difference_statistics(difference), fontsize=8, labelpad=5)
    return figure
