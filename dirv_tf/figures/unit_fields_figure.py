"""The displacement field after every variational unit of every pyramid level (thesis Fig. 12)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dirv_tf.figures.canvas import panel_figure
from dirv_tf.figures.central_slice import central_slice, drawn_axes, in_plane_components
from dirv_tf.figures.mosaic import mosaic, write_above, write_beside
from dirv_tf.figures.panels import MAGNITUDE_COLORS, arrow_factor, draw_map, draw_vectors

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PICTURE_SIDE = 1.6  # inches of the longer side


def unit_fields_figure(
    displacement_fields: Any, true_fields: Any = None, spacing: int | Sequence[int] = 4, title: str = "", axis: int = 0
) -> Figure:
    """Draw rows of levels, coarsest first, and columns of units; the true field of each level closes its row.

    Colors are lengths in pixels of the finest level, on one scale for all pictures, so that levels can be compared.
    A control point is drawn as a block, its vector as an arrow from the middle of the block.

    Parameters
    ----------
    displacement_fields : sequence over levels, coarse to fine, of array, shape (n_u, n_1 / s, ..., n_r / s, r)
        Displacement field after every unit, in pixels of its level.
    true_fields : None or sequence over levels of array, shape (n_1 / s, ..., n_r / s, r)
        True displacement field of every level, in pixels of its level.
    spacing : int or sequence of int
        Pixels between control points, for all axes or per axis.
    title : str
        Heading.
    axis : int
        Axis across which a volume is cut.

    Returns
    -------
    matplotlib.figure.Figure
    """
    levels = len(displacement_fields)
    rank = displacement_fields[0].shape[-1]
    most_units = max(len(fields) for fields in displacement_fields)
    names = [f"unit {unit}" for unit in range(most_units)] + ([] if true_fields is None else ["true"])
    rows = [list(fields) + [None] * (most_units - len(fields)) for fields in displacement_fields]
    references = [fields[-1] for fields in displacement_fields] if true_fields is None else list(true_fields)
    if true_fields is not None:
        rows = [[*fields, true] for fields, true in zip(rows, true_fields)]
    # A block of a coarse level is as large as the finest level's control points that it stands for.
    scales = [2 ** (levels - 1 - level) for level in range(levels)]
    longest = max(scale * _lengths(field, rank, axis).max() for scale, field in zip(scales, references)) or 1.0
    pictures: list[list[Any]] = [
        [None if field is None else _blocks(scale * _lengths(field, rank, axis), scale) for field in fields]
        for scale, fields in zip(scales, rows)
    ]
    height, width = size = pictures[-1][0].shape
    gap = max(1, round(0.06 * max(size)))
    picture = mosaic(pictures, gap)
    panel_size = tuple(_PICTURE_SIDE * side / max(size) for side in picture.shape)
    figure, panels = panel_figure(1, 1, panel_size, margins=(0.25, 0.7, 0.3, 0.85), title=title)
    axes = panels[0, 0]
    draw_map(axes, picture, "", (0.0, float(longest)), MAGNITUDE_COLORS, unit="px")
    axes.set_frame_on(False)
    write_above(axes, names, width, gap)
    write_beside(axes, [_level_name(level, levels) for level in range(levels)], height, gap)
    steps = np.broadcast_to(np.asarray(spacing, dtype=np.float64), (rank,))[list(drawn_axes(rank, axis))]
    tails, vectors = [], []
    for row, (scale, fields) in enumerate(zip(scales, rows)):
        for column, field in enumerate(fields):
            if field is not None:
                corner = (row * (height + gap), column * (width + gap))
                tails.append(corner + _block_centers(field, scale, rank, axis))
                # A picture counts in control points of the finest level, the field in pixels of its own.
                vectors.append((scale * in_plane_components(field, rank, axis) / steps).reshape(-1, 2))
    factor = arrow_factor(longest / steps.min(), spacing=1.0)
    draw_vectors(axes, np.concatenate(vectors), np.concatenate(tails).T, factor)
    note = "lengths in pixels of the finest level" + (f"; arrows ×{factor:.0f}" if factor > 1 else "")
    axes.set_xlabel(note, fontsize=8)
    return figure


def _lengths(field, rank, axis):
    return np.linalg.norm(central_slice(field, rank, axis), axis=-1)


def _blocks(values, scale):
    return values.repeat(scale, axis=0).repeat(scale, axis=1)


def _block_centers(field, scale, rank, axis):
    indices = np.indices(central_slice(field, rank, axis).shape[:2]).reshape(2, -1).T
    return scale * indices + 0.5 * (scale - 1)


def _level_name(level, levels):
    ends = {0: "coarsest", levels - 1: "finest"} if levels > 1 else {}
    return f"level {level}" + (f"\n({ends[level]})" if level in ends else "")
