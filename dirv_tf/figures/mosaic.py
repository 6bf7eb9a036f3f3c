"""Many small pictures in one panel: far quicker to draw than a panel for each."""

from __future__ import annotations

import numpy as np


def mosaic(rows, gap):
    """Lay pictures out in rows and columns, parted by blank lines.

    Parameters
    ----------
    rows : sequence of sequences of None or array, shape (n_a, n_b)
        Pictures of one size; None leaves a place blank.
    gap : int
        Blank pixels between neighbors.

    Returns
    -------
    np.ndarray
        Not-a-number where there is no picture. The picture in row i and column j starts at pixel
        ``(i (n_a + gap), j (n_b + gap))``.
    """
    height, width = next(picture.shape for pictures in rows for picture in pictures if picture is not None)
    columns = max(len(pictures) for pictures in rows)
    laid = np.full((len(rows) * (height + gap) - gap, columns * (width + gap) - gap), np.nan)
    for row, pictures in enumerate(rows):
        for column, picture in enumerate(pictures):
            if picture is not None:
                top, left = row * (height + gap), column * (width + gap)
                laid[top : top + height, left : left + width] = picture
    return laid


def write_above(axes, names, size, gap):
    """Write a name above every column of a mosaic.

    Parameters
    ----------
    axes : matplotlib Axes
        Shows the mosaic.
    names : sequence of str
        One per column.
    size : int
        Columns of a picture.
    gap : int
        As for `mosaic`.
    """
    for column, name in enumerate(names):
        place = (column * (size + gap) + 0.5 * (size - 1), 1.0)
        axes.annotate(
            name,
            place,
            xycoords=axes.get_xaxis_transform(),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=9,
        )


def write_beside(axes, names, size, gap):
    """Write a name to the left of every row of a mosaic, with `size` the rows of a picture; see `write_above`."""
    for row, name in enumerate(names):
        place = (0.0, row * (size + gap) + 0.5 * (size - 1))
        axes.annotate(
            name,
            place,
            xycoords=axes.get_yaxis_transform(),
            xytext=(-5, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=9,
        )
