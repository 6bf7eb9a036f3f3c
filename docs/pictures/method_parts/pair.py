"""How a pair to train with is made from a chessboard, by the functions that training uses."""

from __future__ import annotations

import numpy as np

from dirv_tf import geometry, synthesis
from method_parts.style import CONTROL, FIELD, FIXED, MOVING, Sheet, lefts

SIZE, SEED, INDEX, EVERY = (64, 64), 42, 9, 5
SIDE, STEP, TOP = 13.2, 16.3, 8.0
_left = lefts(STEP)


def draw():
    """Return the figure: a chessboard, the two parts of a field and their sum, the warped chessboard."""
    indices = np.array([INDEX])
    original = synthesis.chessboard_images(SIZE, SEED, indices)
    affine = synthesis.random_fields(SIZE, SEED, indices, 0, kind="affine")
    nonrigid = synthesis.random_fields(SIZE, SEED, indices, 0, kind="nonrigid")
    both = synthesis.random_fields(SIZE, SEED, indices, 0, kind="both")
    np.testing.assert_allclose(affine + nonrigid, both, atol=1e-4)
    generated = geometry.warp_image(original, both)

    sheet = Sheet(39)
    sheet.title("From a chessboard to a pair with a known field")
    middle = TOP + SIDE / 2
    sheet.image(original[0, ..., 0], _left(0), TOP, SIDE)
    fields = [np.asarray(field[0, 2::EVERY, 2::EVERY]) for field in (affine, nonrigid, both)]
    lengths = [np.linalg.norm(field, axis=-1).max() for field in fields]
    for column, (field, length) in enumerate(zip(fields, lengths), start=1):
        # All three at the same scale.
        sheet.field(field, _left(column), TOP, SIDE, 1.6 * length / max(lengths))
    sheet.image(generated[0, ..., 0], _left(4), TOP, SIDE)
    titles = ("gradient chessboard", "affine field", "non-rigid field", "their sum, $F$", "warped by $F$")
    for column, title in enumerate(titles):
        sheet.text(_left(column) + SIDE / 2, TOP - 1.5, title)
    for column, sign in ((1, "+"), (2, "=")):
        sheet.text(_left(column) + SIDE + (STEP - SIDE) / 2, middle, sign, size=14)
    sheet.arrow((_left(3) + SIDE + 0.4, middle), (_left(4) - 0.4, middle), FIELD)
    _draw_parts(sheet)
    return sheet.figure


def _draw_parts(sheet):
    """Say what each becomes in the pair, and how the board gets to the warp."""
    top, height = TOP + SIDE + 6.0, 4.6
    bottom, turn = TOP + SIDE + 0.4, TOP + SIDE + 2.4
    for column, text, face in ((0, "moving image", MOVING), (3, "field to find", FIXED), (4, "fixed image", MOVING)):
        center = _left(column) + SIDE / 2
        sheet.arrow((center, bottom), (center, top - 0.2))
        sheet.box(_left(column), top, SIDE, height, text, face, size=9)
    sheet.path(
        (_left(0) + SIDE + 0.4, TOP + SIDE - 1), (_left(0) + SIDE + 1.7, TOP + SIDE - 1), (_left(0) + SIDE + 1.7, turn),
        (_left(4) - 1.7, turn), (_left(4) - 1.7, TOP + SIDE - 1), (_left(4) - 0.3, TOP + SIDE - 1), color=CONTROL,
    )  # fmt: skip
    sheet.text(_left(1) - 1.4, turn + 1.6, "the same pixels, looked up where $F$ points", color=CONTROL, ha="left")
    sheet.text(
        _left(0), 36.3,
        "fixed$(p)$ = moving$(p + F(p))$ holds exactly because the fixed image was made by this very rule. The other\n"
        "way round the field to find would be the inverse of $F$, which is only known approximately.",
        ha="left", linespacing=1.5,
    )  # fmt: skip
