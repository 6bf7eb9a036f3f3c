"""A sheet to draw on, in tenths of an inch, and what all drawings are made of: pictures, fields, boxes, arrows."""

from __future__ import annotations

import numpy as np
from conventions import CONTROL, FIELD, FIXED, INK, MOVING, PALE, SHEET
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

__all__ = ["CONTROL", "FIELD", "FIXED", "GROUND", "INK", "MOVING", "PALE", "SHEET", "WIDTH", "Sheet", "lefts"]

WIDTH = 80.0  # of every sheet, about that of a page's text
SMALL = 8.0
MARGIN = 0.8
GROUND = "#f1f3f6"


class Sheet:
    """A figure whose coordinates are tenths of an inch from the upper left corner, y downward."""

    def __init__(self, height):
        self.height = height
        self.figure = Figure(figsize=(WIDTH / 10, height / 10), facecolor=SHEET)
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_xlim(0, WIDTH)
        self.axes.set_ylim(height, 0)
        self.axes.set_axis_off()

    def inset(self, left, top, width, height):
        """Return axes of their own at a place of the sheet."""
        place = (left / WIDTH, 1 - (top + height) / self.height, width / WIDTH, height / self.height)
        return self.figure.add_axes(place)

    def image(self, pixels, left, top, side, signed=False, edge=INK, high=1.0):
        """Draw a square image: gray from 0 to 1, or signed from blue over white to red."""
        colors = {"cmap": "RdBu_r", "vmin": -high, "vmax": high} if signed else {"cmap": "gray", "vmin": 0, "vmax": 1}
        axes = self.inset(left, top, side, side)
        # Stored with the image's own pixels, which a viewer enlarges as they are.
        axes.imshow(np.asarray(pixels), interpolation="none", **colors)
        _frame(axes, edge)

    def field(self, vectors, left, top, side, longest=1.5, color=FIELD):
        """Draw the vectors of a square field, component 0 downward, the longest of them `longest` cells long."""
        vectors = np.asarray(vectors)
        vectors = vectors * longest / np.linalg.norm(vectors, axis=-1).max()
        rows, columns = np.indices(vectors.shape[:2])
        axes = self.inset(left, top, side, side)
        axes.quiver(
            columns, rows, vectors[..., 1], vectors[..., 0], angles="xy", scale_units="xy", scale=1, color=color,
            units="inches", width=0.011, headwidth=4, headlength=4, headaxislength=3.5,
        )  # fmt: skip
        axes.set_xlim(-0.8, vectors.shape[1] - 0.2)
        axes.set_ylim(vectors.shape[0] - 0.2, -0.8)
        _frame(axes, INK)

    def text(self, x, y, text, size=SMALL, color=INK, ha="center", va="center", **options):
        self.axes.text(x, y, text, fontsize=size, color=color, ha=ha, va=va, **options)

    def title(self, text):
        self.text(1, 2, text, size=11, ha="left", fontweight="bold")

    def box(self, left, top, width, height, text, face=FIXED, size=SMALL):
        shape = "round,pad=0,rounding_size=0.8"
        self.axes.add_patch(
            FancyBboxPatch((left, top), width, height, boxstyle=shape, facecolor=face, edgecolor=INK, linewidth=0.9)
        )
        self.text(left + width / 2, top + height / 2, text, size=size)

    def circle(self, x, y, sign, radius):
        """Draw an operation on what arrives."""
        self.axes.add_patch(Circle((x, y), radius, facecolor=SHEET, edgecolor=INK, linewidth=0.9, zorder=3))
        self.text(x, y, sign, size=9, zorder=4)

    def band(self, left, top, width, height, face):
        """Lay a colored ground under a part of the sheet."""
        self.axes.add_patch(Rectangle((left, top), width, height, facecolor=face, edgecolor="none", zorder=0))

    def arrow(self, start, end, color=INK):
        style = {"arrowstyle": "-|>", "color": color, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
        self.axes.annotate("", end, start, arrowprops=style)

    def path(self, *corners, color=INK):
        """Draw a line with corners that ends in an arrow."""
        x, y = zip(*corners[:-1])
        self.axes.plot(x, y, color=color, linewidth=1.2, solid_joinstyle="miter")
        self.arrow(corners[-2], corners[-1], color)


def lefts(step):
    """Return a function of the number of a column, which need not be whole, that says where the column begins."""
    return lambda column: column * step + MARGIN


def _frame(axes, color):
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(color)
        spine.set_linewidth(0.8)
