"""Draws conventions.svg: the backward field, the grid of control points and the pyramid levels of one small image."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from dirv_tf.io.atomic_write import atomic_path

SIDE, SPACING, LEVELS = 16, 4, 3
PIXEL = (9, 6)  # the pixel whose vector is drawn
VECTOR = (-3.0, 4.0)
# On an opaque sheet of their own these are readable in a light and in a dark page.
SHEET, INK, PALE = "#ffffff", "#222222", "#c9ced6"
FIXED, MOVING, CONTROL, FIELD = "#e8f0fe", "#fef3e2", "#1a56c4", "#c2410c"


def draw():
    """Return the figure: one row of three panels."""
    width, height, side, bottom = 11.4, 4.0, 2.75, 0.6
    figure = Figure(figsize=(width, height), facecolor=SHEET)
    draw_panels = {_draw_backward_field: (0.5, side), _draw_control_points: (3.85, side), _draw_levels: (6.95, 4.4)}
    for draw_panel, (left, panel_width) in draw_panels.items():
        draw_panel(figure.add_axes((left / width, bottom / height, panel_width / width, side / height)))
    return figure


def _draw_backward_field(axes):
    _pixel_grid(axes, MOVING)
    (row, column), (down, right) = PIXEL, VECTOR
    axes.add_patch(_square(PIXEL, FIXED, INK))
    axes.plot(column + right, row + down, "o", color=FIELD, markersize=7)
    arrow = {"arrowstyle": "-|>", "color": FIELD, "linewidth": 2, "shrinkA": 0, "shrinkB": 3}
    axes.annotate("", (column + right, row + down), (column, row), arrowprops=arrow)
    dashes = {"color": FIELD, "linestyle": ":", "linewidth": 1.2}
    axes.plot([column, column], [row, row + down], **dashes)
    axes.plot([column, column + right], [row + down, row + down], **dashes)
    axes.text(column - 0.5, row + down / 2, f"$F_0 = {down:g}$", color=FIELD, ha="right", va="center")
    axes.text(column + right / 2, row + down - 0.5, f"$F_1 = {right:+g}$", color=FIELD, ha="center", va="bottom")
    axes.text(column, row + 0.8, "$p$ in the fixed image", color=INK, ha="center", va="top")
    axes.text(column + right + 0.6, row + down, "$p + F(p)$", color=FIELD, ha="left", va="center")
    _label(
        axes,
        "Backward field",
        "registered$(p)$ = moving$(p + F(p))$\ncomponent $i$ runs along array axis $i$",
    )


def _draw_control_points(axes):
    _pixel_grid(axes, FIXED)
    points = np.arange(0, SIDE, SPACING)
    rows, columns = (each.ravel() for each in np.meshgrid(points, points, indexing="ij"))
    axes.plot(columns, rows, "o", color=CONTROL, markersize=7)
    for number, point in enumerate(points):
        axes.text(point, 0.75, f"{number}", color=CONTROL, ha="center", va="top", fontsize=8)
    # One hat of the interpolation, standing on the last row of control points that is drawn.
    base, center = 14.4, 2 * SPACING
    axes.plot([center - SPACING, center, center + SPACING], [base, base - 2.2, base], color=CONTROL, linewidth=1.5)
    axes.text(center, base + 0.1, "weight of point 2", color=CONTROL, ha="center", va="top", fontsize=8)
    _label(
        axes,
        f"Control points, spacing $s = {SPACING}$",
        "point $k$ sits at pixel $s\\,k$; linear between,\nconstant beyond the last point",
    )


def _draw_levels(axes):
    # Upper left corners, row and column in pixels of the finest level: the two coarse levels share a column.
    corners = ((0.0, 0.0), (SIDE - 8.0, 0.0), (0.0, 10.0))
    for level, (top, left) in enumerate(corners):
        side = SIDE // 2 ** (LEVELS - 1 - level)
        lines = np.arange(1, side)
        axes.add_patch(matplotlib.patches.Rectangle((left, top), side, side, facecolor=FIXED, edgecolor=INK))
        axes.hlines(top + lines, left, left + side, color=PALE, linewidth=0.6)
        axes.vlines(left + lines, top, top + side, color=PALE, linewidth=0.6)
        points = np.arange(0, side, SPACING) + 0.5
        rows, columns = (each.ravel() for each in np.meshgrid(points, points, indexing="ij"))
        axes.plot(left + columns, top + rows, "o", color=CONTROL, markersize=5)
        end = {0: ", the coarsest", LEVELS - 1: ", the finest"}.get(level, "")
        axes.text(left, top - 0.3, f"level {level}{end}", color=INK, ha="left", va="bottom", fontsize=8)
    axes.set_xlim(-0.1, 26.1)
    axes.set_ylim(SIDE + 0.1, -0.3)
    axes.set_aspect("equal", anchor="N")
    axes.set_axis_off()
    _label(
        axes,
        f"{LEVELS} pyramid levels",
        "a displacement counts pixels of its own level,\nso it doubles from one level to the next",
    )


def _pixel_grid(axes, color):
    edges = np.arange(SIDE + 1) - 0.5
    axes.set_facecolor(color)
    axes.hlines(edges, -0.5, SIDE - 0.5, color=PALE, linewidth=0.6)
    axes.vlines(edges, -0.5, SIDE - 0.5, color=PALE, linewidth=0.6)
    axes.set_xlim(-0.5, SIDE - 0.5)
    axes.set_ylim(SIDE - 0.5, -0.5)
    axes.set_aspect("equal", anchor="N")
    axes.set_xticks(range(0, SIDE, SPACING))
    axes.set_yticks(range(0, SIDE, SPACING))
    axes.tick_params(labelsize=8, length=2, color=INK, labelcolor=INK, top=True, labeltop=True, bottom=False)
    axes.tick_params(labelbottom=False)
    axes.set_ylabel("array axis 0 ↓", fontsize=8, color=INK, labelpad=1)
    axes.set_xlabel("array axis 1 →", fontsize=8, color=INK, labelpad=3)
    axes.xaxis.set_label_position("top")


def _square(pixel, face, edge):
    row, column = pixel
    return matplotlib.patches.Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=face, edgecolor=edge, zorder=2)


def _label(axes, title, text):
    axes.text(0.5, 1.16, title, transform=axes.transAxes, fontsize=11, fontweight="bold", color=INK, ha="center")
    axes.text(0.5, -0.035, text, transform=axes.transAxes, fontsize=9, color=INK, ha="center", va="top")


def main(folder=Path(__file__).parent):
    """Write the picture into a folder, the same bytes every time."""
    with matplotlib.rc_context({"svg.hashsalt": "dirv_tf", "font.family": "DejaVu Sans"}):
        with atomic_path(Path(folder) / "conventions.svg") as temporary:
            draw().savefig(temporary, format="svg", metadata={"Date": None})


if __name__ == "__main__":
    main(*sys.argv[1:])
