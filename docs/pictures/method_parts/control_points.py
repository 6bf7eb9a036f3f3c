"""Control points: the linear kernel that spreads a vector over pixels and gathers a force from them."""

from __future__ import annotations

import numpy as np

from dirv_tf import geometry
from method_parts.style import CONTROL, FIELD, FIXED, INK, PALE, Sheet

SPACING, POINTS = 4, 5
AT_POINTS = np.array([1.0, 2.6, 1.6, 0.4, 2.0])
POINT = 2  # the one whose force is gathered
FORCE_SEED = 4


def draw():
    """Return the figure: one axis spread and gathered on the left, the kernel of an image on the right."""
    sheet = Sheet(47)
    sheet.title("Control points and the linear smoothing kernel")
    _draw_spreading(sheet.inset(4, 7, 41, 13))
    _draw_gathering(sheet.inset(4, 29, 41, 13))
    _draw_kernel(sheet.inset(52, 10, 26, 26))
    sheet.text(65, 7.5, r"the kernel $g$ of an image, $s = 4$", size=9)
    sheet.text(
        65,
        41.5,
        "the weight of a control point (blue)\nat the pixels around it; the kernel of a\nvolume has three such axes",
        linespacing=1.4,
    )
    return sheet.figure


def _along_one_axis(function, values):
    """Apply a function of fields of images to one that is constant along the other axis."""
    return np.asarray(function(np.tile(values[None, :, None, None], (1, 1, 8, 2)).astype(np.float32), SPACING))


def _draw_spreading(axes):
    pixels = np.arange(SPACING * POINTS)
    for number, value in enumerate(AT_POINTS):
        single = np.where(np.arange(POINTS) == number, AT_POINTS, 0)
        hat = _along_one_axis(geometry.interpolate_control_points, single)[0, :, 0, 0]
        shown = pixels[: SPACING * (POINTS - 1) + 1]
        axes.fill_between(shown, hat[: len(shown)], color=CONTROL, alpha=0.13, linewidth=0)
        axes.plot(shown, hat[: len(shown)], color=CONTROL, linewidth=0.9, linestyle="--")
        axes.plot(SPACING * number, value, "o", color=CONTROL, markersize=7, zorder=4)
    flow = _along_one_axis(geometry.interpolate_control_points, AT_POINTS)[0, :, 0, 0]
    axes.plot(pixels, flow, ".-", color=FIELD, linewidth=1.4, markersize=6)
    axes.set_title("spread: the field at a pixel is the sum of the dashed hats", fontsize=9, color=INK, loc="left")
    _axis(axes, 3.0)


def _draw_gathering(axes):
    pixels = np.arange(SPACING * POINTS)
    force = np.random.default_rng(FORCE_SEED).uniform(0.6, 2.6, len(pixels))
    at = SPACING * POINT
    weights = np.zeros(len(pixels))
    weights[at - SPACING + 1 : at + SPACING] = geometry.linear_smoothing_kernel((SPACING,))
    # One column of 8 pixels: the middle control point of its axis gathers the kernel's sum, which is the spacing.
    gathered = _along_one_axis(geometry.control_point_force, force)[0, POINT, 1, 0] / SPACING
    np.testing.assert_allclose(gathered, weights @ force, rtol=1e-5)
    axes.bar(pixels, force, width=0.7, color=PALE)
    axes.bar(pixels, force * weights, width=0.7, color=FIELD, alpha=0.8)
    axes.plot(pixels, 3.0 * weights, color=CONTROL, linewidth=0.9, linestyle="--")
    axes.set_title(
        f"gather: the force at point {POINT} is the sum of the orange parts", fontsize=9, color=INK, loc="left"
    )
    _axis(axes, 3.2)


def _axis(axes, high):
    axes.set_xlim(-0.8, SPACING * POINTS - 0.2)
    axes.set_ylim(0, high)
    axes.set_yticks([])
    axes.set_xticks(np.arange(0, SPACING * POINTS, SPACING))
    axes.set_xticklabels([f"point {number}\npixel {SPACING * number}" for number in range(POINTS)])
    axes.set_xticks(np.arange(SPACING * POINTS), minor=True)
    axes.tick_params(labelsize=8, color=INK, labelcolor=INK, length=5)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)


def _draw_kernel(axes):
    kernel = np.pad(geometry.linear_smoothing_kernel((SPACING, SPACING)), 1)
    axes.imshow(kernel, cmap="Blues", vmin=0, vmax=1.3, interpolation="none")
    for (row, column), weight in np.ndenumerate(kernel):
        center = row == column == SPACING
        is_point = row % SPACING == 0 and column % SPACING == 0
        if is_point:
            axes.plot(column, row, "o", color=CONTROL, markersize=19 if center else 7, clip_on=False, zorder=3)
        if weight:
            text = f"{weight * SPACING**2:g}"
            axes.text(column, row, text, fontsize=8, color=FIXED if center else INK, ha="center", va="center", zorder=4)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlabel("sixteenths", fontsize=8, color=INK)
