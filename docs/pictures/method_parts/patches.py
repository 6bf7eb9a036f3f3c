"""Patches of a tissue section: where they lie, which are taken and which are rejected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.patches import Rectangle

from dirv_tf.datasets.tissue_patches import PatchSettings, cut_patches
from dirv_tf.io.gray import to_gray
from dirv_tf.io.image_files import read_image
from method_parts.style import CONTROL, FIELD, INK, Sheet

SECTIONS, NAME = Path(__file__).parents[3] / "data" / "sections", "lung_lobes/he.png"
SIZE, PLACES, LEAST = 128, 20, PatchSettings.least_deviation
HEIGHT, TOP, SIDE, STEP = 50.0, 5.5, 14.4, 15.8


def draw():
    """Return the figure: the section with all places on the left, some patches on the right."""
    # With no least deviation all places come back, the rejected ones too.
    patches = cut_patches(SECTIONS / NAME, NAME, PLACES, PatchSettings(size=SIZE, least_deviation=0))
    section = np.asarray(read_image(SECTIONS / NAME), np.float64)
    section = to_gray(section) if section.ndim == 3 else section
    taken = [patch for patch in patches if patch.deviation >= LEAST]
    rejected = [patch for patch in patches if patch.deviation < LEAST]
    sheet = Sheet(TOP + HEIGHT + 1)
    sheet.title(f"{PLACES} random places: {len(taken)} patches taken, {len(rejected)} rejected")
    _draw_section(sheet, section, taken, rejected)
    left = 33.5
    sheet.text(left, TOP + 1.2, "taken: each stretched to the whole range of gray", size=9, color=CONTROL, ha="left")
    shown = sorted(taken, key=lambda patch: patch.deviation)[:: max(1, len(taken) // 5)][:3]
    _draw_patches(sheet, shown, left, TOP + 3, CONTROL)
    top = TOP + 26
    sheet.text(left, top, f"rejected: standard deviation below {LEAST:g} of 255", size=9, color=FIELD, ha="left")
    _draw_patches(sheet, rejected[:3], left, top + 1.8, FIELD)
    return sheet.figure


def _draw_section(sheet, section, taken, rejected):
    rows, columns = section.shape
    axes = sheet.inset(1, TOP, HEIGHT * columns / rows, HEIGHT)
    axes.imshow(section, cmap="gray", vmin=0, vmax=255)
    for patches, color, line in ((taken, CONTROL, "-"), (rejected, FIELD, "--")):
        for patch in patches:
            corner = (patch.column - 0.5, patch.row - 0.5)
            axes.add_patch(
                Rectangle(corner, SIZE, SIZE, facecolor="none", edgecolor=color, linestyle=line, linewidth=1.4)
            )
    axes.set_xticks([])
    axes.set_yticks([])


def _draw_patches(sheet, patches, left, top, color):
    for number, patch in enumerate(patches):
        x = left + number * STEP
        sheet.image(patch.pixels / 255, x, top, SIDE, edge=color)
        sheet.text(x + SIDE / 2, top + SIDE + 1.4, f"deviation {patch.deviation:.1f}", color=INK)
