"""Figures of equal panels, and their way to pixels and files."""

from __future__ import annotations

import os

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dirv_tf.io.atomic_write import atomic_path

DOTS_PER_INCH = 100
# Inches that a heading takes: its line, and a letter on average.
_TITLE_HEIGHT = 0.28
_TITLE_LETTER_WIDTH = 0.09


def panel_figure(rows, columns, panel_size, gaps=(0.4, 0.65), margins=(0.25, 0.65, 0.15, 0.2), title=""):
    """Make a figure with a regular grid of panels at fixed places.

    The places are computed rather than solved for by a layout engine, which would take longer than the drawing.

    Parameters
    ----------
    rows : int
        Number of rows of panels.
    columns : int
        Number of columns of panels.
    panel_size : pair of float
        Height and width of a panel in inches.
    gaps : pair of float
        Vertical and horizontal space between panels in inches (titles, color bars).
    margins : tuple of four float
        Space above, right of, below and left of the grid in inches.
    title : str
        Heading of the figure; room is made for it when it is not empty.

    Returns
    -------
    pair of matplotlib.figure.Figure and np.ndarray, shape (rows, columns)
        The figure and its Axes.
    """
    height, width = panel_size
    top, right, bottom, left = margins
    top += _TITLE_HEIGHT if title else 0.0
    total_width = max(
        left + columns * width + (columns - 1) * gaps[1] + right,
        left + _TITLE_LETTER_WIDTH * len(title),
    )
    total_height = top + rows * height + (rows - 1) * gaps[0] + bottom
    figure = Figure(figsize=(total_width, total_height), dpi=DOTS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    if title:
        figure.text(
            left / total_width, 1.0 - 0.1 / total_height, title, fontsize=10, fontweight="bold", va="top", ha="left"
        )
    panels = np.empty((rows, columns), dtype=object)
    for row in range(rows):
        for column in range(columns):
            x = left + column * (width + gaps[1])
            y = bottom + (rows - 1 - row) * (height + gaps[0])
            place = (x / total_width, y / total_height, width / total_width, height / total_height)
            panels[row, column] = figure.add_axes(place)
            fix_title(panels[row, column])
    return figure, panels


def fix_title(axes):
    """Keep the title of axes where it is: looking for ticks to evade takes a fifth of the drawing, and there are none.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    """
    axes.set_title("", y=1.0)


def picture_panel_size(shape, largest_side=2.4, smallest_side=1.2):
    """Return the size of a panel that a picture fills without distortion.

    Parameters
    ----------
    shape : pair of int
        Rows and columns of the picture.
    largest_side : float
        Inches of the longer side.
    smallest_side : float
        Inches below which the shorter side does not fall (a title must fit).

    Returns
    -------
    pair of float
        Height and width in inches.
    """
    longest = max(shape)
    return tuple(max(smallest_side, largest_side * side / longest) for side in shape)


def figure_to_rgb(figure: Figure) -> np.ndarray:
    """Draw a figure into an array.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        With an Agg canvas, as `panel_figure` makes it.

    Returns
    -------
    np.ndarray, shape (height, width, 3), uint8
    """
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()  # type: ignore[attr-defined]


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure as a picture file, whole or not at all.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : str or Path
        Ends in `.png`, `.pdf` or `.svg`; the folder is created when missing.
    """
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=figure.dpi)
