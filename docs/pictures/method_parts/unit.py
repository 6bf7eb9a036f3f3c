"""One variational unit, with everything that it computes on a pair of images."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.models import load_pretrained
from method_parts.example import example_pair
from method_parts.style import CONTROL, FIELD, FIXED, GROUND, WIDTH, Sheet, lefts

NETWORK, SIZE, UNIT = "A-6", 32, 1
SIDE, STEP = 10.4, 13.6
ROWS, BUS, GAP = (8.0, 26.0, 46.3), 62.0, 0.3
_left = lefts(STEP)


def draw():
    """Return the figure: pixels in the two upper rows, control points in the lower one."""
    values = _computed()
    sheet = Sheet(73)
    sheet.title("One variational unit: a step downhill for the field $D$")
    sheet.band(0, 4, WIDTH, 37, GROUND)
    sheet.band(0, 41.5, WIDTH, 22, FIXED)
    sheet.text(WIDTH - 1, 5.4, "at the pixels", ha="right", style="italic")
    sheet.text(WIDTH - 1, 43, "at the control points", ha="right", style="italic")
    _draw_pictures(sheet, values)
    _draw_arrows(sheet)
    formula = (
        r"$D \;\leftarrow\; D - |\alpha|\,\left(\,\mathrm{force}(V) + \mathrm{FoE_{reg}}(D)\,\right)$,     "
        r"$V = \mathrm{FoE_{data}}(I_R - I_f)\;\nabla I_R$,     $I_R = \mathrm{warp}(I_m, D)$"
    )
    sheet.text(WIDTH / 2, 66.8, formula, size=11)
    both = r"$\mathrm{FoE_{data}}$ and $\mathrm{FoE_{reg}}$"
    sheet.text(WIDTH / 2, 70.6, rf"learned: the kernels and potentials of {both}, and the step size $\alpha$")
    return sheet.figure


def _computed():
    """Return what the unit computes, by the layers of a shipped network."""
    model = load_pretrained(NETWORK)
    fixed, moving = example_pair(SIZE)
    units = model.pyramid_levels[0].variational_units
    before = tf.zeros([1, *(side // 4 for side in fixed.shape[1:3]), 2])
    for unit in units[:UNIT]:
        before = unit((fixed, moving, before))
    unit = units[UNIT]
    registered = unit.warp((moving, unit.interpolation(before)))
    weights = unit.data_experts(registered - fixed)
    gradient = geometry.image_gradient(registered)[..., 0, :]
    values = {
        "fixed": fixed[..., 0], "moving": moving[..., 0], "registered": registered[..., 0],
        "difference": (registered - fixed)[..., 0], "weights": weights[..., 0],
        "slope": gradient, "pull": weights * gradient,
        "before": before, "force": unit.data_force((weights, registered)),
        "regularizer": unit.regularizer_experts(before), "after": unit((fixed, moving, before)),
    }  # fmt: skip
    step = values["before"] - unit.absolute_step_size * (values["force"] + values["regularizer"])
    np.testing.assert_allclose(values["after"], step, atol=1e-5)
    return {name: np.asarray(value[0]) for name, value in values.items()}


def _draw_pictures(sheet, values):
    _image(sheet, values["fixed"], 0, 0, "$I_f$", "fixed image")
    _image(sheet, values["moving"], 0, 1, "$I_m$", "moving image")
    _image(sheet, values["registered"], 1, 1, "$I_R$", "moving image,\nwarped by $D$")
    _image(sheet, values["difference"], 2, 0, "$I_R - I_f$", "what is still\ndifferent", signed=True)
    pull = r"$\mathrm{FoE_{data}}(I_R - I_f)$"
    _image(sheet, values["weights"], 3, 0, pull, "how much each\npixel pulls", signed=True)
    _field(sheet, values["slope"][::2, ::2], 2.5, 1, r"$\nabla I_R$", "slope of the\nregistered image")
    _field(sheet, values["pull"][::2, ::2], 4, 1, "$V$", "")
    sheet.text(_right(4) + 0.6, ROWS[1] + SIDE / 2, "how much,\nand in which\ndirection", size=7.5, ha="left")
    _field(sheet, values["before"], 0, 2, "$D$ before", "from the last unit", CONTROL)
    _field(sheet, values["regularizer"], 2, 2, r"$\mathrm{FoE_{reg}}(D)$", "slope of the penalty", CONTROL)
    _field(sheet, values["force"], 4, 2, "force$(V)$", "gathered from pixels", CONTROL)
    _field(sheet, values["after"], 5, 2, "$D$ after", "to the next unit", CONTROL)


def _image(sheet, pixels, column, row, title, text, signed=False):
    high = float(np.abs(pixels).max())
    sheet.image(pixels, _left(column), ROWS[row], SIDE, signed, high=high)
    _label(sheet, column, row, title, text)


def _field(sheet, vectors, column, row, title, text, color=FIELD):
    sheet.field(vectors, _left(column), ROWS[row], SIDE, 1.6 if row == 2 else 2.2, color)
    _label(sheet, column, row, title, text)


def _right(column):
    return _left(column) + SIDE + GAP


def _label(sheet, column, row, title, text):
    middle = _left(column) + SIDE / 2
    sheet.text(middle, ROWS[row] - 1.2, title)
    sheet.text(middle, ROWS[row] + SIDE + 0.4, text, va="top", size=7.5)


def _draw_arrows(sheet):
    images, slopes, points = (top + SIDE / 2 for top in ROWS)
    circle, second, product, total = 0.95, _left(1) + SIDE / 2, _left(4) - 2.1, _left(3) + SIDE / 2
    # The images' difference, and what each pixel pulls.
    sheet.arrow((_right(0), images), (second - circle, images))
    sheet.arrow((second, ROWS[1] - 2.3), (second, images + circle))
    sheet.circle(second, images, "−", circle)
    sheet.arrow((second + circle, images), (_left(2) - GAP, images))
    sheet.arrow((_right(2), images), (_left(3) - GAP, images))
    sheet.arrow((_right(0), slopes), (_left(1) - GAP, slopes))
    sheet.arrow((_right(1), slopes), (_left(2.5) - GAP, slopes))
    sheet.arrow((_right(2.5), slopes), (product - circle, slopes))
    sheet.path((_right(3), images), (product, images), (product, slopes - circle))
    sheet.circle(product, slopes, "×", circle)
    sheet.arrow((product + circle, slopes), (_left(4) - GAP, slopes))
    # Down to the control points, and up from them.
    sheet.arrow((_left(4) + SIDE / 2, ROWS[1] + SIDE + 0.3), (_left(4) + SIDE / 2, ROWS[2] - 2.3), CONTROL)
    sheet.path((_right(0), points), (second, points), (second, ROWS[1] + SIDE + 4.2), color=CONTROL)
    sheet.arrow((second, points), (_left(2) - GAP, points), CONTROL)
    # The step.
    sheet.arrow((_right(2), points), (total - circle, points), CONTROL)
    sheet.arrow((_left(4) - GAP, points), (total + circle, points), CONTROL)
    sheet.circle(total, points, "+", circle)
    first, last = _left(0) + SIDE / 2, _left(5) + SIDE / 2
    sheet.path((first, BUS - 3.2), (first, BUS), (total - circle, BUS), color=CONTROL)
    sheet.arrow((total, points + circle), (total, BUS - circle), CONTROL)
    sheet.text(total + 0.8, BUS - 3.2, r"$|\alpha|\;\times$", ha="left", size=9)
    sheet.circle(total, BUS, "−", circle)
    sheet.path((total + circle, BUS), (last, BUS), (last, BUS - 2.8), color=CONTROL)
