"""The network: a pyramid of both images, a chain of units per level, and the field that is handed on."""

from __future__ import annotations

from dirv_tf.models import load_pretrained
from method_parts.example import example_pair
from method_parts.style import CONTROL, FIELD, FIXED, GROUND, MOVING, Sheet

NETWORK, SIZE = "A-1", 64
SIDES, TOPS = (3.5, 7.0, 14.0), (10.0, 20.0, 33.5)
LABEL, FIXED_LEFT, MOVING_LEFT, CHAIN, FIELD_LEFT = 1.0, 11.5, 27.0, 43.0, 65.0
UNIT, UNIT_HEIGHT, OUTPUT_TOP, OUTPUT_SIDE = 4.6, 3.2, 54.5, 11.0


def draw():
    """Return the figure, with the images and fields of a shipped network of three levels."""
    model = load_pretrained(NETWORK)
    outputs = model(example_pair(SIZE))
    sheet = Sheet(69)
    sheet.title("The network, from the coarsest level to the finest")
    for left, text in (
        (FIXED_LEFT, "fixed image"),
        (MOVING_LEFT, "moving image"),
        (CHAIN, "a chain of units, each of which sees both"),
    ):
        sheet.text(left, 5.2, text, ha="left")
    sheet.text(FIELD_LEFT + SIDES[-1], 7.4, "field at control points", ha="right")
    for level, (side, top) in enumerate(zip(SIDES, TOPS)):
        _draw_level(sheet, model, outputs, level, side, top)
    _draw_outputs(sheet, outputs)
    return sheet.figure


def _draw_level(sheet, model, outputs, level, side, top):
    middle, pixels = top + side / 2, SIZE // 2 ** (model.levels - 1 - level)
    points = pixels // model.spacing_per_axis[0]
    sheet.text(LABEL, middle, f"level {level}\n{pixels}² pixels\n{points}² points", ha="left", linespacing=1.4)
    sheet.band(FIXED_LEFT - 0.9, top - 0.9, MOVING_LEFT - FIXED_LEFT + side + 1.8, side + 1.8, GROUND)
    sheet.image(outputs["fixed_images"][level][0, ..., 0], FIXED_LEFT, top, side)
    sheet.image(outputs["moving_images"][level][0, ..., 0], MOVING_LEFT, top, side)
    end = _draw_chain(sheet, len(model.pyramid_levels[level].variational_units), middle)
    sheet.arrow((MOVING_LEFT + side + 0.9, middle), (CHAIN - 0.4, middle))
    sheet.arrow((end, middle), (FIELD_LEFT - 0.5, middle), FIELD)
    sheet.field(outputs["displacement_fields"][level][0, -1], FIELD_LEFT, top, side)
    if level == 0:
        sheet.text(CHAIN + UNIT / 2, middle - 3.0, "$D = 0$", color=FIELD, ha="right")
        sheet.arrow((CHAIN + UNIT / 2 + 0.5, middle - 4.0), (CHAIN + UNIT / 2 + 0.5, middle - 1.8), FIELD)
    if level + 1 < model.levels:
        below = TOPS[level + 1]
        turn = top + side + (2.6 if level == 0 else 2.2)
        first_unit = CHAIN + UNIT / 2
        corner = (FIELD_LEFT + side / 2, turn)
        entry = below + SIDES[level + 1] / 2 - UNIT_HEIGHT / 2 - 0.2
        sheet.path((corner[0], top + side + 0.3), corner, (first_unit, turn), (first_unit, entry), color=FIELD)
        sheet.text(first_unit + 1.4, turn + 1.1, "every vector repeated and doubled", color=FIELD, ha="left")
        for left in (FIXED_LEFT, MOVING_LEFT):
            sheet.arrow((left + side / 2, below - 1.0), (left + side / 2, top + side + 1.0), CONTROL)
            sheet.text(left + side / 2 + 0.9, (top + side + below) / 2, "smooth, halve", color=CONTROL, ha="left")


def _draw_chain(sheet, units, middle):
    """Draw the first two units, dots and the last one; return where the chain ends."""
    left = CHAIN
    for text in ("unit 0", "unit 1", "…", f"unit {units - 1}"):
        width = 1.6 if text == "…" else UNIT
        if text == "…":
            sheet.text(left + width / 2, middle, text, size=10)
        else:
            sheet.box(left, middle - UNIT_HEIGHT / 2, width, UNIT_HEIGHT, text, FIXED)
        if left > CHAIN:
            sheet.arrow((left - 1.2, middle), (left - 0.05, middle), FIELD)
        left += width + 1.25
    return left - 1.25


def _draw_outputs(sheet, outputs):
    bottom, middle = TOPS[-1] + SIDES[-1], OUTPUT_TOP + OUTPUT_SIDE / 2
    field_middle, moving_middle = FIELD_LEFT + SIDES[-1] / 2, MOVING_LEFT + SIDES[-1] / 2
    sheet.arrow((field_middle, bottom + 0.4), (field_middle, OUTPUT_TOP - 0.4), FIELD)
    sheet.text(field_middle - 1, bottom + 3, "linear between\nthe control points", color=FIELD, ha="right")
    flow = outputs["flow_field"][0, ::3, ::3]
    left = field_middle - OUTPUT_SIDE / 2
    sheet.field(flow, left, OUTPUT_TOP, OUTPUT_SIDE)
    sheet.text(field_middle, OUTPUT_TOP + OUTPUT_SIDE + 1.5, "flow field at all pixels")
    image_left = moving_middle - OUTPUT_SIDE / 2
    sheet.image(outputs["registered_images"][-1][0, ..., 0], image_left, OUTPUT_TOP, OUTPUT_SIDE)
    sheet.text(moving_middle, OUTPUT_TOP + OUTPUT_SIDE + 1.5, "registered image")
    image_right = image_left + OUTPUT_SIDE
    turn, warp_middle = OUTPUT_TOP - 3, image_right + 11.5
    sheet.path((moving_middle, bottom + 1.0), (moving_middle, turn), (warp_middle, turn), (warp_middle, middle - 2.2))
    sheet.box(image_right + 8, middle - 2, 7, 4, "warp", MOVING)
    sheet.arrow((left - 0.5, middle), (image_right + 15.3, middle), FIELD)
    sheet.arrow((image_right + 7.8, middle), (image_right + 0.5, middle))
