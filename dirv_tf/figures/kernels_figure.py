"""Learned convolution kernels of every unit of a level (thesis Fig. 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dirv_tf.figures.canvas import panel_figure
from dirv_tf.figures.central_slice import central_slice
from dirv_tf.figures.mosaic import mosaic, write_above
from dirv_tf.figures.panels import SIGNED_COLORS, draw_map, symmetric_limits

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_KERNELS_PER_ROW = 4
_UNIT_WIDTH = 1.5  # inches
_UNIT_GAP = 3  # kernel pixels


def kernels_figure(data_kernels: Any, regularizer_kernels: Any, title: str = "", axis: int = 0) -> Figure:
    """Draw the kernels of every unit: columns are units; the data term above the regularizer's components.

    All kernels of a row share one color scale around zero (white); gray parts the kernels.

    Parameters
    ----------
    data_kernels : sequence over units of array, shape (k_1, ..., k_r, components, experts)
        Kernels of the data term.
    regularizer_kernels : sequence over units of array, shape (k_1, ..., k_r, components, experts)
        Kernels of the regularizer.
    title : str
        Heading.
    axis : int
        Axis across which 3D kernels are cut at their center.

    Returns
    -------
    matplotlib.figure.Figure
    """
    components = regularizer_kernels[0].shape[-2]
    names = ["data term"] + [f"regularizer\naxis {component}" for component in range(components)]
    kernels = [[each[..., 0, :] for each in data_kernels]]
    kernels += [[each[..., component, :] for each in regularizer_kernels] for component in range(components)]
    tiles = [[kernel_tile(each, axis) for each in of_units] for of_units in kernels]
    pictures = [mosaic([of_units], _UNIT_GAP) for of_units in tiles]
    # Rows with smaller kernels are drawn larger, so that all rows are equally wide.
    total_width = len(data_kernels) * _UNIT_WIDTH
    heights = [total_width * picture.shape[0] / picture.shape[1] for picture in pictures]
    figure, panels = panel_figure(
        len(names), 1, (max(heights), total_width), gaps=(0.25, 0.0), margins=(0.25, 0.75, 0.15, 0.95), title=title
    )
    for axes, name, picture, of_units in zip(panels[:, 0], names, pictures, tiles):
        shown = draw_map(axes, picture, "", symmetric_limits(picture), SIGNED_COLORS, unit="weight")
        axes.set_frame_on(False)
        axes.set_ylabel(name, fontsize=9, rotation=0, ha="right", va="center")
        shown.set_cmap(shown.get_cmap().with_extremes(bad="0.75"))
        width = of_units[0].shape[1]
        for unit in range(1, len(of_units)):
            end = unit * (width + _UNIT_GAP) - 0.5
            axes.axvspan(end - _UNIT_GAP, end, color="white", linewidth=0)
        if axes is panels[0, 0]:
            write_above(axes, [f"unit {unit}" for unit in range(len(of_units))], width, _UNIT_GAP)
    return figure


def kernel_tile(kernels, axis=0):
    """Lay the kernels of one field of experts side by side, four to a row.

    Parameters
    ----------
    kernels : array, shape (k_1, ..., k_r, experts)
        One kernel per expert.
    axis : int
        Axis across which 3D kernels are cut at their center.

    Returns
    -------
    np.ndarray
        Not-a-number between the kernels.
    """
    planes = np.moveaxis(central_slice(kernels, np.ndim(kernels) - 1, axis), -1, 0)
    return mosaic([planes[first : first + _KERNELS_PER_ROW] for first in range(0, len(planes), _KERNELS_PER_ROW)], 1)
