"""Where a field is not to be trusted, over the fixed image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dirv_tf.figures.canvas import panel_figure, picture_panel_size
from dirv_tf.figures.central_slice import central_slice
from dirv_tf.figures.panels import ERROR_COLORS, draw_color_bar, draw_image, draw_map

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# How much of the image is seen through the colors.
_OPACITY = 0.6


def uncertainty_figure(fixed: Any, standard_deviation: Any, title: str = "", axis: int = 0) -> Figure:
    """Draw the standard deviation of a field: the fixed image, the map over it, the map alone with a legend in pixels.

    The map is the root of the sum of squares over the components, the standard deviation of a displacement's length at
    most. Its colors end at the 99th percentile of the whole image or volume.

    Parameters
    ----------
    fixed : array, shape (n_1, ..., n_r)
        Intensities in [0, 1].
    standard_deviation : array, shape (n_1, ..., n_r, r), pixels
    title : str
        Heading.
    axis : int
        The axis across which a volume is cut.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rank = np.ndim(fixed)
    lengths = np.linalg.norm(np.asarray(standard_deviation, np.float64), axis=-1)
    limits = (0.0, float(np.percentile(lengths, 99)))
    image, values = (central_slice(each, rank, axis) for each in (np.asarray(fixed), lengths))
    figure, panels = panel_figure(
        1, 3, picture_panel_size(image.shape), gaps=(0.4, 0.3), margins=(0.25, 0.65, 0.45, 0.2), title=title
    )
    draw_image(panels[0, 0], image, "fixed")
    draw_image(panels[0, 1], image, "σ over fixed")
    panels[0, 1].imshow(values, cmap=ERROR_COLORS, vmin=limits[0], vmax=limits[1], alpha=_OPACITY)
    picture = draw_map(panels[0, 2], values, "σ", limits, ERROR_COLORS, bar=False)
    draw_color_bar(panels[0, 2], picture, "px", beyond="max" if values.max() > limits[1] else "neither")
    statistics = f"median {np.median(lengths):.2f} px\nlargest {lengths.max():.2f} px"
    panels[0, 2].set_xlabel(statistics, fontsize=8, labelpad=5)
    return figure
